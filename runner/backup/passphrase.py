"""Where a passphrase comes from: a file, a variable, or the person at the terminal. Never from the command line,
which every user of the machine can read."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.backup.errors import BackupError

VARIABLE = "FUNCTORY_BACKUP_PASSPHRASE"


def add_passphrase_arguments(parser: argparse.ArgumentParser) -> None:
    """`--passphrase-file`."""
    parser.add_argument("--passphrase-file", type=Path, help=f"else {VARIABLE} is read, else you are asked")


def passphrase_of(options: Mapping[str, Any], *, twice: bool) -> str:
    """The passphrase, typed `twice` when nothing can tell yet whether it is right; raises BackupError."""
    if options["passphrase_file"] is not None:
        try:
            return str(options["passphrase_file"].read_text()).strip()
        except OSError as error:
            raise BackupError(f"The passphrase cannot be read: {error}") from error
    if os.environ.get(VARIABLE):
        return os.environ[VARIABLE]
    if not sys.stdin.isatty():
        raise BackupError(
            f"The keys are kept behind a passphrase: name a --passphrase-file or set {VARIABLE}."
        )
    typed = getpass.getpass("Passphrase: ")
    if twice and getpass.getpass("The same again: ") != typed:
        raise BackupError("These are two different passphrases.")
    return typed
