"""What a call costs: the price table with its date and source, and exact integer arithmetic. Pure.

Money is counted in pico-dollars (1e-12 US dollars), since 1 ms at 128 MB costs 2,083 of them. The default
is AWS's public list price for us-east-1, x86, in force since 2025-08-01."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

PICO = 10**12
MB_MS_PER_GB_S = 1024 * 1000


@dataclass(frozen=True, slots=True)
class Price:
    """One row of the table. Prices in pico-dollars; free amounts per month."""

    id: str
    since: date
    source: str
    request_pico: int
    gb_second_pico: int
    free_requests: int
    free_gb_seconds: int


LIST_PRICE = Price(
    id="aws-us-east-1-x86-2025-08",
    since=date(2025, 8, 1),
    source="https://aws.amazon.com/lambda/pricing/",
    request_pico=200_000,  # $0.20 per million
    gb_second_pico=16_666_700,  # $0.0000166667
    free_requests=1_000_000,
    free_gb_seconds=400_000,
)
PRICES: tuple[Price, ...] = (LIST_PRICE,)


def price_of(price_id: str) -> Price:
    """The row with that id; raises KeyError."""
    return {price.id: price for price in PRICES}[price_id]


def billed_ms(duration_us: int, init_us: int = 0) -> int:
    """Milliseconds billed: duration and, since 2025-08-01, the Init phase of every cold start
    (https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/), rounded up."""
    return -(-(duration_us + init_us) // 1000) or 1


def cost_pico(price: Price, memory_mb: int, billed: int) -> int:
    """Cost of one call in pico-dollars, rounded half up, before any free tier."""
    return price.request_pico + usage_pico(price, memory_mb * billed)


def usage_pico(price: Price, mb_ms: int) -> int:
    """Cost of memory times time, in MB-milliseconds, in pico-dollars."""
    return (mb_ms * price.gb_second_pico + MB_MS_PER_GB_S // 2) // MB_MS_PER_GB_S


def cost_per_million_pico(price: Price, memory_mb: int, billed: int) -> int:
    """Cost of a million such calls."""
    return 1_000_000 * price.request_pico + usage_pico(price, memory_mb * billed * 1_000_000)


def after_free_tier_pico(price: Price, requests: int, mb_ms: int) -> int:
    """A month's cost once the free tier is taken off."""
    paid_requests = max(0, requests - price.free_requests)
    paid_mb_ms = max(0, mb_ms - price.free_gb_seconds * MB_MS_PER_GB_S)
    return paid_requests * price.request_pico + usage_pico(price, paid_mb_ms)


def dollars(pico: int) -> Decimal:
    """Pico-dollars as dollars, exactly."""
    return Decimal(pico) / PICO
