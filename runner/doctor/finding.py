"""What one look found, and how findings are shown. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is: works; works, but less well or safely; does not work."""

    GOOD = "✓"
    WEAK = "!"
    BAD = "✗"


@dataclass(frozen=True, slots=True)
class Finding:
    """`remedy` is empty when nothing has to be done."""

    subject: str
    level: Level
    fact: str
    remedy: str = ""


def good(subject: str, fact: str) -> Finding:
    """All is well."""
    return Finding(subject, Level.GOOD, fact)


def weak(subject: str, fact: str, remedy: str) -> Finding:
    """It works, with a loss that is named."""
    return Finding(subject, Level.WEAK, fact, remedy)


def bad(subject: str, fact: str, remedy: str) -> Finding:
    """Functory cannot work like this."""
    return Finding(subject, Level.BAD, fact, remedy)


def guarded(subject: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What a look found; a look that fails itself is a finding and ends no other."""
    try:
        return list(look())
    except Exception as error:  # noqa: BLE001 - whatever is broken here is what was asked for
        return [
            bad(
                subject,
                f"{type(error).__name__}: {error}",
                "The look itself failed; report it with this line.",
            )
        ]


def table(findings: Sequence[Finding]) -> str:
    """Two columns, and below each trouble what helps."""
    width = max((len(finding.subject) for finding in findings), default=0)
    lines = []
    for finding in findings:
        lines.append(f"{finding.level} {finding.subject:<{width}}  {finding.fact}")
        if finding.remedy:
            lines += [f"  {'':<{width}}  → {line}" for line in finding.remedy.splitlines()]
    return "\n".join(lines)


def verdict(findings: Sequence[Finding]) -> str:
    """One sentence."""
    wrong = sum(finding.level is Level.BAD for finding in findings)
    lesser = sum(finding.level is Level.WEAK for finding in findings)
    if wrong:
        return f"{wrong} of {len(findings)} looks found something that keeps Functory from working."
    if lesser:
        return f"Functory works here; {lesser} of {len(findings)} looks found something that could be better."
    return "All is well."
