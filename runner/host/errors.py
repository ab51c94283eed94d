"""What stops the preparation of a machine, in words for the person who started it."""


class HostError(Exception):
    """Printed as it is; the exit status is 1."""
