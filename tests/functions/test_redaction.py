"""What is not kept of events: by field path, in lists, in JSON inside JSON, and never by halves."""

from __future__ import annotations

import json

import pytest

from functions.errors import InvalidParameterValue
from functions.redaction import LONGEST_PATH, MOST_PATHS, check_paths, redacted

EVENT = {
    "headers": {"Authorization": "Bearer abc", "accept": "*/*"},
    "body": json.dumps({"card": {"number": "4111"}, "item": "book"}),
    "Records": [{"body": "one", "n": 1}, {"body": "two", "n": 2}],
}


def blot(*paths: str, event: object = None) -> dict:
    text = redacted(json.dumps(EVENT if event is None else event), paths)
    assert text is not None
    return json.loads(text)


def test_a_field_goes_and_its_neighbours_stay():
    kept = blot("headers.authorization")
    assert kept["headers"] == {"Authorization": "[redacted]", "accept": "*/*"}
    assert kept["Records"] == EVENT["Records"]


def test_a_body_that_is_json_is_looked_into():
    body = json.loads(blot("body.card.number")["body"])
    assert body == {"card": {"number": "[redacted]"}, "item": "book"}


def test_a_body_that_is_other_text_stays_but_may_go_whole():
    assert blot("body.card", event={"body": "{no json"})["body"] == "{no json"
    assert blot("body", event={"body": "{no json"})["body"] == "[redacted]"


def test_lists_by_number_and_all_of_them():
    assert [one["body"] for one in blot("Records.*.body")["Records"]] == ["[redacted]", "[redacted]"]
    assert [one["body"] for one in blot("Records.1.body")["Records"]] == ["one", "[redacted]"]


def test_any_name():
    assert blot("headers.*")["headers"] == {"Authorization": "[redacted]", "accept": "[redacted]"}


@pytest.mark.parametrize(
    "path", ["nothing", "headers.nothing", "headers.accept.deeper", "Records.7.body", "Records.body"]
)
def test_a_path_that_leads_nowhere_changes_nothing(path):
    assert blot(path) == EVENT


@pytest.mark.parametrize("text", ["", "no json", '{"a":', "[" * 100_000])
def test_of_what_cannot_be_read_nothing_is_kept(text):
    assert redacted(text, ["a"]) is None


def test_paths_are_tidied():
    assert check_paths(" headers.authorization \n\nbody.pin\nbody.pin") == [
        "headers.authorization",
        "body.pin",
    ]
    assert check_paths(["a"]) == ["a"]
    assert check_paths("") == []


@pytest.mark.parametrize(
    "wrong",
    [
        "a..b",
        ".a",
        "a.",
        "x" * (LONGEST_PATH + 1),
        "a\tb",
        "\n".join(map(str, range(MOST_PATHS + 1))),
        7,
        [7],
    ],
)
def test_wrong_paths_are_refused_at_their_field(wrong):
    with pytest.raises(InvalidParameterValue) as caught:
        check_paths(wrong)
    assert caught.value.field == "redact"
