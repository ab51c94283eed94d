"""boto3 as a function brings it: the development environment's own, with the model of one service."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3")
DATA = {"endpoints.json", "partitions.json", "_retry.json", "sdk-default-configuration.json"}


def sdk_files(service: str) -> dict[str, bytes]:
    """Path and content of every file that the function needs beside its own."""
    found = {"six.py": _folder("six").read_bytes()}
    for name in PACKAGES:
        folder = _folder(name).parent
        for path in folder.rglob("*"):
            inside = path.relative_to(folder.parent)
            if path.is_file() and _is_needed(inside, service):
                found[str(inside)] = path.read_bytes()
    return found


def _is_needed(path: Path, service: str) -> bool:
    if "__pycache__" in path.parts:
        return False
    if path.parts[:2] == ("botocore", "data"):
        return path.name in DATA or path.parts[2] == service
    return path.parts[:2] != ("boto3", "examples")


def _folder(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None and spec.origin is not None, name
    return Path(spec.origin)
