"""A report every Monday morning: sums the orders of each week and product, and sends the table where
REPORT_URL says, or gives it back where that is not set.

The orders lie beside the code in data/orders.csv. Any file may: it is read-only, under /var/task.
"""

import csv
import os
import urllib.request
from collections import Counter
from datetime import date
from pathlib import Path

ORDERS = Path(__file__).parent / "data" / "orders.csv"
REPORT_URL = os.environ.get("REPORT_URL", "")
RESERVE_S = 0.5  # what is left for the answer once the sending has given up


def lambda_handler(event, context):
    # A schedule gives the time it was due. Reading the clock instead would put a run that came late, or that
    # was tried again, into another week.
    until = date.fromisoformat(event["time"][:10])
    weeks, pieces, cents = sums(until)
    report = as_markdown(weeks, pieces, cents)
    print(f"{len(weeks)} weeks until {until}: {sum(pieces.values())} pieces")
    if REPORT_URL:
        send(report, timeout=context.get_remaining_time_in_millis() / 1000 - RESERVE_S)
    return {"weeks": weeks, "cents": sum(cents.values()), "sent": bool(REPORT_URL), "report": report}


def sums(until):
    """Pieces and cents by week and product. Money in whole cents: floats lose some on the way."""
    pieces, cents = Counter(), Counter()
    with ORDERS.open(newline="") as file:
        for row in csv.DictReader(file):
            day = date.fromisoformat(row["day"])
            if day >= until:
                continue
            key = (week_of(day), row["product"])
            pieces[key] += int(row["pieces"])
            cents[key] += int(row["cents"])
    return sorted({week for week, _ in pieces}), pieces, cents


def week_of(day):
    """The ISO week, as 2026-W45: its year may differ from the day's around New Year."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def as_markdown(weeks, pieces, cents):
    lines = []
    for week in weeks:
        lines += [f"## {week}", "", "| product | pieces | amount |", "|---|---:|---:|"]
        for key in sorted(key for key in pieces if key[0] == week):
            lines.append(f"| {key[1]} | {pieces[key]} | {cents[key] / 100:.2f} |")
        lines.append("")
    return "\n".join(lines)


def send(report, timeout):
    """Raises when the receiver refuses: the call then fails, is tried again, and shows up with its error."""
    request = urllib.request.Request(
        REPORT_URL, report.encode(), {"content-type": "text/markdown; charset=utf-8"}
    )
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        print(f"the receiver says {answer.status}")
