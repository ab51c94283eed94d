"""What is to be done about a budget. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from functions.errors import InvalidParameterValue
from functions.pricing import PICO

# Shares of the amount, in per cent, that are announced when they are reached.
ANNOUNCED = (50, 80, 100)
LEAST = Decimal("0.0001")
MOST = Decimal("1000000")


@dataclass(frozen=True, slots=True)
class Finding:
    """`announce` is the share to tell of now, 0 for none; `stop` says that calls are to be refused from now on."""

    announce: int
    stop: bool


def find(
    *, spent: int, amount: int, is_hard: bool, announced: int, is_stopped: bool, is_lifted: bool
) -> Finding:
    """What a look at a budget comes to; money in one unit, whichever."""
    reached = max((share for share in ANNOUNCED if spent * 100 >= amount * share), default=0)
    return Finding(
        announce=reached if reached > announced else 0,
        stop=is_hard and spent >= amount and not is_stopped and not is_lifted,
    )


def read_amount(text: str) -> int:
    """Dollars as typed ("5", "0.50", "$1,000"), in 1e-12 USD; raises InvalidParameterValue with field `amount`."""
    try:
        amount = Decimal(text.strip().removeprefix("$").replace(",", ""))
    except InvalidOperation:
        raise InvalidParameterValue("An amount in dollars, as 5 or 0.50.", field="amount") from None
    if not (amount.is_finite() and LEAST <= amount <= MOST):
        raise InvalidParameterValue(f"From {LEAST} to {MOST:,} dollars.", field="amount")
    return int(amount * PICO)
