"""Writes the README's table of Lambda operations, from the service model and from what is served:
`python -m tests.support.api_table`. A test compares."""

from __future__ import annotations

import os
import re
import sys

# Of these the answer is the truth as well: there is none.
NONE = frozenset(
    {
        "GetFunctionCodeSigningConfig",
    }
)
BY_GATEWAY = frozenset({"Invoke", "InvokeWithResponseStream"})
# The first that fits.
FAMILIES = (
    ("Calls", r"Invoke|InvokeAsync|InvokeWithResponseStream"),
    ("Code signing", r".*CodeSigning.*"),
    ("Capacity providers", r".*CapacityProvider.*"),
    ("Durable executions", r".*Durable.*"),
    ("Layers", r".*Layer.*"),
    ("Event sources", r".*EventSource.*"),
    ("Events", r".*EventInvoke.*|.*Recursion.*"),
    ("Function URLs", r".*FunctionUrl.*"),
    ("Versions and aliases", r".*Alias.*|PublishVersion|ListVersionsByFunction"),
    ("Policies", r".*Permission|.*Policy"),
    ("Concurrency", r".*Concurrency.*|.*ScalingConfig"),
    ("Tags and the account", r".*Tags|TagResource|UntagResource|GetAccountSettings"),
    ("Runtime management", r".*RuntimeManagement.*"),
    ("Functions", r".*"),
)


def table() -> str:
    """The table, in Markdown."""
    from console.api.model import lambda_model
    from console.api.table import OPERATIONS

    rows = {title: ([], [], []) for title, _ in FAMILIES}  # type: dict[str, tuple[list[str], ...]]
    for operation in sorted(lambda_model().operations, key=lambda one: one.name):
        name = operation.name
        served = name in OPERATIONS or name in BY_GATEWAY
        rows[family(name)][1 if name in NONE else 0 if served else 2].append(name)
    lines = ["| | served | there is none, and the answer says so | refused |", "|---|---|---|---|"]
    lines += [
        f"| {title} | {' | '.join(', '.join(names) for names in columns)} |"
        for title, columns in rows.items()
    ]
    return "\n".join(lines) + "\n"


def family(name: str) -> str:
    """The row of an operation."""
    return next(title for title, pattern in FAMILIES if re.fullmatch(pattern, name))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    import django

    django.setup()
    sys.stdout.write(table())
