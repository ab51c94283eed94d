"""Container images of users, as code of functions: which there are, what a name means now, and that they stay while
a version needs them. Names and pulls; removes no image, ever."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, DockerException, ImageNotFound
from requests.exceptions import RequestException

from functions.container_images import PinnedImage, read_uri
from functions.errors import FunctoryError, InvalidParameterValue, ServiceUnavailable
from runner.client import LocalImage
from runner.images.errors import ImageError
from runner.sandbox.engine.words import engine_words

OURS = "functory/"
KEPT = "functory-kept/"
REGISTRY_TIMEOUT_S = 10
PULL_SILENCE_S = 60  # without a word from a registry that had answered
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
_LABELS = ("org.opencontainers.image.title", "org.opencontainers.image.description", "description")
_ABSENT = frozenset({400, 401, 403, 404})


class UserImages:
    """A connection to one local engine; close it, or use it as a context manager. Raises ImageError when the engine
    does not answer."""

    def __init__(self, socket: Path, timeout_s: int = REGISTRY_TIMEOUT_S) -> None:
        self._socket = socket
        try:
            self._api = docker.APIClient(base_url=f"unix://{socket}", version="auto", timeout=timeout_s)
        except DockerException as error:
            raise ImageError(engine_words(error, socket)) from error

    def __enter__(self) -> UserImages:
        return self

    def __exit__(self, *_: object) -> None:
        self._api.close()

    def local(self) -> list[LocalImage]:
        """Those of this machine's engine that have a name of their own, newest first."""
        try:
            listed: list[dict[str, Any]] = self._api.images()
        except (DockerException, RequestException) as error:
            raise ImageError(engine_words(error, self._socket)) from error
        found = [_local(item, names) for item in listed if (names := _own_names(item))]
        return sorted(found, key=lambda each: -each.created_us)

    def pin(self, uri: str) -> PinnedImage:
        """What a name means now: this machine's image, or else the registry's, which is not fetched yet. Raises
        InvalidParameterValue for one that there is not, ServiceUnavailable when its registry does not answer."""
        name = read_uri(uri)
        here = self._look(uri)
        if here is not None:
            return _pinned(uri, here)
        if not name.repository:
            raise _no_image(uri)
        digest = name.digest or self._ask_registry(uri)
        return PinnedImage(uri, digest, f"{name.repository}@{digest}")

    def fetch(self, pinned: PinnedImage, on_line: Callable[[str], None]) -> PinnedImage:
        """The same image, on this machine: pulled if it is not here. Raises as `pin`."""
        here = self._look(pinned.reference)
        if here is None:
            repository, _, digest = pinned.reference.partition("@")
            if not digest:
                raise InvalidParameterValue(
                    f"Image {pinned.uri} was removed from this machine's engine after it was chosen: build it again."
                )
            self._pull(pinned.uri, repository, digest, on_line)
            here = self._look(pinned.reference)
        if here is None:
            raise _no_image(pinned.uri)
        found = _pinned(pinned.uri, here)
        return PinnedImage(
            pinned.uri,
            pinned.digest,
            found.reference,
            found.size,
            found.entry_point,
            found.command,
            found.directory,
        )

    def keep(self, pinned: PinnedImage, instance: str) -> None:
        """One more name, so that an image that loses its own (a tag that moves on) is not pruned while a version
        needs it."""
        self._api.tag(pinned.reference, f"{KEPT}{instance}", pinned.sha256[:40], force=True)

    def kept(self, instance: str) -> list[str]:
        """The first 40 digits of the digests that are kept for an installation."""
        prefix = f"{KEPT}{instance}:"
        listed: list[dict[str, Any]] = self._api.images(f"{KEPT}{instance}")
        return [
            tag.removeprefix(prefix)
            for item in listed
            for tag in item.get("RepoTags") or ()
            if tag.startswith(prefix)
        ]

    def release(self, digits: str, instance: str) -> bool:
        """Take our name off an image that has another; one that has none stays as it is, since taking its last name
        would remove it. Whether the name went."""
        name = f"{KEPT}{instance}:{digits}"
        here = self._look(name)
        others = [] if here is None else [*(here.get("RepoTags") or ()), *(here.get("RepoDigests") or ())]
        if not any(other != name for other in others):
            return False
        self._api.remove_image(name, noprune=True)
        return True

    def _look(self, reference: str) -> Mapping[str, Any] | None:
        try:
            found: Mapping[str, Any] = self._api.inspect_image(reference)  # type: ignore[no-untyped-call]
        except ImageNotFound:
            return None
        except (DockerException, RequestException) as error:
            raise ImageError(engine_words(error, self._socket)) from error
        return found

    def _ask_registry(self, uri: str) -> str:
        try:
            found: dict[str, Any] = self._api.inspect_distribution(uri)  # type: ignore[no-untyped-call]
            return str(found["Descriptor"]["digest"])
        except APIError as error:
            raise _registry_said(uri, error) from error
        except (DockerException, RequestException) as error:
            raise _silent(
                uri, f"no answer within {REGISTRY_TIMEOUT_S} seconds ({type(error).__name__})"
            ) from error

    def _pull(self, uri: str, repository: str, digest: str, on_line: Callable[[str], None]) -> None:
        try:
            for event in self._api.pull(repository, tag=digest, stream=True, decode=True):
                if "error" in event:
                    raise _silent(uri, str(event["error"]).strip())
                for line in _progress(event):
                    on_line(line)
        except APIError as error:
            raise _registry_said(uri, error) from error
        except (DockerException, RequestException) as error:
            raise _silent(uri, f"it fell silent ({type(error).__name__})") from error


