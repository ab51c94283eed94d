"""`manage.py restore FILE`: a backup into an empty place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from runner.backup.errors import BackupError
from runner.backup.passphrase import add_passphrase_arguments, passphrase_of
from runner.backup.restoring import has_keys, restore
from runner.supervisor.accounts import existing_account


class Command(BaseCommand):
    """Then `make up` goes on where the backup was made."""

    help = "Restore a backup into an empty place"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Which one."""
        parser.add_argument("file", type=Path)
        add_passphrase_arguments(parser)

    def handle(self, **options: Any) -> None:
        """Restore, or say why not."""
        source: Path = options["file"]
        try:
            passphrase = passphrase_of(options, twice=False) if has_keys(source) else ""
            account = existing_account(settings.BASE_DIR)
            restore(settings.FUNCTORY, source, passphrase, account, self.stdout.write)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("`make up` starts it.")
