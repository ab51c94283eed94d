"""CloudWatch Logs' filter patterns."""

from __future__ import annotations

import pytest

from functions.errors import InvalidParameter
from functions.filter_pattern import read_pattern

JSON = (
    '{"level": "ERROR", "took": 12.5, "ok": false, "none": null, "user": {"name": "ada", "tags": ["x", "y"]}}'
)


@pytest.mark.parametrize(
    ("pattern", "message", "matches"),
    [
        ("", "anything", True),
        ("  ", "anything", True),
        ("ERROR", "an ERROR here", True),
        ("ERROR", "an error here", False),
        ("ERROR disk", "disk: ERROR", True),
        ("ERROR disk", "ERROR", False),
        ('"an ERROR"', "an ERROR here", True),
        ('"an ERROR"', "ERROR an", False),
        ('"say \\"x\\""', 'they say "x"', True),
        ("ERROR -disk", "ERROR net", True),
        ("ERROR -disk", "ERROR disk", False),
        ("-disk", "fine", True),
        ('ERROR -"the disk"', "ERROR the disk", False),
        ("?ERROR ?WARN", "a WARN", True),
        ("?ERROR ?WARN", "an INFO", False),
        ("?ERROR disk", "disk", True),
        ("?ERROR -disk", "ERROR disk", False),
        ("[ERROR]", "", None),
        ("%E.*%", "", None),
        ('"open', "", None),
        ('{ $.level = "ERROR" }', JSON, True),
        ("{ $.level = ERROR }", JSON, True),
        ('{ $.level = "E*" }', JSON, True),
        ('{ $.level = "error" }', JSON, False),
        ('{ $.level != "INFO" }', JSON, True),
        ('{ $.gone != "INFO" }', JSON, False),
        ("{ $.took > 12 }", JSON, True),
        ("{ $.took >= 12.5 }", JSON, True),
        ("{ $.took < 12.5 }", JSON, False),
        ("{ $.took = 12.5 }", JSON, True),
        ("{ $.level > 3 }", JSON, False),
        ('{ $.user.name = "ada" }', JSON, True),
        ('{ $.user.tags[1] = "y" }', JSON, True),
        ('{ $.user.tags[2] = "y" }', JSON, False),
        ("{ $.ok IS FALSE }", JSON, True),
        ("{ $.ok IS TRUE }", JSON, False),
        ("{ $.none IS NULL }", JSON, True),
        ("{ $.user EXISTS }", JSON, True),
        ("{ $.gone NOT EXISTS }", JSON, True),
        ('{ ($.level = "INFO") || ($.took > 1) }', JSON, True),
        ('{ $.level = "INFO" || $.took > 1 && $.ok IS TRUE }', JSON, False),
        ('{ ($.level = "INFO" || $.took > 1) && $.ok IS FALSE }', JSON, True),
        ('{ $.level = "ERROR" }', "no JSON", False),
        ('{ $.level = "ERROR" }', "{broken", False),
        ('{ $.level = "ERROR" }', f"[INFO]\t2026 {JSON}", True),
        ("{ $.level }", "", None),
        ("{ level = 1 }", "", None),
        ("{ $.a > x }", "", None),
        ("{ $.a IS BIG }", "", None),
        ("{ ($.a = 1 }", "", None),
        ("{ $.a = 1", "", None),
        ("{ $.a = 1 } x", "", None),
        ("{ $.a[x] = 1 }", "", None),
        ("{" + "(" * 100 + "}", "", None),
    ],
)
def test_patterns(pattern: str, message: str, matches: bool | None) -> None:
    if matches is None:
        with pytest.raises(InvalidParameter, match="Invalid filter pattern"):
            read_pattern(pattern)
    else:
        assert read_pattern(pattern).matches(message) is matches
