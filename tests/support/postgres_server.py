"""Runs a command with a PostgreSQL server of its own: `python -m tests.support.postgres_server pytest tests`.
Debian's binaries, a data directory below /tmp, one free port on loopback; nothing is left behind."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.support.waiting import wait_until

# Tests need no safety from power cuts.
OPTIONS = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=60")


def binaries() -> Path | None:
    """The newest installed server's programs, None without a server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    return found[-1].parent if found else None


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """A running server; yields the URL of its database without a name at the end."""
    programs = binaries()
    if programs is None:
        raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql")
    home = Path(tempfile.mkdtemp(prefix="functory-pg-", dir="/tmp"))
    port = _free_port()
    try:
        _own(home)
        _run(
            programs / "initdb", "-D", home / "db", "-U", "functory", "-A", "trust", "-E", "UTF8", "--no-sync"
        )
        settings = [part for option in OPTIONS for part in ("-c", option)]
        server = subprocess.Popen(
            [
                programs / "postgres",
                "-D",
                home / "db",
                "-k",
                home,
                "-h",
                "127.0.0.1",
                "-p",
                str(port),
                *settings,
            ],
            stdout=subprocess.DEVNULL,
            stderr=(home / "log").open("wb"),
            user=_owner(),
        )
        try:
            wait_until(lambda: not _tried(programs / "pg_isready", "-h", "127.0.0.1", "-p", port).returncode)
            yield f"postgresql://functory@127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def main(arguments: Sequence[str]) -> int:
    """Run `arguments` as a command with DATABASE_URL and TELEMETRY_DATABASE_URL set."""
    with postgres_server() as url:
        environment = {
            **os.environ,
            "DATABASE_URL": f"{url}/control",
            "TELEMETRY_DATABASE_URL": f"{url}/telemetry",
        }
        return subprocess.run([sys.executable, "-m", *arguments], env=environment, check=False).returncode


def _owner() -> str | None:
    """The server refuses to run as root; Debian's package makes a user for it."""
    return "postgres" if os.geteuid() == 0 else None


def _own(home: Path) -> None:
    owner = _owner()
    if owner:
        entry = pwd.getpwnam(owner)
        os.chown(home, entry.pw_uid, entry.pw_gid)


def _run(*command: object) -> None:
    done = _tried(*command)
    if done.returncode:
        raise RuntimeError(done.stderr.decode() or done.stdout.decode())


def _tried(*command: object) -> subprocess.CompletedProcess[bytes]:
    arguments = [str(part) for part in command]
    return subprocess.run(arguments, user=_owner(), cwd="/", capture_output=True, check=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
