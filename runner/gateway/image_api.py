"""What web asks of users' container images: which there are, and what a name means now. Web itself has no access to
the engine."""

from __future__ import annotations

import asyncio
from typing import Protocol

import msgspec

from functions.container_images import PinnedImage
from functions.errors import FunctoryError, InvalidRequestContent, ServiceUnavailable
from runner.client import LocalImage
from runner.gateway import answers
from runner.gateway.exchange import Exchange
from runner.gateway.invocation import new_request_id

PATH = "/_functory/images"


class Images(Protocol):
    """What the engine knows of users' images. Blocking; raises FunctoryError, or RuntimeError when the engine does
    not answer."""

    def local(self) -> list[LocalImage]:
        """Those that are there."""
        ...

    def pin(self, uri: str) -> PinnedImage:
        """What a name means now."""
        ...


class PinOrder(msgspec.Struct, frozen=True):
    """Body of POST /_functory/images."""

    uri: str


class ImageApi:
    """GET lists, POST pins. `images` is None where there is no engine."""

    def __init__(self, images: Images | None) -> None:
        self._images = images

    async def answer(self, method: str, exchange: Exchange) -> None:
        """Answer one request. On a thread: an engine, and a registry behind it, take their time."""
        try:
            found = await asyncio.to_thread(self._found, method, exchange.request.body)
        except msgspec.DecodeError as error:
            answers.refuse(exchange, InvalidRequestContent(str(error)), new_request_id())
        except FunctoryError as error:
            answers.refuse(exchange, error, new_request_id())
        except RuntimeError as error:
            answers.refuse(exchange, ServiceUnavailable(str(error)), new_request_id())
        else:
            exchange.respond(200, [answers.JSON], msgspec.json.encode(found))

    def _found(self, method: str, body: bytes) -> list[LocalImage] | PinnedImage:
        if self._images is None:
            raise ServiceUnavailable("This gateway has no engine that keeps images.")
        if method == "POST":
            return self._images.pin(msgspec.json.decode(body, type=PinOrder).uri)
        return self._images.local()
