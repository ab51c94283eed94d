"""A backup of an installation while it runs, restored into an empty place: both hold the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.support.phases import REPOSITORY
from tests.support.postgres_server import binaries, postgres_server
from tests.support.redis_server import RedisServer

pytestmark = [pytest.mark.redis, pytest.mark.slow]
PASSPHRASE = "correct horse battery staple"


class Installation:
    """A home of its own, and commands that are run there as a person runs them."""

    def __init__(self, home: Path, redis_url: str, **more: str) -> None:
        home.mkdir()
        self.home = home
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FUNCTORY_")}
        self.environment = {
            **kept,
            "FUNCTORY_HOME": str(home),
            "REDIS_URL": redis_url,
            "FUNCTORY_BACKUP_PASSPHRASE": PASSPHRASE,
            **more,
        }

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words], cwd=REPOSITORY, env={**self.environment, **more},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def manage(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self.run("manage.py", *words, **more)

    def plant(self, word: str) -> str:
        """Run one of tests.support.plant_installation there."""
        script = f"from tests.support import plant_installation as plant; plant.{word}()"
        done = self.manage("shell", "--no-imports", "-c", script)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def redis_url():
    server = RedisServer()
    server.start()
    yield server.url
    server.remove()


@pytest.fixture(scope="module")
def planted(tmp_path_factory, redis_url):
    """An installation and its backup."""
    there = Installation(tmp_path_factory.mktemp("planted") / "home", redis_url)
    there.plant("plant")
    backup = there.home.parent / "backup.tar.gz"
    done = there.manage("backup", str(backup))
    assert done.returncode == 0, done.stderr
    return there, backup


@pytest.fixture
def empty(tmp_path, redis_url):
    """A place where nothing was ever run."""
    return Installation(tmp_path / "home", redis_url.replace("db=0", "db=1"))


def test_what_is_restored_is_what_was_backed_up(planted, empty):
    there, backup = planted
    done = empty.manage("restore", str(backup))
    assert done.returncode == 0, done.stderr
    assert "1 events and 1 records that were under way are rows now" in done.stdout
    there.plant("settle")  # the recorder's work, which the backup found undone
    before, after = json.loads(there.plant("say")), json.loads(empty.plant("say"))
    assert after == before
    assert before["secret"] == ["kept secret"]
    assert (before["Event"], before["Invocation"]) == (1, 2)
    assert [mode for path, mode, _ in before["artifacts"] if path.endswith(".py")] == [0o444]
    assert len(before["objects"]) == 1


def test_a_backup_is_for_its_owner_and_holds_no_secret_in_clear(planted):
    there, backup = planted
    assert backup.stat().st_mode & 0o777 == 0o600
    keys = [path.read_bytes().strip() for path in (there.home / "keys").iterdir()]
    with tarfile.open(backup) as archive:
        for entry in archive:
            content = archive.extractfile(entry).read() if entry.isfile() else b""
            assert not any(key in content for key in keys)
            assert b"kept secret" not in content
    assert [path.name for path in there.home.glob("backup-*")] == []


@pytest.mark.parametrize("passphrase", ["a wrong one, and long enough", "short"])
def test_another_passphrase_restores_nothing(planted, empty, passphrase):
    done = empty.manage("restore", str(planted[1]), FUNCTORY_BACKUP_PASSPHRASE=passphrase)
    assert done.returncode == 1
    assert "do not open with this passphrase" in done.stderr
    assert not (empty.home / "control.sqlite3").exists()
    assert not (empty.home / "artifacts").exists()


def test_an_installation_is_not_overwritten(planted):
    there, backup = planted
    done = there.manage("restore", str(backup))
    assert done.returncode == 1
    assert "There is an installation in" in done.stderr
    done = there.manage("backup", str(backup))
    assert done.returncode == 1
    assert "exists already" in done.stderr


@pytest.mark.parametrize("damage", ["cut", "other"])
def test_what_is_no_whole_backup_is_refused(planted, empty, tmp_path, damage):
    whole = planted[1].read_bytes()
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(whole[: len(whole) // 2] if damage == "cut" else b"no archive")
    done = empty.manage("restore", str(broken))
    assert done.returncode == 1
    assert "damaged" in done.stderr or "cannot be read as a backup" in done.stderr
    assert not (empty.home / "control.sqlite3").exists()


def test_without_redis_it_says_what_would_be_missing(planted, tmp_path):
    there, _ = planted
    target = tmp_path / "x.tar.gz"
    away = {"REDIS_URL": f"unix://{tmp_path}/nobody.sock"}
    done = there.manage("backup", str(target), **away)
    assert done.returncode == 1
    assert "--without-events" in done.stderr
    assert not target.exists()
    done = there.manage("backup", str(target), "--without-events", **away)
    assert done.returncode == 0, done.stderr
    assert target.exists()


def test_without_its_keys_it_needs_those_that_were_kept(planted, empty, tmp_path):
    there, _ = planted
    backup = tmp_path / "without.tar.gz"
    done = there.manage("backup", str(backup), "--without-keys", "--without-events")
    assert "The keys are not in it" in done.stdout
    (empty.home / "keys").mkdir()
    for path in (there.home / "keys").iterdir():
        (empty.home / "keys" / path.name).write_bytes(path.read_bytes())
    assert empty.manage("restore", str(backup)).returncode == 0
    assert json.loads(empty.plant("say"))["secret"] == ["kept secret"]


@pytest.mark.parametrize("passphrase", ["", "too short"])
def test_a_passphrase_is_needed_and_not_short(planted, tmp_path, passphrase):
    done = planted[0].manage("backup", str(tmp_path / "x"), FUNCTORY_BACKUP_PASSPHRASE=passphrase)
    assert done.returncode == 1
    assert "passphrase" in done.stderr.lower()
    assert not (tmp_path / "x").exists()


@pytest.fixture(scope="module")
def postgres():
    """A server, and a way to make a database there; gives its URL."""
    with postgres_server() as url:

        def make(name: str) -> str:
            programs = binaries()
            assert programs is not None
            subprocess.run(
                [programs / "psql", f"{url}/postgres", "-qc", f"CREATE DATABASE {name}"], check=True
            )
            return f"{url}/{name}"

        yield make


@pytest.mark.postgres
def test_on_postgresql_as_well(postgres, tmp_path, redis_url):
    def databases(name):
        return {
            "DATABASE_URL": postgres(f"{name}_control"),
            "TELEMETRY_DATABASE_URL": postgres(f"{name}_telemetry"),
        }

    there = Installation(tmp_path / "there", redis_url.replace("db=0", "db=2"), **databases("there"))
    there.plant("plant")
    backup = tmp_path / "backup.tar.gz"
    done = there.manage("backup", str(backup))
    assert done.returncode == 0, done.stderr
    other = Installation(tmp_path / "other", redis_url)
    refused = other.manage("restore", str(backup))
    assert "The backup is of postgresql, and this installation is set to use sqlite" in refused.stderr
    back = Installation(tmp_path / "back", redis_url.replace("db=0", "db=3"), **databases("back"))
    done = back.manage("restore", str(backup))
    assert done.returncode == 0, done.stderr
    there.plant("settle")
    assert json.loads(back.plant("say")) == json.loads(there.plant("say"))
    again = back.manage("restore", str(backup))
    assert "There is an installation in" in again.stderr
