"""What SQLite needs for reading stays while Functory runs, and small writes have room that is theirs."""

import contextlib
import sqlite3
from dataclasses import replace

import pytest

from functions.config import Config
from runner.supervisor import open_databases
from runner.supervisor.open_databases import RESERVE, OpenDatabases

NAMES = ("control", "telemetry")


@pytest.fixture
def config(tmp_path):
    return Config.from_environ({"FUNCTORY_HOME": str(tmp_path)})


@pytest.fixture
def notes():
    return []


@pytest.fixture
def held(config, notes):
    databases = OpenDatabases(config)
    databases.open(notes.append)
    yield databases
    databases.close()


def use(path):
    """As a page does: open, write, close."""
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE IF NOT EXISTS rows (n)")
        database.execute("INSERT INTO rows VALUES (1)")


def left_beside(path):
    return {one.name.removeprefix(path.name) for one in path.parent.glob(f"{path.name}-*")}


@pytest.mark.parametrize("name", NAMES)
def test_the_log_and_its_index_outlive_every_other_connection(config, held, name):
    path = config.home / f"{name}.sqlite3"
    use(path)
    assert left_beside(path) == {"-wal", "-shm"}
    held.close()
    assert left_beside(path) == set()


@pytest.mark.parametrize("name", NAMES)
def test_without_it_they_go_with_the_last_connection(config, name):
    path = config.home / f"{name}.sqlite3"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=WAL")
    use(path)
    assert left_beside(path) == set()


def test_room_is_kept_in_the_log_and_in_the_database(config, held, notes):
    path = config.home / "control.sqlite3"
    log = path.with_name(f"{path.name}-wal")
    before = (path.stat().st_size, log.stat().st_size)
    assert min(before) >= RESERVE
    for _ in range(50):
        use(path)
    assert (path.stat().st_size, log.stat().st_size) == before
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("rows",)]
    assert notes == []


def test_the_next_start_takes_no_more_room(config, notes):
    sizes = []
    for _ in range(3):
        databases = OpenDatabases(config)
        databases.open(notes.append)
        databases.close()
        sizes.append((config.home / "control.sqlite3").stat().st_size)
    assert sizes[1:] == sizes[:-1]


def test_a_disk_that_has_no_room_at_the_start_is_told_and_harms_nothing(config, notes, monkeypatch):
    def full(connection):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(open_databases, "reserve", full)
    databases = OpenDatabases(config)
    databases.open(notes.append)
    use(config.home / "control.sqlite3")
    databases.close()
    assert notes == ["Warning: no room is kept for logging in on a full disk: database or disk is full."]


def test_databases_elsewhere_are_left_alone(config, notes):
    elsewhere = replace(config, database_url="postgres://x", telemetry_database_url="postgres://y")
    databases = OpenDatabases(elsewhere)
    databases.open(notes.append)
    databases.close()
    assert list(config.home.iterdir()) == []
