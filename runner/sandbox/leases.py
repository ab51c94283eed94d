"""Concurrency leases: how many calls of a function and of an account run at once, and when one more is
refused. Pure counting; knows no sandboxes."""

from __future__ import annotations

from dataclasses import dataclass, field

# ThrottleReason of the Lambda API.
RATE = "FunctionInvocationRateLimitExceeded"
RESERVED = "ReservedFunctionConcurrentInvocationLimitExceeded"
ACCOUNT = "ConcurrentInvocationLimitExceeded"


@dataclass(slots=True)
class _Account:
    unreserved: int = 0
    reserved: dict[str, int] = field(default_factory=dict)


class Leases:
    """A lease is taken per call and given back at its end, exactly once."""

    def __init__(self) -> None:
        self._running: dict[str, int] = {}
        self._accounts: dict[str, _Account] = {}

    def take(self, function_id: str, account: str, reserved: int | None, account_limit: int) -> str:
        """Take a lease; returns "" or AWS's reason for the refusal. A reservation is the function's alone and
        its limit; what others share is the account's limit less all reservations
        (https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html)."""
        running = self._running.get(function_id, 0)
        shared = self._accounts.get(account)
        if shared is None:
            shared = self._accounts[account] = _Account()
        if reserved is not None:
            shared.reserved[function_id] = reserved
            if running >= reserved:
                return RESERVED
        else:
            if shared.reserved:
                shared.reserved.pop(function_id, None)
            if shared.unreserved >= account_limit - sum(shared.reserved.values()):
                return ACCOUNT
            shared.unreserved += 1
        self._running[function_id] = running + 1
        return ""

    def give_back(self, function_id: str, account: str, reserved: int | None) -> None:
        """End a lease, with the same reservation as it was taken."""
        running = self._running[function_id] - 1
        if running:
            self._running[function_id] = running
        else:
            del self._running[function_id]
        if reserved is None:
            self._accounts[account].unreserved -= 1

    def running(self, function_id: str) -> int:
        """How many calls of the function hold a lease."""
        return self._running.get(function_id, 0)
