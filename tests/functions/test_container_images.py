"""Container images as code: names, what overrides what, and what then starts."""

import pytest

from functions.container_images import (
    PinnedImage,
    check_overrides,
    check_uri,
    handler_of,
    program,
    read_uri,
    resolved_uri,
    settings_of,
)
from functions.errors import InvalidParameterValue

DIGEST = "sha256:" + "ab" * 32
IMAGE = settings_of(PinnedImage("app:1", DIGEST, DIGEST, 9, ("/run", "-x"), ("app.handler",), "/srv"))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("app", ("app", "", "")),
        ("app:1.2", ("app", "1.2", "")),
        ("team/app_x:v1", ("team/app_x", "v1", "")),
        ("127.0.0.1:5000/team/app:1", ("127.0.0.1:5000/team/app", "1", "")),
        ("Registry.example/app@" + DIGEST, ("Registry.example/app", "", DIGEST)),
        (f"app:1@{DIGEST}", ("app", "1", DIGEST)),
        (DIGEST, ("", "", DIGEST)),
    ],
)
def test_a_name_in_its_parts(text, parts):
    found = read_uri(text)
    assert (found.repository, found.tag, found.digest) == parts


@pytest.mark.parametrize("text", ["", "Case:1", "a b", "app:", "app@sha256:12", "app:1;rm", "x" * 600])
def test_what_is_no_name_is_refused(text):
    with pytest.raises(InvalidParameterValue) as refusal:
        check_uri(text)
    assert refusal.value.field == "image_uri"


def test_a_tag_becomes_a_digest():
    assert resolved_uri("team/app:1", DIGEST) == f"team/app@{DIGEST}"
    assert resolved_uri(DIGEST, DIGEST) == DIGEST


def test_what_starts_is_the_images_own():
    found = program(IMAGE, {})
    assert (found.command, found.directory) == (("/run", "-x", "app.handler"), "/srv")
    assert handler_of(IMAGE, {}) == "app.handler"


def test_each_override_replaces_its_own():
    assert program(IMAGE, {"Command": ["b.c"]}).command == ("/run", "-x", "b.c")
    assert program(IMAGE, {"EntryPoint": ["/e"]}).command == ("/e", "app.handler")
    assert program(IMAGE, {"WorkingDirectory": "/w"}).directory == "/w"
    assert handler_of(IMAGE, {"Command": ["b.c"]}) == "b.c"


def test_an_empty_override_overrides_nothing():
    assert check_overrides({"EntryPoint": [], "Command": [], "WorkingDirectory": ""}) == {}


@pytest.mark.parametrize(
    ("overrides", "field"),
    [
        ({"Cmd": ["x"]}, "image_config"),
        ({"Command": "app.handler"}, "image_config"),
        ({"Command": ["a\0b"]}, "image_config"),
        ({"EntryPoint": ["x"] * 1501}, "image_config"),
        ({"WorkingDirectory": "relative"}, "working_directory"),
        ({"WorkingDirectory": "/" + "x" * 1000}, "working_directory"),
    ],
)
def test_overrides_that_cannot_be_are_refused(overrides, field):
    with pytest.raises(InvalidParameterValue) as refusal:
        check_overrides(overrides)
    assert refusal.value.field == field