def _pinned(uri: str, found: Mapping[str, Any]) -> PinnedImage:
    """As the engine describes it; raises InvalidParameterValue for another machine's."""
    wanted = _MACHINES.get(platform.machine(), platform.machine())
    kind = f"{found.get('Os')}/{found.get('Architecture')}"
    if kind != f"linux/{wanted}":
        raise InvalidParameterValue(
            f"Image {uri} is of {kind}, and this machine runs linux/{wanted}: build it for that.",
            field="image_uri",
        )
    settings = found["Config"] or {}
    return PinnedImage(
        uri,
        _digest(uri, found),
        str(found["Id"]),
        int(found["Size"]),
        tuple(settings.get("Entrypoint") or ()),
        tuple(settings.get("Cmd") or ()),
        settings.get("WorkingDir") or "/",
    )


def _digest(uri: str, found: Mapping[str, Any]) -> str:
    """The one under which the image's own registry knows it; the id of an image that was built here."""
    wanted = _familiar(read_uri(uri).repository)
    for known in found.get("RepoDigests") or ():
        repository, _, digest = str(known).partition("@")
        if wanted and _familiar(repository) == wanted:
            return digest
    return str(found["Id"])


def _familiar(repository: str) -> str:
    """As the engine shortens names of its default registry."""
    return repository.removeprefix("index.").removeprefix("docker.io/").removeprefix("library/")


def _own_names(item: Mapping[str, Any]) -> list[str]:
    names = [str(tag) for tag in item.get("RepoTags") or ()]
    return [name for name in names if not name.startswith((OURS, KEPT, "<none>"))]


def _local(item: Mapping[str, Any], names: list[str]) -> LocalImage:
    labels = item.get("Labels") or {}
    words = next((str(labels[name]) for name in _LABELS if labels.get(name)), "")
    return LocalImage(
        names=sorted(names),
        id=item["Id"],
        size=item["Size"],
        created_us=item["Created"] * 1_000_000,
        words=words[:200],
    )


def _progress(event: Mapping[str, Any]) -> Iterator[str]:
    """What is worth a line of a log: layers begun and done, not each of their bytes."""
    status = str(event.get("status", ""))
    if status and "progress" not in event and not status.startswith(("Waiting", "Verifying")):
        yield f"{event['id']}: {status}" if event.get("id") else status


def _no_image(uri: str) -> FunctoryError:
    return InvalidParameterValue(
        f"Source image {uri} does not exist. Provide a valid source image.", field="image_uri"
    )


def _registry_said(uri: str, error: APIError) -> FunctoryError:
    """A refusal is about the image; anything else is about the way to the registry."""
    said = str(error.explanation or error).strip()
    status = error.status_code or 0
    if status in _ABSENT or "manifest unknown" in said:
        return InvalidParameterValue(
            f"Source image {uri} does not exist. Provide a valid source image. This machine's engine has none of "
            f"that name, and the registry said: {said}",
            field="image_uri",
        )
    return _silent(uri, said)


def _silent(uri: str, said: str) -> FunctoryError:
    return ServiceUnavailable(
        f"This machine's engine has no image {uri}, and its registry does not answer: {said}. Build or load the "
        "image here, or deploy again once the registry answers."
    )
