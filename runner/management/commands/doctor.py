"""`manage.py doctor`: what is wrong here and what helps; lets people in again who are locked out."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from functions.errors import FunctoryError
from functions.services.people import reset_administrator_password
from runner.doctor.finding import Level, table, verdict
from runner.doctor.visit import visit


class Command(BaseCommand):
    """Exit status 1 if something keeps Functory from working."""

    help = "Check this machine and this installation"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """`--new-password NAME` instead of looking."""
        parser.add_argument("--new-password", metavar="NAME", help="give a person a new one-time password")

    def handle(self, **options: Any) -> None:
        """Look, or let somebody in."""
        if options["new_password"]:
            self._new_password(options["new_password"])
            return
        findings = visit(settings.FUNCTORY)
        self.stdout.write(f"{table(findings)}\n\n{verdict(findings)}")
        if any(finding.level is Level.BAD for finding in findings):
            sys.exit(1)

    def _new_password(self, name: str) -> None:
        try:
            word = reset_administrator_password(username=name)
        except FunctoryError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Log in as {name} with the one-time password {word}")
