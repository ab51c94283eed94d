"""What a page loads before it is whole: style sheets and scripts, as they travel compressed, below 150 kB on every
page but those with the editor."""

from __future__ import annotations

import gzip
import re

import pytest
from django.contrib.staticfiles.finders import find
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])
MOST_BYTES = 150_000
_LOADED = re.compile(r'<(?:link rel="stylesheet" href|script src)="/static/([^"]+)"')
_IMPORTED = re.compile(r'^import [^"]*"\./([^"]+)"', re.MULTILINE)
PAGES = ("home", "functions", "events", "logs", "metrics", "billing", "wizard_new", "keys", "audit", "about")
TABS = (
    "function_monitor",
    "function_logs",
    "function_triggers",
    "function_configuration",
    "function_versions",
)


def weight(path: str) -> int:
    """The bytes of a file and all that it imports, as whitenoise compresses them."""
    file = find(path)
    assert file is not None, path
    with open(file, "rb") as opened:
        content = opened.read()
    folder = path.rpartition("/")[0]
    imported = _IMPORTED.findall(content.decode()) if path.endswith(".js") else []
    return len(gzip.compress(content, 9)) + sum(weight(f"{folder}/{name}") for name in imported)


def loaded(html: str) -> dict[str, int]:
    return {path: weight(path) for path in _LOADED.findall(html)}


def test_the_first_pages_are_light():
    files = loaded(Client().get(reverse("login")).content.decode())
    assert len(files) >= 5  # a page without any would prove nothing
    assert sum(files.values()) < MOST_BYTES, files


@pytest.mark.parametrize("route", [*PAGES, *TABS])
def test_every_page_without_the_editor_is_light(route, project, function, admin):
    names = [function.name] if route.startswith("function_") else []
    answer = admin.get(reverse(route, args=[project.account, *names]))
    assert answer.status_code == 200
    files = loaded(answer.content.decode())
    assert not any("codemirror" in path for path in files)
    assert sum(files.values()) < MOST_BYTES, files


def test_what_a_script_imports_counts():
    assert weight("js/editor.js") > weight("js/editor/setup.js") + weight("js/editor/tree.js")
