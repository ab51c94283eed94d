"""What a rule's target gets of an event: the event, a part of it, a constant, or a template filled from it. Pure.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from functions.errors import Validation
from functions.json_paths import MISSING, read_path

_PLACE = re.compile(r"<([\w.-]+)>")
_RULE_ARN, _RULE_NAME = "aws.events.rule-arn", "aws.events.rule-name"
_WHOLE = frozenset({"aws.events.event.json", "aws.events.event"})
_TIME = "aws.events.event.ingestion-time"


def check_input(settings: Mapping[str, Any]) -> None:
    """Raises Validation unless a target may have these of Input, InputPath and InputTransformer."""
    given = [name for name in ("Input", "InputPath", "InputTransformer") if settings.get(name)]
    if len(given) > 1:
        raise Validation("Only one of Input, InputPath and InputTransformer may be given.")
    if "Input" in given:
        _check_json(settings["Input"], "Input")
    if "InputPath" in given:
        _check_path(settings["InputPath"])
    if "InputTransformer" in given:
        transformer = settings["InputTransformer"]
        paths = transformer.get("InputPathsMap", {})
        for path in paths.values():
            _check_path(path)
        sample = dict.fromkeys(paths, "x")
        _check_json(_filled(transformer["InputTemplate"], sample, {}, ""), "InputTemplate")


def input_of(settings: Mapping[str, Any], event: Mapping[str, Any], rule_arn: str) -> str:
    """The JSON text for the target; what is not in the event leaves an empty text in a template, as in AWS."""
    if settings.get("Input"):
        return str(settings["Input"])
    if settings.get("InputPath"):
        found = read_path(settings["InputPath"])(event)
        return json.dumps(None if found is MISSING else found)
    transformer = settings.get("InputTransformer")
    if not transformer:
        return json.dumps(event)
    paths = transformer.get("InputPathsMap", {})
    values = {name: read_path(path)(event) for name, path in paths.items()}
    return _filled(transformer["InputTemplate"], values, event, rule_arn)


def _filled(template: str, values: Mapping[str, Any], event: Mapping[str, Any], rule_arn: str) -> str:
    reserved: dict[str, Any] = {
        _RULE_ARN: rule_arn,
        _RULE_NAME: rule_arn.rpartition("/")[2],
        _TIME: event.get("time", ""),
        **dict.fromkeys(_WHOLE, event),
    }
    parts: list[str] = []
    at = 0
    for match in _PLACE.finditer(template):
        value = values.get(match[1], reserved.get(match[1], MISSING))
        parts.append(template[at : match.start()])
        inside = _is_open("".join(parts))
        parts.append(_shown("" if value is MISSING else value, inside=inside))
        at = match.end()
    return "".join((*parts, template[at:]))


def _is_open(text: str) -> bool:
    """Whether a JSON text has been begun and not ended."""
    plain = text.replace("\\\\", "").replace('\\"', "")
    return plain.count('"') % 2 == 1


def _shown(value: Any, *, inside: bool) -> str:
    if not inside:
        return json.dumps(value)
    return json.dumps(value if isinstance(value, str) else json.dumps(value))[1:-1]


def _check_json(text: str, name: str) -> None:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        raise Validation(f"Invalid {name} : it is not valid JSON.") from None


def _check_path(path: str) -> None:
    try:
        read_path(path)
    except ValueError:
        raise Validation(f"Invalid path {path[:100]}") from None
