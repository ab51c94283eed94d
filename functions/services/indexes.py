"""Looking for packages by name: Python's index has no search, so the names of all its packages are fetched by a job
when somebody first looks for one, and again once they are old."""

from __future__ import annotations

import logging
from pathlib import Path

from redis.exceptions import RedisError

from functions import package_names, queues

logger = logging.getLogger(__name__)


def search_python(home: Path, text: str) -> list[str]:
    """Names for what was typed so far; none while there are no names yet. Nothing that anybody changes: no audit."""
    path = package_names.names_file(home)
    if package_names.is_stale(path):
        try:
            queues.enqueue_package_names()
        except RedisError as error:
            logger.warning("the names of packages are not fetched: %s", error)
    return package_names.search(path, text)
