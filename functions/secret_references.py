"""References to secrets in the values of environment variables, in the form of CloudFormation's dynamic references:
{{resolve:secretsmanager:NAME}}, or with :SecretString:KEY for one member of a JSON secret. Pure.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from functions.errors import InvalidParameterValue, unresolved_secret

# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
_NAME = r"[A-Za-z0-9/_+=.@-]{1,512}"
NAME = re.compile(_NAME)
_ANY = re.compile(r"\{\{resolve:[^}]*\}\}")
_REFERENCE = re.compile(r"\{\{resolve:secretsmanager:(" + _NAME + r")(?::SecretString(?::([^:}]+))?)?\}\}")


def reference(name: str) -> str:
    """What stands in a variable's value for a secret."""
    return f"{{{{resolve:secretsmanager:{name}}}}}"


def referenced(variables: Mapping[str, str]) -> set[str]:
    """The names of the secrets that variables refer to; raises InvalidParameterValue with field `environment`
    for a reference that cannot be read."""
    names = set()
    for variable, value in variables.items():
        for found in _ANY.finditer(value):
            match = _REFERENCE.fullmatch(found[0])
            if match is None:
                raise InvalidParameterValue(
                    f"{variable}: {found[0][:120]} is not a reference to a secret. Write "
                    f"{reference('NAME')}, or {{{{resolve:secretsmanager:NAME:SecretString:KEY}}}}.",
                    field="environment",
                )
            names.add(match[1])
    return names


def resolve(variables: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """The variables with each reference replaced by what `values` (by name) have; raises UnresolvedSecret."""
    return {variable: _REFERENCE.sub(_replacement(values), value) for variable, value in variables.items()}


def _replacement(values: Mapping[str, str]) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        name, key = match[1], match[2]
        if name not in values:
            raise unresolved_secret(f"there is no secret {name} in this project.")
        return values[name] if key is None else _member(name, key, values[name])

    return replace


def _member(name: str, key: str, value: str) -> str:
    try:
        member = json.loads(value)[key]
    except (ValueError, KeyError, TypeError):
        raise unresolved_secret(f"the secret {name} is no JSON object with a member {key}.") from None
    return member if isinstance(member, str) else json.dumps(member)
