"""Where the programs that only root uses lie: in sbin, which is not on everybody's path."""

from __future__ import annotations

import shutil


def find_program(name: str) -> str | None:
    """Its path, None when it is not installed."""
    return shutil.which(name) or shutil.which(name, path="/usr/local/sbin:/usr/sbin:/sbin")
