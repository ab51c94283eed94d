"""How functions' log groups and streams are named."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from functions.log_streams import digest_of, function_of, group_of, read_stream, stream_of


def test_a_stream_says_what_it_holds():
    late = datetime(2026, 2, 1, 1, 30, tzinfo=timezone(timedelta(hours=3)))
    name = stream_of(late, "$LATEST", "0123456789ab")
    assert name == f"2026/01/31/[$LATEST]{digest_of('0123456789ab')}"
    found = read_stream(name)
    assert found is not None
    assert (found.start, found.end) == (datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    assert (found.version, found.digest) == ("$LATEST", digest_of("0123456789ab"))
    assert len(found.digest) == 32


@pytest.mark.parametrize(
    "name", ["", "app", "2026/13/45/[1]" + "a" * 32, "2026/01/31/[x]" + "a" * 32, "2026/01/31/[1]zz"]
)
def test_other_names_are_other_streams(name):
    assert read_stream(name) is None


def test_groups():
    assert function_of(group_of("hello")) == "hello"
    assert function_of("/app/hello") == ""
