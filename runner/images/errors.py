"""What can go wrong with images, in words for the operator."""


class ImageError(RuntimeError):
    """An image could not be made or found; the message says why and what to do."""
