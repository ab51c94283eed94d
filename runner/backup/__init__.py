"""Backups of an installation while it runs, and their way back into an empty place."""
