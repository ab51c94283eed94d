"""Billing: a month's cost by function and day, requests, GB-seconds, free tier, forecast, and the prices. Of many
functions the dearest are named, the others are one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from console.bars import stacked
from console.forms import Form
from console.http import Place, project_view
from functions import pricing
from functions.queries import budgets, usage
from functions.queries.access import live_functions
from functions.queries.usage import Extent, FunctionDay, FunctionMonth, Month, Usage

SORTS = (("name", "Function"), ("requests", "Requests"), ("gbs", "GB-seconds"), ("cost", "Cost"))
_ORDERS = {"name": "name", "requests": "requests", "gbs": "mb_ms"}
MOST_NAMED = 50
MOST_DRAWN = 5  # and the others: each has a bar and a line for every day
OTHERS = "Other functions"


@dataclass(frozen=True, slots=True)
class DayLine:
    """A line of the table by day: a function's, or what all others used. `href` leads to the calls behind it, ""
    where there is no page of theirs."""

    day: date
    usage: Usage
    name: str = OTHERS
    href: str = ""

    @property
    def day_text(self) -> str:
        """As tables and addresses have it."""
        return self.day.isoformat()


@project_view()
def month(request: HttpRequest, place: Place) -> HttpResponse:
    """The bill of one month, this one unless the address names another."""
    return page_of(request, place)


def page_of(
    request: HttpRequest, place: Place, *, budget_form: Form | None = None, status: int = 200
) -> HttpResponse:
    """The page, with a refused budget's form where there is one."""
    today = timezone.now().date()
    chosen = Month.parse(request.GET.get("month", "")) or Month.of(today)
    of: dict[str, Any] = {"project_id": place.project.id, "month": chosen}
    sort, extent = request.GET.get("sort", "cost"), usage.extent(**of)
    one_price = len(extent.price_ids) == 1
    functions = usage.by_function(
        **of, order=_ORDERS.get(sort, "cost_pico"), limit=MOST_NAMED, one_price=one_price
    )
    dearest = functions if sort == "cost" else usage.by_function(**of, limit=MOST_DRAWN, one_price=one_price)
    live = _live(place, [*functions, *dearest])
    days = _days(place, chosen, dearest[:MOST_DRAWN], live)
    price = pricing.LIST_PRICE
    total = sum((line.usage for line in days), Usage())
    page = {
        "month": chosen,
        "is_running": chosen == Month.of(today),
        "following": chosen.next if chosen.next.first <= today else None,
        "total": total,
        "forecast_pico": usage.forecast_pico(spent=total.cost_pico, month=chosen, today=today),
        "functions": [(row, row.usage.cost_pico / (total.cost_pico or 1)) for row in functions],
        "others": _others(extent, functions, total),
        "sort": sort,
        "sorts": SORTS,
        "days": list(reversed(days)),
        "live": live,
        "picture": picture(days, chosen),
        "axis": _axis(chosen),
        "price": price,
        "price_per_million_pico": price.request_pico * 1_000_000,
        "gb_second_usd": f"${pricing.dollars(price.gb_second_pico):f}",
        "other_prices": [id_ for id_ in extent.price_ids if id_ != price.id],
        "after_free_pico": pricing.after_free_tier_pico(price, total.requests, total.mb_ms),
        "free_requests_share": min(1.0, total.requests / price.free_requests),
        "free_seconds_share": min(1.0, total.gb_seconds / price.free_gb_seconds),
        "budgets": budgets.listing(place.project.pk) if chosen == Month.of(today) else [],
        "budget_form": budget_form
        or Form({"function": request.GET.get("budget", ""), "amount": "", "hard": ""}),
    }
    return render(request, "billing/month.html", page, status=status)


def _days(
    place: Place, chosen: Month, dearest: Sequence[FunctionMonth], live: Mapping[UUID, str]
) -> list[DayLine]:
    """The dearest functions' days and what is left of each day, by day and then dearest first."""
    named = usage.days_of(function_ids=[row.function_id for row in dearest], month=chosen)
    pages = {
        row.function_id: reverse("function_monitor", args=[place.account, live[row.function_id]])
        for row in dearest
        if row.function_id in live
    }
    lines = [DayLine(row.day, row.usage, row.function_name, _calls(pages, row)) for row in named]
    for day, whole in usage.by_day(project_id=place.project.id, month=chosen).items():
        rest = whole - sum((row.usage for row in named if row.day == day), Usage())
        if rest.requests > 0:
            lines.append(DayLine(day, rest))
    return sorted(lines, key=lambda line: (line.day, line.name == OTHERS, -line.usage.cost_pico))


def _calls(pages: Mapping[UUID, str], row: FunctionDay) -> str:
    """Where a function's calls of a day are."""
    page, following = pages.get(row.function_id), row.day + timedelta(days=1)
    return f"{page}?from={row.day}T00:00:00Z&to={following}T00:00:00Z#calls" if page else ""


def _others(extent: Extent, named: Sequence[FunctionMonth], total: Usage) -> dict[str, Any] | None:
    """How many functions are not named, and what they used together."""
    left = extent.functions - len(named)
    rest = total - sum((row.usage for row in named), Usage())
    return {"count": left, "usage": rest, "share": rest.cost_pico / (total.cost_pico or 1)} if left else None


def _live(place: Place, functions: Sequence[FunctionMonth]) -> Mapping[UUID, str]:
    """The addresses of functions whose pages still exist: numbers of the others lead nowhere."""
    ids = {row.function_id for row in functions}
    rows = live_functions(place.project.id).filter(id__in=ids).only("name", "region")
    return {row.pk: row.address for row in rows}


def picture(days: Sequence[DayLine], chosen: Month) -> Any:
    """The month as stacked bars, a bar for each day."""
    values: dict[tuple[int, str], float] = {}
    for line in days:
        key = (line.day.day - 1, line.name)
        values[key] = values.get(key, 0) + line.usage.cost_pico
    return stacked(chosen.days, values)


def _axis(chosen: Month) -> list[tuple[float, date]]:
    """Positions in per cent of the width, and days, of the labels under it."""
    return [
        (round((day - 0.5) / chosen.days * 100, 1), chosen.first.replace(day=day))
        for day in (1, 8, 15, 22, 29)
        if day <= chosen.days
    ]
