"""JavaScript and TypeScript: linted by oxlint; they and the formats around them formatted by oxfmt. Neither
looks for configuration of a user's."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from console.languages.child import Workplace, gave_up, run, workplace
from console.languages.problems import MOST_PROBLEMS, Problem, Severity, Text
from functions.errors import InvalidParameterValue

_HERE = Path(__file__).parent
_OURS = ("--disable-nested-config", "--threads", "1")
_RULE = re.compile(r"^[^(]*\((.+)\)$")
_UNREADABLE = 2


def lint(files: Mapping[str, str], _runtime: str) -> list[Problem]:
    """What is wrong with these files, in no order."""
    with workplace(files) as place:
        options = ("--config", str(_HERE / "oxlint.json"), "--no-ignore", "--format", "json", *_OURS)
        said = run("oxlint", (*options, *place.names), place)
        if said.status not in {0, 1}:
            raise gave_up("oxlint", said)
        texts = {path: Text(text) for path, text in files.items()}
        found = [each for each in json.loads(said.output)["diagnostics"] if each["labels"]]
        return [_problem(each, place, texts) for each in found[:MOST_PROBLEMS]]


def format_text(path: str, text: str, _runtime: str) -> str:
    """The text in oxfmt's form; raises InvalidParameterValue if it does not parse."""
    with workplace({path: text}) as place:
        name = place.names[0]
        said = run("oxfmt", ("--config", str(_HERE / "oxfmt.json"), *_OURS, name), place)
        if said.status == _UNREADABLE:
            raise InvalidParameterValue("This does not parse, so it was left as it is.", field="text")
        if said.status != 0:
            raise gave_up("oxfmt", said)
        return place.read(name)


def _problem(found: Mapping[str, Any], place: Workplace, texts: Mapping[str, Text]) -> Problem:
    path = place.path_of(found["filename"])
    span = found["labels"][0]["span"]
    line, column = texts[path].position(span["offset"])
    end_line, end_column = texts[path].position(span["offset"] + span["length"])
    rule = _RULE.match(found.get("code", ""))
    severity: Severity = "error" if found["severity"] == "error" else "warning"
    return Problem(
        path=path,
        line=line,
        column=column,
        end_line=end_line,
        end_column=end_column,
        severity=severity,
        code=rule[1] if rule else "",
        message=str(found["message"]),
        url=str(found.get("url", "")),
    )
