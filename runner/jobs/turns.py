"""One worker at a time on one thing: a lock file that falls with its process, so that work which nobody does any
more can be told from work under way."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from functions.config import Config


@contextmanager
def turn(config: Config, deployment_id: UUID) -> Iterator[bool]:
    """Whether this worker has the deployment to itself; if not, another one is on it."""
    folder = config.run / "deploys"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / str(deployment_id)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
        path.unlink(missing_ok=True)


def is_anybodys_turn(config: Config, deployment_id: UUID) -> bool:
    """Whether some worker is on a deployment now."""
    try:
        with (config.run / "deploys" / str(deployment_id)).open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
