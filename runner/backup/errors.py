"""What a person who makes or restores a backup is told."""


class BackupError(Exception):
    """It cannot be done, and what helps; nothing was changed."""
