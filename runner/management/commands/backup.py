"""`manage.py backup [FILE]`: everything of this installation in one file, while it runs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from runner.backup.errors import BackupError
from runner.backup.passphrase import add_passphrase_arguments, passphrase_of
from runner.backup.seal import check_passphrase
from runner.backup.writing import back_up


class Command(BaseCommand):
    """Databases, code, objects, what is under way, and the keys behind a passphrase."""

    help = "Write everything of this installation into one file, while it runs"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to, and how the keys are kept."""
        parser.add_argument("file", nargs="?", type=Path, help="default: functory-DATE.tar.gz here")
        parser.add_argument("--without-keys", action="store_true", help="you keep the folder keys/ elsewhere")
        parser.add_argument("--without-events", action="store_true", help="leave out what waits in Redis")
        add_passphrase_arguments(parser)

    def handle(self, **options: Any) -> None:
        """Write it, and say how large it is."""
        config = settings.FUNCTORY
        target: Path = options["file"] or Path(f"functory-{datetime.now():%Y-%m-%d-%H%M}.tar.gz")
        client = None if options["without_events"] else redis.Redis.from_url(config.redis_address)
        try:
            passphrase = (
                "" if options["without_keys"] else check_passphrase(passphrase_of(options, twice=True))
            )
            back_up(config, client, target, passphrase, self.stdout.write)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{target}: {target.stat().st_size / 1e6:,.1f} MB")
        if not passphrase:
            self.stdout.write(f"The keys are not in it: without {config.keys} nobody can read its secrets.")
