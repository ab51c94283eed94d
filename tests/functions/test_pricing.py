"""Money: exact, rounded as AWS does, and the same whichever way it is added up."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import pricing
from functions.pricing import (
    LIST_PRICE,
    after_free_tier_pico,
    billed_ms,
    cost_per_million_pico,
    cost_pico,
    dollars,
)


def test_the_list_price_says_where_it_comes_from():
    assert dollars(LIST_PRICE.request_pico) * 10**6 == Decimal("0.20")
    assert dollars(LIST_PRICE.gb_second_pico) == Decimal("0.0000166667")
    assert LIST_PRICE.source.startswith("https://aws.amazon.com/")
    assert pricing.price_of(LIST_PRICE.id) is LIST_PRICE
    with pytest.raises(KeyError):
        pricing.price_of("none")


@pytest.mark.parametrize(
    "duration_us, init_us, billed", [(0, 0, 1), (1, 0, 1), (1000, 0, 1), (1001, 0, 2), (1500, 84_200, 86)]
)
def test_billed_time_is_rounded_up_and_has_init_in_it(duration_us, init_us, billed):
    assert billed_ms(duration_us, init_us) == billed


def test_awss_own_example():
    """AWS's pricing page: 1,536 MB, 3 million requests of 120 ms: 540,000 GB-s, $2.33 and $0.40 a month."""
    mb_ms = 3_000_000 * 1536 * 120
    assert mb_ms == 540_000 * pricing.MB_MS_PER_GB_S
    total = dollars(after_free_tier_pico(LIST_PRICE, 3_000_000, mb_ms))
    assert total.quantize(Decimal("0.01")) == Decimal("2.73")


def test_one_millisecond_at_128_mb():
    assert cost_pico(LIST_PRICE, 128, 1) == 200_000 + 2083
    assert cost_per_million_pico(LIST_PRICE, 128, 1) == 200_000 * 10**6 + 2_083_337_500


def test_below_the_free_tier_nothing_is_due():
    assert after_free_tier_pico(LIST_PRICE, 1_000_000, 400_000 * pricing.MB_MS_PER_GB_S) == 0
    assert after_free_tier_pico(LIST_PRICE, 1_000_001, 0) == LIST_PRICE.request_pico


@given(st.integers(128, 10240), st.integers(1, 900_000), st.integers(1, 900_000))
def test_more_never_costs_less(memory, first, second):
    low, high = sorted((first, second))
    assert cost_pico(LIST_PRICE, memory, low) <= cost_pico(LIST_PRICE, memory, high)
