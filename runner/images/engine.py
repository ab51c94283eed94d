"""The Docker engine as images need it: look up, build, import, read a file. Knows no recipe of ours."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import docker
from docker.errors import APIError, DockerException, ImageNotFound
from requests.exceptions import RequestException

from runner.images.errors import ImageError
from runner.images.progress import Progress
from runner.images.recipes import SourceFile
from runner.sandbox.engine.words import engine_words

_BUILD_TIMEOUT_S = 1800
_STEP = re.compile(r"^Step (\d+/\d+) : (.*)")
_LINES_KEPT = 30
RETIRED = "functory/retired"


class ImageEngine:
    """A connection to one local engine; close it, or use it as a context manager."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._api = self._connect(_BUILD_TIMEOUT_S)

    def __enter__(self) -> ImageEngine:
        return self

    def __exit__(self, *exc: object) -> None:
        self._api.close()

    def _connect(self, timeout_s: int) -> Any:
        try:
            return docker.APIClient(base_url=f"unix://{self._socket}", version="auto", timeout=timeout_s)
        except DockerException as error:
            raise ImageError(engine_words(error, self._socket)) from error

    def has(self, reference: str) -> bool:
        """Whether the image is there."""
        try:
            self._api.inspect_image(reference)
        except ImageNotFound:
            return False
        return True

    def tag(self, reference: str, name: str, tag: str) -> None:
        """Give an image one more name."""
        self._api.tag(reference, name, tag, force=True)

    def retire(self, reference: str) -> None:
        """Another name for what is to be replaced under its own, by which it is found until it can go."""
        found: dict[str, Any] = self._api.inspect_image(reference)
        self._api.tag(found["Id"], RETIRED, found["Id"].removeprefix("sha256:")[:12], force=True)

    def discard_retired(self) -> int:
        """Remove what was replaced and no container uses any more, nor any image starts from; returns how many. An
        image of a user's that has the same id has another name too, and only loses ours."""
        gone = 0
        for item in self._api.images(RETIRED):
            for name in (tag for tag in item["RepoTags"] or () if tag.startswith(f"{RETIRED}:")):
                try:
                    self._api.remove_image(name)
                except APIError:
                    continue  # a sandbox still runs in it
                gone += 1
        return gone

    def build(
        self,
        context: bytes,
        reference: str,
        *,
        target: str,
        arguments: Mapping[str, str],
        labels: Mapping[str, str],
        progress: Progress,
        anew: bool = False,
    ) -> None:
        """Build with the classic builder, on the host's network: an engine may have no bridge, a proxy may
        listen on loopback only. `anew` repeats steps that were done before. Raises ImageError with the last lines of
        output."""
        lines: list[str] = []
        try:
            stream = self._api.build(
                fileobj=io.BytesIO(context),
                custom_context=True,
                tag=reference,
                target=target or None,
                buildargs=dict(arguments),
                labels=dict(labels),
                network_mode="host",
                nocache=anew,
                rm=True,
                forcerm=True,
                decode=True,
                timeout=_BUILD_TIMEOUT_S,
            )
            for event in stream:
                _follow(event, lines, progress)
        except (DockerException, RequestException) as error:
            raise ImageError(f"Building {reference} failed: {error}") from error

    def pull(self, name: str, tag: str, *, timeout_s: int, progress: Progress) -> bool:
        """Whether the image could be had from a registry; silence for `timeout_s` counts as no."""
        api = self._connect(timeout_s)
        try:
            for event in api.pull(name, tag, stream=True, decode=True):
                if "error" in event:
                    return False
                progress.detail(f"{event.get('status', '')} {event.get('progress', '')}")
        except (DockerException, RequestException):
            return False
        finally:
            api.close()
        return self.has(f"{name}:{tag}")

    def import_root(self, archive: Iterable[bytes] | IO[bytes], name: str, tag: str) -> None:
        """Make an image of a tar stream of a root file system; raises ImageError."""
        address = self._api._url("/images/create")  # the public call cannot stream
        parameters = {"fromSrc": "-", "repo": name, "tag": tag}
        try:
            answer = self._api._post(address, data=archive, params=parameters)
            self._api._result(answer)
        except (DockerException, RequestException) as error:
            raise ImageError(f"Importing {name}:{tag} failed: {error}") from error

    def read_file(self, reference: str, path: str) -> bytes:
        """One file out of an image, without running it."""
        container: dict[str, Any] = self._api.create_container(
            reference, labels={"functory.build": "extract"}
        )
        try:
            chunks, _ = self._api.get_archive(container["Id"], path)
            with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
                member = archive.extractfile(Path(path).name)
                if member is None:
                    raise ImageError(f"{path} of {reference} is not a file")
                return member.read()
        except APIError as error:
            raise ImageError(f"Reading {path} of {reference} failed: {error}") from error
        finally:
            self._api.remove_container(container["Id"], force=True)


def pack(files: Mapping[str, SourceFile]) -> bytes:
    """A build context: the same bytes for the same contents, owned by root, without times."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for directory in sorted(_directories(files) | {"build", "runtime"}):
            entry = tarfile.TarInfo(directory)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for path, source in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(source.content), 0o755 if source.executable else 0o644
            archive.addfile(entry, io.BytesIO(source.content))
    return buffer.getvalue()


def _directories(paths: Iterable[str]) -> set[str]:
    return {str(parent) for path in paths for parent in Path(path).parents if str(parent) != "."}


def _follow(event: Mapping[str, Any], lines: list[str], progress: Progress) -> None:
    if "error" in event:
        output = "\n".join(lines[-_LINES_KEPT:])
        raise ImageError(f"{str(event['error']).strip()}\n{output}")
    for line in _lines(event):
        lines.append(line)
        step = _STEP.match(line)
        progress.detail(f"{step[1]} {step[2]}" if step else line)


def _lines(event: Mapping[str, Any]) -> Iterator[str]:
    for line in str(event.get("stream", "")).splitlines():
        if line.strip():
            yield line.rstrip()
