"""Billing: a month's cost by function and day, requests, GB-seconds, free tier, forecast, and the prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from console.bars import stacked
from console.http import Place, project_view
from functions import pricing
from functions.queries import usage
from functions.queries.access import live_functions
from functions.queries.usage import FunctionDay, Month, Usage

SORTS = (("name", "Function"), ("requests", "Requests"), ("gbs", "GB-seconds"), ("cost", "Cost"))


@dataclass(frozen=True, slots=True)
class FunctionMonth:
    """A function's row: what it used in the month and its share of the cost, as a fraction."""

    function_id: UUID
    name: str
    usage: Usage
    share: float


@project_view()
def month(request: HttpRequest, place: Place) -> HttpResponse:
    """The bill of one month, this one unless the address names another."""
    today = timezone.now().date()
    chosen = Month.parse(request.GET.get("month", "")) or Month.of(today)
    days = usage.by_function_and_day(project_id=place.project.id, month=chosen)
    used_prices = usage.price_ids(project_id=place.project.id, month=chosen)
    price = pricing.LIST_PRICE
    total = sum((row.usage for row in days), Usage())
    page = {
        "month": chosen,
        "is_running": chosen == Month.of(today),
        "following": chosen.next if chosen.next.first <= today else None,
        "total": total,
        "forecast_pico": usage.forecast_pico(spent=total.cost_pico, month=chosen, today=today),
        "functions": by_function(days, request.GET.get("sort", "cost")),
        "sort": request.GET.get("sort", "cost"),
        "sorts": SORTS,
        "days": list(reversed(days)),
        "live": _live(place, days),
        "picture": picture(days, chosen),
        "axis": _axis(chosen),
        "price": price,
        "price_per_million_pico": price.request_pico * 1_000_000,
        "gb_second_usd": f"${pricing.dollars(price.gb_second_pico):f}",
        "other_prices": [id_ for id_ in used_prices if id_ != price.id],
        "after_free_pico": pricing.after_free_tier_pico(price, total.requests, total.mb_ms),
        "free_requests_share": min(1.0, total.requests / price.free_requests),
        "free_seconds_share": min(1.0, total.gb_seconds / price.free_gb_seconds),
    }
    return render(request, "billing/month.html", page)


def by_function(days: Sequence[FunctionDay], sort: str) -> list[FunctionMonth]:
    """The month's sum for each function."""
    sums: dict[UUID, tuple[str, Usage]] = {}
    for row in days:
        _, before = sums.get(row.function_id, ("", Usage()))
        sums[row.function_id] = (row.function_name, before + row.usage)
    whole = sum(used.cost_pico for _, used in sums.values()) or 1
    rows = [FunctionMonth(id_, name, used, used.cost_pico / whole) for id_, (name, used) in sums.items()]
    keys: dict[str, Any] = {
        "name": lambda row: (row.name,),
        "requests": lambda row: (-row.usage.requests, row.name),
        "gbs": lambda row: (-row.usage.mb_ms, row.name),
    }
    return sorted(rows, key=keys.get(sort, lambda row: (-row.usage.cost_pico, row.name)))


def _live(place: Place, days: Sequence[FunctionDay]) -> set[UUID]:
    """The functions whose pages still exist: numbers of the others lead nowhere."""
    ids = {row.function_id for row in days}
    return set(live_functions(place.project.id).filter(id__in=ids).values_list("id", flat=True))


def picture(days: Sequence[FunctionDay], chosen: Month) -> Any:
    """The month as stacked bars, a bar for each day."""
    values: dict[tuple[int, str], float] = {}
    for row in days:
        key = (row.day.day - 1, row.function_name)
        values[key] = values.get(key, 0) + row.usage.cost_pico
    return stacked(chosen.days, values)


def _axis(chosen: Month) -> list[tuple[float, date]]:
    """Positions in per cent of the width, and days, of the labels under it."""
    return [
        (round((day - 0.5) / chosen.days * 100, 1), chosen.first.replace(day=day))
        for day in (1, 8, 15, 22, 29)
        if day <= chosen.days
    ]
