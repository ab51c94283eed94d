"""What keeps Functory from starting, in words for the person who started it."""


class UpError(Exception):
    """Printed as it is; the exit status is 1."""
