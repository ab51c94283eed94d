"""Which console this is: a short name that changes with its pages and scripts, so that a tab opened before an
update can tell."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from django.conf import settings


@cache
def release() -> str:
    """Of the files that this process serves, as they were when it was first asked."""
    found = hashlib.sha256()
    for path in sorted(_served(settings.BASE_DIR)):
        found.update(path.read_bytes())
    return found.hexdigest()[:12]


def _served(root: Path) -> list[Path]:
    kinds = (("templates", "*.html"), ("static/js", "*.js"), ("static/css", "*.css"))
    return [path for folder, pattern in kinds for path in (root / folder).rglob(pattern)]
