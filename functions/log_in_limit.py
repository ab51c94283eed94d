"""How often somebody may try to log in. Counted in Redis, for all web processes together; while Redis is away nobody
is kept out. Knows no passwords."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass

import redis

logger = logging.getLogger(__name__)

WINDOW_S = 15 * 60
PER_NAME_AND_ADDRESS = 10
PER_ADDRESS = 50
# However many addresses take part: https://pages.nist.gov/800-63-4/sp800-63b.html, 3.2.2 (rate limiting).
PER_NAME = 100


@dataclass(frozen=True, slots=True)
class LogInLimit:
    """The counters of one installation. Their keys hold hashes: a name that was typed may be a password."""

    client: redis.Redis
    prefix: str

    def wait_s(self, name: str, address: str) -> int:
        """Seconds until another attempt is heard, 0 if one is now."""
        try:
            return max(self._left(key, most) for key, most in self._counters(name, address))
        except redis.RedisError as error:
            logger.warning("attempts to log in are not counted: %s", error)
            return 0

    def failed(self, name: str, address: str) -> None:
        """Count an attempt with a wrong name or password."""
        try:
            with self.client.pipeline(transaction=True) as pipeline:
                for key, _ in self._counters(name, address):
                    pipeline.incr(key)
                    pipeline.expire(key, WINDOW_S, nx=True)
                pipeline.execute()
        except redis.RedisError as error:
            logger.warning("attempts to log in are not counted: %s", error)

    def succeeded(self, name: str, address: str) -> None:
        """Forget what this person mistyped here; others' attempts on the name stay counted."""
        try:
            self.client.delete(self._counters(name, address)[0][0])
        except redis.RedisError as error:
            logger.warning("attempts to log in are not counted: %s", error)

    def _counters(self, name: str, address: str) -> tuple[tuple[str, int], ...]:
        folded = name.casefold()
        return (
            (self._key("both", f"{folded}\0{address}"), PER_NAME_AND_ADDRESS),
            (self._key("address", address), PER_ADDRESS),
            (self._key("name", folded), PER_NAME),
        )

    def _key(self, kind: str, what: str) -> str:
        return f"{self.prefix}log-in:{kind}:{hashlib.sha256(what.encode()).hexdigest()[:32]}"

    def _left(self, key: str, most: int) -> int:
        count = self.client.get(key)
        if count is None or int(count) < most:
            return 0
        return max(1, int(self.client.ttl(key)))
