"""Results as text: one table per run, and one of two runs side by side. Lines are Markdown, fit for the README."""

from __future__ import annotations

from tests.bench.figures import FLOOR, FUNCTORY, Result, Row

HEAD = ("case", "setting", "compared with", "", "Functory", "ratio", "to reach", "")


def shown(value: float | None, unit: str) -> str:
    """A figure with its unit, as many digits as mean something."""
    if value is None:
        return ""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".strip()


def line(row: Row) -> tuple[str, ...]:
    """The cells of one row."""
    verdict = {True: "met", False: "**missed**", None: ""}[row.met]
    reference = row.middle(row.against)
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}x"
    return (
        row.case,
        row.setting,
        row.against if reference is not None else "",
        shown(reference, row.unit),
        shown(row.middle(row.subject), row.unit),
        ratio,
        row.bar.words(row.unit),
        verdict,
    )


def table(head: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    """Aligned Markdown."""
    widths = [max(len(one[at]) for one in [head, *lines]) for at in range(len(head))]
    written = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(one, widths, strict=True)) + " |"
        for one in [head, *lines]
    ]
    written.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(written)


def text(result: Result) -> str:
    """The whole result."""
    rig = "\n".join(f"{name}: {value}" for name, value in result.rig.items())
    notes = "\n".join(result.notes)
    judged = [row for row in result.rows if row.met is not None]
    reached = sum(1 for row in judged if row.met)
    lines = [line(row) for row in result.rows]
    return f"{rig}\n\n{table(HEAD, lines)}\n\n{notes}\n{reached} of {len(judged)} reached.\n"


def compared(before: Result, after: Result) -> str:
    """Ratios of two runs side by side: figures drift with the machine, ratios of one run do not."""
    old = {row.key: row for row in before.rows}
    lines = []
    for row in after.rows:
        was = old.get(row.key)
        if was is None:
            continue
        a, b = was.ratio, row.ratio
        change = f"{(b / a - 1) * 100:+.0f} %" if a and b else ""
        lines.append(
            (
                row.case,
                row.setting,
                shown(was.middle(was.subject), row.unit),
                shown(row.middle(row.subject), row.unit),
                f"{a:.2f}x" if a is not None else "",
                f"{b:.2f}x" if b is not None else "",
                change,
            )
        )
    return table(("case", "setting", "figure A", "figure B", "ratio A", "ratio B", "ratio"), lines)


__all__ = ["FLOOR", "FUNCTORY", "compared", "text"]
