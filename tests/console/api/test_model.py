"""Generated from the service model: our validation agrees with its limits at both edges, for every member of every
operation's input."""

from __future__ import annotations

from typing import Any

import pytest
import regex
from botocore.model import Shape, StringShape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.api.model import lambda_model
from console.api.validate import validate
from functions.errors import Validation
from tests.console.api.shapes import ITEM, KEY, VALUE, Path, input_members, put, sized

# AWS answers these itself in other words, as the operations here do.
OTHERWISE = {"Runtime", "MemorySize"}
# More items than this take seconds, and prove no more.
MOST = 20_000
NONSENSE = "\x00 \n"
ALL = [member for member in input_members() if member[2].name not in OTHERWISE]


def named(member: tuple[str, Path, Shape]) -> str:
    return f"{member[0]}.{'.'.join(member[1])}"


def faults(operation: str, path: Path, value: Any) -> str:
    """What validation says of one member; what is missing beside it is not asked."""
    shape = lambda_model().service.operation_model(operation).input_shape
    try:
        validate(shape, put(shape, path, value))
    except Validation as error:
        return str(error)
    return ""


def limit(shape: Shape, name: str) -> Any:
    found = shape.metadata.get(name)
    return None if found is None or abs(found) > MOST else found


def told_whole(path: Path, shape: Shape) -> bool:
    """Of what lists and maps hold, all constraints are told when one is broken: a pattern would be, here."""
    return path[-1] in {ITEM, KEY, VALUE} and "pattern" in shape.metadata


def words(shape: Shape, path: Path, side: str, bound: float) -> str:
    what = "value" if shape.type_name in {"integer", "long", "double", "float"} else "length"
    broken = f"Member must have {what} {side} than or equal to {bound}"
    if path[-1] in {ITEM, KEY, VALUE} and shape.type_name not in {"list", "map"}:
        return broken
    steps = {ITEM: "1.member", VALUE: "k"}
    where = ".".join(steps.get(step, step[0].lower() + step[1:]) for step in path)
    return f"at '{where}' failed to satisfy constraint: {broken}"


@pytest.mark.parametrize("member", [m for m in ALL if limit(m[2], "max") is not None], ids=named)
def test_the_most_is_taken_and_one_more_is_not(member: tuple[str, Path, Shape]) -> None:
    operation, path, shape = member
    most = limit(shape, "max")
    assert most is not None
    refusal = words(shape, path, "less", most)
    assert told_whole(path, shape) or refusal not in faults(operation, path, sized(shape, most))
    assert refusal in faults(operation, path, sized(shape, most + 1))


@pytest.mark.parametrize("member", [m for m in ALL if (limit(m[2], "min") or 0) > 0], ids=named)
def test_the_least_is_taken_and_one_less_is_not(member: tuple[str, Path, Shape]) -> None:
    operation, path, shape = member
    least = limit(shape, "min")
    assert least is not None
    refusal = words(shape, path, "greater", least)
    assert told_whole(path, shape) or refusal not in faults(operation, path, sized(shape, least))
    assert refusal in faults(operation, path, sized(shape, least - 1))


@pytest.mark.parametrize("member", [m for m in ALL if getattr(m[2], "enum", None)], ids=named)
def test_each_word_of_a_set_is_taken_and_no_other(member: tuple[str, Path, Shape]) -> None:
    operation, path, shape = member
    assert isinstance(shape, StringShape)
    for word in shape.enum:
        assert "enum value set" not in faults(operation, path, word)
    assert "enum value set" in faults(operation, path, "no-such-word")


PATTERNED = [m for m in ALL if m[2].metadata.get("pattern") and "\\p{" not in m[2].metadata["pattern"]]


@pytest.mark.parametrize("member", PATTERNED, ids=named)
def test_what_a_pattern_describes_is_taken_and_its_opposite_is_not(member: tuple[str, Path, Shape]) -> None:
    operation, path, shape = member
    pattern = shape.metadata["pattern"]

    @settings(max_examples=3, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(
        st.from_regex(
            f"(?:{pattern})", fullmatch=True, alphabet=st.characters(min_codepoint=1, max_codepoint=126)
        )
    )
    def taken(text: str) -> None:
        fits = (limit(shape, "min") or 0) <= len(text) <= (limit(shape, "max") or MOST)
        assert "regular expression" not in faults(operation, path, text) or not (
            fits or not told_whole(path, shape)
        )

    taken()
    if not regex.fullmatch(pattern, NONSENSE):
        assert "regular expression" in faults(operation, path, NONSENSE)


def test_a_missing_member_is_missed_everywhere() -> None:
    for operation in lambda_model().operations:
        required = operation.input.required_members if operation.input else []
        if not required:
            continue
        with pytest.raises(Validation) as caught:
            validate(operation.input, {})
        assert str(caught.value).startswith(f"{len(required)} validation error")
        assert str(caught.value).count("failed to satisfy constraint: Member must not be null") == len(
            required
        )
