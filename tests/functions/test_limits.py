"""Limits at their edges, in AWS's words."""

import pytest

from functions import limits
from functions.errors import InvalidParameterValue


@pytest.mark.parametrize(
    "check, low, high, field",
    [
        (limits.check_memory, 128, 10_240, "memory_mb"),
        (limits.check_timeout, 1, 900, "timeout_s"),
        (limits.check_ephemeral, 512, 10_240, "ephemeral_mb"),
    ],
)
def test_edges(check, low, high, field):
    assert (check(low), check(high)) == (low, high)
    for value in (low - 1, high + 1, -1):
        with pytest.raises(InvalidParameterValue) as caught:
            check(value)
        assert caught.value.field == field
        assert f"Value '{value}'" in caught.value.message
