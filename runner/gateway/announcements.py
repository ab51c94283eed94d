"""Hears over Redis what has changed and tells the catalog. While it cannot hear, the catalog believes its
entries for seconds only."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

import redis.asyncio
import redis.exceptions

from functions.outages import redis_outage
from runner.gateway.catalog import Catalog

RETRY_S = 1.0
log = logging.getLogger("functory.catalog")


class Announcements:
    """The subscription. `home` is where the embedded Redis writes, None for another. `trouble` is "" while it
    stands."""

    def __init__(
        self, client: redis.asyncio.Redis, channel: str, catalog: Catalog, home: Path | None = None
    ) -> None:
        self._client = client
        self._channel = channel
        self._home = home
        self._catalog = catalog
        self.trouble = "The gateway does not hear of changes yet."

    async def run(self) -> None:
        """Listen until cancelled; subscribe again after every break."""
        while True:
            try:
                await self._listen()
            except (redis.exceptions.RedisError, OSError) as error:
                self._broken(redis_outage(error, self._home).message)
            await asyncio.sleep(RETRY_S)

    async def _listen(self) -> None:
        async with self._client.pubsub() as subscription:
            await subscription.subscribe(self._channel)
            async for message in subscription.listen():
                if message["type"] == "subscribe":
                    self.trouble = ""
                    self._catalog.subscribed = True
                    self._catalog.forget_all()
                elif message["type"] == "message":
                    self.heard(message["data"])

    def heard(self, data: bytes) -> None:
        """One announcement; what cannot be read is taken for "anything may have changed"."""
        try:
            document = json.loads(data)
            function_id, key_id = document.get("function_id"), document.get("key_id")
            role = document.get("role")
        except (ValueError, AttributeError):
            log.warning("an announcement could not be read: %r", data[:200])
            self._catalog.forget_all()
            return
        if document.get("project_id"):
            self._catalog.forget_all()
        if function_id:
            self._catalog.function_changed(str(function_id))
        if key_id:
            self._catalog.key_changed(str(key_id))
        if role:
            self._catalog.role_changed(str(role))

    def _broken(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.warning("changes cannot be heard: %s", trouble)
        self.trouble = trouble
        self._catalog.subscribed = False
