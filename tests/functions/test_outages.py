"""A full disk is known by what each library says of it, and nothing else is taken for one."""

import errno
import sqlite3
from pathlib import Path

import pytest
import redis
from django.db import OperationalError

from functions import outages
from functions.errors import DiskFull, ServiceUnavailable
from functions.outages import disk_is_full, full_disk, redis_outage, require_room

HOME = Path("/srv/functory")


class PostgresError(Exception):
    sqlstate = "53100"


def wrapped(cause):
    """As Django passes on a driver's error."""
    try:
        try:
            raise cause
        except type(cause) as error:
            raise OperationalError(str(error)) from error
    except OperationalError as error:
        return error


@pytest.fixture
def full(monkeypatch):
    monkeypatch.setattr(outages, "disk_is_full", lambda place: place == HOME)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        wrapped(sqlite3.OperationalError("database or disk is full")),
        wrapped(PostgresError("could not extend file")),
        redis.ResponseError("MISCONF Errors writing to the AOF file: No space left on device"),
    ],
)
def test_a_full_disk_says_what_is_safe_and_what_to_do(error):
    found = full_disk(error, HOME)
    assert isinstance(found, DiskFull)
    assert (found.code, found.status) == ("ServiceUnavailableException", 503)
    assert "The disk of `/srv/functory` is full" in found.message
    assert "functions that are deployed go on answering" in found.message
    assert "df -h /srv/functory" in found.message


@pytest.mark.parametrize(
    "error",
    [
        None,
        OSError(errno.EACCES, "Permission denied"),
        wrapped(sqlite3.OperationalError("database is locked")),
    ],
)
def test_other_errors_are_no_full_disk(error, full):
    assert full_disk(error, HOME) is None


@pytest.mark.parametrize("words", ["disk I/O error", "unable to open database file"])
def test_vague_words_mean_a_full_disk_only_where_the_disk_is_full(words, full):
    error = wrapped(sqlite3.OperationalError(words))
    assert isinstance(full_disk(error, HOME), DiskFull)
    assert full_disk(error, Path("/elsewhere")) is None


def test_an_error_that_is_its_own_cause_ends():
    error = OperationalError("odd")
    error.__context__ = other = ValueError("odder")
    other.__context__ = error
    assert full_disk(error, HOME) is None


def test_the_embedded_redis_ends_on_a_full_disk(full):
    gone = redis.ConnectionError("Error 2 connecting to unix socket")
    assert isinstance(redis_outage(gone, HOME), DiskFull)


def test_a_redis_that_is_away_is_told_with_its_remedy(full):
    gone = redis.ConnectionError("Error 111 connecting")
    embedded, another = redis_outage(gone, Path("/elsewhere")), redis_outage(gone, None)
    for outage in (embedded, another):
        assert type(outage) is ServiceUnavailable
        assert outage.message.startswith("Redis does not answer. Functions go on answering")
        assert "Error 111" not in outage.message
    assert "make up" in embedded.message
    assert "REDIS_URL" in another.message


def test_a_disk_is_full_by_bytes_or_by_files(monkeypatch):
    def state(**values):
        usual = {"f_bavail": 1000, "f_frsize": 4096, "f_files": 10, "f_favail": 5}
        monkeypatch.setattr(outages.os, "statvfs", lambda _: type("State", (), {**usual, **values}))
        return disk_is_full(HOME)

    assert not state()
    assert state(f_bavail=2)
    assert state(f_favail=0)
    assert not state(f_files=0, f_favail=0)  # a file system that does not count files


def test_a_place_that_is_not_there_is_not_full(tmp_path):
    assert not disk_is_full(tmp_path / "nowhere")


def test_room_is_required_of_the_home_alone(full):
    require_room(Path("/elsewhere"))
    with pytest.raises(DiskFull):
        require_room(HOME)
