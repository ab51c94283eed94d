"""The system user that web, recorder and scheduler run as: made when root starts Functory for the first time,
and not used where it could not run the code."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runner.host.needs import find_program
from runner.supervisor.errors import UpError

NAME = "functory"


@dataclass(frozen=True, slots=True)
class Account:
    """Whom unprivileged processes run as. `uid` and `gid` are None where they run as whoever started."""

    uid: int | None = None
    gid: int | None = None
    reason: str = ""

    @property
    def is_separate(self) -> bool:
        """Whether they have a user of their own."""
        return self.uid is not None


def ensure_account(say: Callable[[str], None], repository: Path) -> Account:
    """The account, made if root may make it; its `reason` says why there is none."""
    if os.geteuid() == 0 and not _exists():
        _make(say)
    return existing_account(repository)


def existing_account(repository: Path) -> Account:
    """The same, but nothing is made."""
    if os.geteuid() != 0:
        return Account(reason="Functory was not started as root")
    if not _exists():
        return Account(reason=f"there is no user {NAME} yet; the next `make up` makes it")
    entry = pwd.getpwnam(NAME)
    account = Account(entry.pw_uid, entry.pw_gid)
    if not can_run(account, repository):
        return Account(
            reason=f"user {NAME} may not read {repository} or its Python ({Path(sys.executable).resolve()}); "
            "move the folder to /opt or /srv and remove .venv to have them separated"
        )
    return account


def can_run(account: Account, repository: Path) -> bool:
    """Whether the user can start Python here and load the code. Through a shell: setpriv itself still has
    root's rights when it executes, and what it executes could then start nothing."""
    question = 'exec "$0" -c "import django, functions.config"'
    tried = subprocess.run(
        [*as_account(account), "/bin/sh", "-c", question, sys.executable],
        cwd=repository,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return tried.returncode == 0


def check_readable(account: Account, path: Path | None) -> None:
    """Raises UpError if the account may not read a file that its processes are told to use."""
    if path is None or not account.is_separate:
        return
    question = [*as_account(account), "/bin/sh", "-c", 'test -r "$0"', str(path)]
    if subprocess.run(question, stdin=subprocess.DEVNULL, check=False).returncode != 0:
        raise UpError(
            f"User {NAME} may not read {path}: give group {NAME} the right to read it, and see that every folder "
            "above lets others through."
        )


def as_account(account: Account) -> list[str]:
    """What a command is prefixed with to run as the account, and to end when its parent does."""
    setpriv = find_program("setpriv")
    if setpriv is None:
        raise UpError("setpriv is not installed: apt-get install util-linux")
    command = [setpriv, "--pdeathsig", "TERM"]
    if account.is_separate:
        command += [f"--reuid={account.uid}", f"--regid={account.gid}", "--init-groups", "--no-new-privs"]
    return [*command, "--"]


def _exists() -> bool:
    return any(entry.pw_name == NAME for entry in pwd.getpwall())


def _make(say: Callable[[str], None]) -> None:
    say(f"Making the system user {NAME}: web, recorder and scheduler run as it, without root's rights.")
    useradd = find_program("useradd")
    if useradd is None:
        raise UpError("useradd is not installed: apt-get install passwd")
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
    made = subprocess.run(
        [useradd, *options, "--shell", "/usr/sbin/nologin", NAME], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        raise UpError(f"The user {NAME} cannot be made: {made.stderr.strip()}")
