"""Container images as code: how one is named, what of its settings a function may override, and what then starts.
Pure; whether an image is there is the engine's business."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.errors import InvalidParameterValue

# name[:tag][@digest], with the registry in front of the name where there is one.
# https://docs.docker.com/reference/cli/docker/image/tag/
_NAME = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_URI = re.compile(
    rf"(?P<repository>(?:[a-zA-Z0-9][a-zA-Z0-9.-]*(?::\d{{1,5}})?/)?{_NAME}(?:/{_NAME})*)"
    r"(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_ID = re.compile(r"sha256:[0-9a-f]{64}")
LONGEST_URI = 512
# https://docs.aws.amazon.com/lambda/latest/api/API_ImageConfig.html
MOST_WORDS = 1500
LONGEST_DIRECTORY = 1000


@dataclass(frozen=True, slots=True)
class ImageName:
    """An image as somebody named it; `tag` and `digest` are "" where they were left out."""

    repository: str
    tag: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class PinnedImage:
    """An image by what never changes: `digest` is its registry's or, of one that was built here, its id (sha256:...);
    `reference` is what the engine knows it by. Its size in bytes and its own settings are unknown (0, empty) until
    it is on this machine."""

    uri: str
    digest: str
    reference: str
    size: int = 0
    entry_point: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    directory: str = ""

    @property
    def sha256(self) -> str:
        """The digest's 64 hex digits."""
        return self.digest.removeprefix("sha256:")


@dataclass(frozen=True, slots=True)
class Program:
    """What a sandbox of an image starts: the image by its id, a command line, and the folder to start it in."""

    image: str
    command: tuple[str, ...]
    directory: str = ""


def read_uri(text: str) -> ImageName:
    """A name in its parts; raises InvalidParameterValue with field `image_uri`."""
    if _ID.fullmatch(text):
        return ImageName("", digest=text)
    found = _URI.fullmatch(text)
    if found is None or len(text) > LONGEST_URI:
        raise InvalidParameterValue(
            f"Source image {text[:200] or '(none)'} is not valid. Provide a valid source image, as name:tag or "
            "name@sha256:digest.",
            field="image_uri",
        )
    return ImageName(found["repository"], found["tag"] or "", found["digest"] or "")


def check_uri(text: str) -> str:
    """The name, without spaces around it; raises InvalidParameterValue with field `image_uri`."""
    text = text.strip()
    read_uri(text)
    return text


def resolved_uri(uri: str, digest: str) -> str:
    """AWS's ResolvedImageUri: the repository at the digest."""
    repository = read_uri(uri).repository
    return f"{repository}@{digest}" if repository else digest


def check_overrides(values: Mapping[str, Any]) -> dict[str, Any]:
    """ImageConfig by AWS's names (EntryPoint, Command, WorkingDirectory), without what is empty, which overrides
    nothing. Raises InvalidParameterValue with field `image_config`."""
    known = {"EntryPoint", "Command", "WorkingDirectory"}
    if unknown := set(values) - known:
        raise InvalidParameterValue(f"ImageConfig has no {min(unknown)}.", field="image_config")
    kept = {name: value for name, value in values.items() if value}
    for name in kept.keys() - {"WorkingDirectory"}:
        _check_words(name, kept[name])
    directory = kept.get("WorkingDirectory", "")
    if len(directory) > LONGEST_DIRECTORY or (directory and not directory.startswith("/")):
        raise InvalidParameterValue(
            f"The working directory is an absolute path of at most {LONGEST_DIRECTORY} characters.",
            field="working_directory",
        )
    return kept


def program(image: Mapping[str, Any], overrides: Mapping[str, Any]) -> Program:
    """What starts in an image (an Artifact's `image`) under a function's overrides: each replaces its own, and an
    entry point that is replaced keeps the image's command, as in Lambda."""
    entry = overrides.get("EntryPoint") or image["entry_point"]
    command = overrides.get("Command") or image["command"]
    directory = overrides.get("WorkingDirectory") or image["directory"]
    return Program(image["reference"], (*entry, *command), directory)


def handler_of(image: Mapping[str, Any], overrides: Mapping[str, Any]) -> str:
    """What AWS's runtime clients are given as the handler: the command's first word, "" for none."""
    command = overrides.get("Command") or image["command"]
    return str(command[0]) if command else ""


def settings_of(pinned: PinnedImage) -> dict[str, Any]:
    """What an Artifact keeps of an image."""
    return {
        "reference": pinned.reference,
        "entry_point": list(pinned.entry_point),
        "command": list(pinned.command),
        "directory": pinned.directory,
    }


def _check_words(name: str, words: Sequence[Any]) -> None:
    if isinstance(words, str) or not all(isinstance(word, str) and "\0" not in word for word in words):
        raise InvalidParameterValue(f"{name} is a list of words.", field="image_config")
    if len(words) > MOST_WORDS:
        raise InvalidParameterValue(f"{name} has at most {MOST_WORDS} words.", field="image_config")
