"""How functions' log groups and streams are named."""

from datetime import UTC, date, datetime

import pytest

from functions.log_streams import digest_of, function_of, group_of, read_stream, sandbox_of, stream_of


def test_a_stream_says_what_it_holds():
    name = stream_of(date(2026, 1, 31), "$LATEST", "0123456789ab")
    assert name == f"2026/01/31/[$LATEST]{digest_of('0123456789ab')}"
    found = read_stream(name)
    assert found is not None
    assert (found.start, found.end) == (datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    assert (found.version, found.digest) == ("$LATEST", digest_of("0123456789ab"))
    for sandbox_id, told in (
        ("0123456789ab", "0123456789ab"),
        ("012345678900", "012345678900"),
        ("box1", ""),
        ("", ""),
    ):
        assert len(digest_of(sandbox_id)) == 32
        assert sandbox_of(digest_of(sandbox_id)) == told


@pytest.mark.parametrize(
    "name", ["", "app", "2026/13/45/[1]" + "a" * 32, "2026/01/31/[x]" + "a" * 32, "2026/01/31/[1]zz"]
)
def test_other_names_are_other_streams(name):
    assert read_stream(name) is None


def test_groups():
    assert function_of(group_of("hello")) == "hello"
    assert function_of("/app/hello") == ""
