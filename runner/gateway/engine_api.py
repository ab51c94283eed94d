"""What web asks of the engine, to which it has no access: which container images users have, what a name of one means
now, and what the kernel holds a sandbox to."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

import msgspec

from functions.container_images import PinnedImage
from functions.errors import FunctoryError, InvalidRequestContent, ServiceUnavailable
from runner.client import LocalImage
from runner.gateway import answers
from runner.gateway.exchange import Exchange
from runner.gateway.invocation import new_request_id

PATH = "/_functory/images"
SANDBOXES, HELD = "/_functory/sandboxes/", "/held"


class Images(Protocol):
    """What the engine knows of users' images. Blocking; raises FunctoryError, or RuntimeError when the engine does
    not answer."""

    def local(self) -> list[LocalImage]:
        """Those that are there."""
        ...

    def pin(self, uri: str) -> PinnedImage:
        """What a name means now."""
        ...


class ReadBack(Protocol):
    """What holds for a sandbox (its id), as runner.client.HeldView has it. Blocking; raises RuntimeError."""

    def __call__(self, sandbox_id: str) -> dict[str, Any]:
        """Read it."""
        ...


class PinOrder(msgspec.Struct, frozen=True):
    """Body of POST /_functory/images."""

    uri: str


class EngineApi:
    """GET lists images, POST pins one; both are refused where there are none. GET .../held reads back."""

    def __init__(self, images: Images | None, read_back: ReadBack | None) -> None:
        self._images = images
        self._read_back = read_back

    def serves(self, path: str) -> bool:
        """Whether a path is of these."""
        return path == PATH or (path.startswith(SANDBOXES) and path.endswith(HELD))

    async def answer(self, method: str, exchange: Exchange) -> None:
        """Answer one request. On a thread: an engine, and a registry behind it, take their time."""
        path = exchange.request.path
        try:
            if path.endswith(HELD):
                found: object = await asyncio.to_thread(self._held, path[len(SANDBOXES) : -len(HELD)])
            else:
                found = await asyncio.to_thread(self._found, method, exchange.request.body)
        except msgspec.DecodeError as error:
            answers.refuse(exchange, InvalidRequestContent(str(error)), new_request_id())
        except FunctoryError as error:
            answers.refuse(exchange, error, new_request_id())
        except RuntimeError as error:
            answers.refuse(exchange, ServiceUnavailable(str(error)), new_request_id())
        else:
            exchange.respond(200, [answers.JSON], msgspec.json.encode(found))

    def _held(self, sandbox_id: str) -> dict[str, Any]:
        if self._read_back is None:
            raise ServiceUnavailable("This gateway has no engine that runs sandboxes.")
        return self._read_back(sandbox_id)

    def _found(self, method: str, body: bytes) -> list[LocalImage] | PinnedImage:
        if self._images is None:
            raise ServiceUnavailable("This gateway has no engine that keeps images.")
        if method == "POST":
            return self._images.pin(msgspec.json.decode(body, type=PinOrder).uri)
        return self._images.local()
