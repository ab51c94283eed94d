"""The job that fetches the names of all packages of Python's index, for the editor's search. Which index it is, pip
says: its configuration on this host, or its default."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys

import httpx
from django.conf import settings

from functions.package_names import is_stale, names_file, write_names

MOST_BYTES = 200 * 1024 * 1024  # Python's own index has some 40 MB
PATIENCE_S = 120.0
_ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"
_LINK = re.compile(rb'<a\s[^>]*href="([^"]*)"')
_DEFAULT = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
log = logging.getLogger("functory.indexes")


def run() -> None:
    """Fetch them unless somebody just has; an index that does not answer leaves what is there."""
    path = names_file(settings.FUNCTORY.home)
    if not is_stale(path):
        return
    try:
        count = write_names(path, read_names(*fetch(index_url())))
    except (OSError, ValueError, httpx.HTTPError, httpx.InvalidURL, subprocess.SubprocessError) as error:
        # Without the address, which may hold a password.
        log.warning("the names of Python's packages could not be fetched: %s", type(error).__name__)
        return
    log.info("%d names of Python's packages", count)


def index_url() -> str:
    """The address that pip would ask."""
    for question in (":env:.index-url", "install.index-url", "global.index-url"):
        said = _pip("-m", "pip", "config", "get", question)
        if said:
            return said
    return _pip("-c", _DEFAULT)


def fetch(address: str) -> tuple[str, bytes]:
    """Type and content of the list of all projects (https://peps.python.org/pep-0691/); raises httpx.HTTPError, or
    ValueError for what is too long for one."""
    content = bytearray()
    with httpx.stream(
        "GET",
        f"{address.rstrip('/')}/",
        headers={"Accept": _ACCEPT},
        timeout=PATIENCE_S,
        follow_redirects=True,
    ) as answer:
        answer.raise_for_status()
        for piece in answer.iter_bytes():
            content += piece
            if len(content) > MOST_BYTES:
                raise ValueError("longer than an index is")
        return answer.headers.get("Content-Type", "").partition(";")[0], bytes(content)


def read_names(kind: str, content: bytes) -> list[str]:
    """The projects' names in either form; raises ValueError for what is neither."""
    if kind.endswith("json"):
        return [str(project["name"]) for project in json.loads(content)["projects"]]
    found = [
        link.rstrip(b"/").rpartition(b"/")[2].decode("ascii", "replace") for link in _LINK.findall(content)
    ]
    if not found:
        raise ValueError("no index")
    return found


def _pip(*arguments: str) -> str:
    said = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return said.stdout.strip() if said.returncode == 0 else ""
