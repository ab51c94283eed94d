"""The file of names: written whole, and searched for what begins so and what holds it."""

import os
import time

import pytest

from functions.package_names import KEPT_S, MOST_FOUND, canonical, is_stale, names_file, search, write_names

NAMES = [
    "Requests",
    "requests_oauthlib",
    "requests-cache",
    "types.requests",
    "six",
    "re",
    "reques",
    "zope.interface",
]


@pytest.fixture
def path(tmp_path):
    path = names_file(tmp_path)
    assert write_names(path, NAMES) == len(NAMES)
    return path


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("requests", ["requests", "requests-cache", "requests-oauthlib", "types-requests"]),
        ("Requests_", ["requests-cache", "requests-oauthlib"]),
        ("re", ["re", "requests", "reques", "requests-cache", "requests-oauthlib"]),
        ("six", ["six"]),
        ("interface", ["zope-interface"]),
        ("zope.interface", ["zope-interface"]),
        ("zz", []),
        ("", []),
        ("   ", []),
        ("\n", []),
    ],
)
def test_what_is_typed_is_found(path, typed, found):
    assert search(path, typed) == found


def test_the_shortest_come_first_and_there_are_a_few(path):
    write_names(path, [f"lib-{'x' * length}" for length in range(1, 50)])
    assert search(path, "lib") == [f"lib-{'x' * length}" for length in range(1, MOST_FOUND + 1)]


def test_what_others_are_named_after_comes_first(path):
    write_names(path, ["pand", "panda", "pandas", "pandas-x", "pandas-y", "panda-z", "pandb"])
    assert search(path, "pan")[:3] == ["pandas", "panda", "pand"]
    assert search(path, "pand")[:3] == ["pand", "pandas", "panda"]


def test_names_that_are_one_are_kept_once(path):
    assert write_names(path, ["A_b", "a-b", "a.b", ""]) == 1
    assert search(path, "a") == ["a-b"]


def test_without_a_file_nothing_is_found(tmp_path):
    assert search(names_file(tmp_path), "six") == []
    (tmp_path / "empty").touch()
    assert search(tmp_path / "empty", "six") == []


def test_names_grow_old(path, tmp_path):
    assert not is_stale(path)
    old = time.time() - KEPT_S - 1
    os.utime(path, (old, old))
    assert is_stale(path)
    assert is_stale(tmp_path / "none")


def test_a_file_that_is_read_while_another_takes_its_place_is_whole(path):
    with path.open("rb") as file:
        write_names(path, ["other"])
        assert b"requests-cache" in file.read()
    assert not list(path.parent.glob("*.[0-9]*"))


def test_a_name_as_the_index_has_it():
    assert canonical(" Zope.Interface__x ") == "zope-interface-x"
