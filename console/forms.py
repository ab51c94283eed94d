"""What was typed into a form and what is wrong with it: nothing typed is ever lost. Rules are the services'."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.http import QueryDict

from functions.errors import FunctoryError, InvalidParameterValue


@dataclass(slots=True)
class Form:
    """Values by field name, and errors by field name; `general` is an error that belongs to no field."""

    values: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, post: QueryDict, names: Iterable[str]) -> Form:
        """What was typed, without blanks around it; fields that were not sent are ""."""
        return cls({name: post.get(name, "").strip() for name in names})

    @property
    def general(self) -> str:
        """An error of the whole form."""
        return self.errors.get("", "")

    def text(self, name: str) -> str:
        """What was typed into a field. (No __getitem__: templates would look names up there first.)"""
        return self.values.get(name, "")

    def refuse(self, error: FunctoryError) -> None:
        """Put a refusal beside its field, or above the form when no such field was typed."""
        self.errors[error.field if error.field in self.values else ""] = error.message

    def number(self, name: str, label: str) -> int:
        """A whole number; raises InvalidParameterValue with the field."""
        text = self.text(name).replace(",", "").replace(" ", "")
        if not text.isdecimal():
            raise InvalidParameterValue(f"{label} is a whole number.", field=name)
        return int(text)


def read_pairs(post: QueryDict, name: str) -> list[tuple[str, str]]:
    """Rows of two fields, `<name>_name` and `<name>_value`; rows without a name are left out."""
    names, values = post.getlist(f"{name}_name"), post.getlist(f"{name}_value")
    rows = zip(names, values, strict=False)
    return [(key.strip(), value) for key, value in rows if key.strip() or value]


def as_mapping(pairs: Iterable[tuple[str, str]], *, field_name: str, noun: str) -> dict[str, str]:
    """Rows as a mapping; raises InvalidParameterValue for a missing or repeated name."""
    found: dict[str, str] = {}
    for key, value in pairs:
        if not key:
            raise InvalidParameterValue(f"A {noun} needs a name.", field=field_name)
        if key in found:
            raise InvalidParameterValue(f"The {noun} {key} is there twice.", field=field_name)
        found[key] = value
    return found


def as_pairs(values: Mapping[str, str]) -> list[tuple[str, str]]:
    """A mapping as rows, by name."""
    return sorted(values.items())
