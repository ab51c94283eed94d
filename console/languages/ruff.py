"""Python: linted and formatted by ruff, without any configuration but ours."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from console.languages.child import Workplace, gave_up, run, workplace
from console.languages.problems import MOST_PROBLEMS, Edit, Fix, Problem, Severity, Text
from functions.errors import InvalidParameterValue

# What is wrong or very likely so; how code looks is the formatter's affair.
RULES = "E4,E7,E9,F,B,ASYNC,PLE,W605"
_FAULTS = re.compile(r"^(F82\d|F70\d|F40[47]|E9\d\d|PLE)")
_OURS = ("--isolated", "--no-cache", "--quiet")
_CRASHED = 2


def lint(files: Mapping[str, str], runtime: str) -> list[Problem]:
    """What is wrong with these files for a runtime such as python3.13, in no order."""
    with workplace(files) as place:
        options = ("--output-format", "json", "--select", RULES, "--no-respect-gitignore", *_target(runtime))
        said = run("ruff", ("check", *_OURS, *options, *place.names), place)
        if said.status not in {0, 1}:
            raise gave_up("ruff", said)
        texts = {path: Text(text) for path, text in files.items()}
        return [_problem(found, place, texts) for found in json.loads(said.output)[:MOST_PROBLEMS]]


def format_text(path: str, text: str, runtime: str) -> str:
    """The text in ruff's form; raises InvalidParameterValue if it does not parse."""
    with workplace({path: text}) as place:
        name = place.names[0]
        said = run("ruff", ("format", *_OURS, *_target(runtime), name), place)
        if said.status == _CRASHED:
            raise InvalidParameterValue("This does not parse, so it was left as it is.", field="text")
        if said.status != 0:
            raise gave_up("ruff", said)
        return place.read(name)


def _target(runtime: str) -> tuple[str, ...]:
    found = re.fullmatch(r"python3\.(\d+)", runtime)
    return ("--target-version", f"py3{found[1]}") if found else ()


def _problem(found: Mapping[str, Any], place: Workplace, texts: Mapping[str, Text]) -> Problem:
    path = place.path_of(found["filename"])
    code = str(found["code"] or "")
    is_syntax = code in {"", "invalid-syntax"}
    severity: Severity = "error" if is_syntax or _FAULTS.match(code) else "warning"
    line, column, end_line, end_column = _span(found, texts[path])
    return Problem(
        path=path,
        line=line,
        column=column,
        end_line=end_line,
        end_column=end_column,
        severity=severity,
        code="" if is_syntax else code,
        message=str(found["message"]),
        url=str(found["url"] or ""),
        fix=_fix(found["fix"], texts[path]),
    )


def _span(found: Mapping[str, Any], text: Text) -> tuple[int, int, int, int]:
    start, end = found["location"], found["end_location"]
    column = text.column(start["row"], start["column"] - 1)
    return start["row"], column, end["row"], text.column(end["row"], end["column"] - 1)


def _fix(found: Mapping[str, Any] | None, text: Text) -> Fix | None:
    """Only what ruff calls safe: the others may change what the code does."""
    if found is None or found["applicability"] != "safe":
        return None
    edits = tuple(Edit(*_span(edit, text), text=str(edit["content"])) for edit in found["edits"])
    return Fix(str(found["message"] or "Fix"), edits)
