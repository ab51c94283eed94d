"""Every outcome has words, a colour, and where it failed an advice."""

import pytest

from console.outcomes import explain, tone
from functions.states import Outcome


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_is_explained(outcome):
    found = explain(outcome=outcome, error_type="E", error_message="m", timeout_s=3, memory_mb=128)
    assert found.title != outcome.value
    assert bool(found.advice) == (outcome != Outcome.SUCCESS)
    assert tone(outcome) in {"green", "red", "amber"}


def test_the_limit_stands_in_the_words():
    assert "3 s" in explain(outcome=Outcome.TIMEOUT, timeout_s=3).title
    assert "128 MB" in explain(outcome=Outcome.OUT_OF_MEMORY, memory_mb=128).title
    assert (
        explain(outcome=Outcome.FUNCTION_ERROR, error_type="KeyError", error_message="x").cause
        == "KeyError: x"
    )
