"""Asks for the images of a runtime that somebody has chosen, so that they are made while the code is written."""

from __future__ import annotations

from redis.exceptions import RedisError

from functions import image_states
from functions.image_states import ImageState
from functions.queues import enqueue_images


def want(*, identifier: str) -> None:
    """Have the images made unless they are there or under way. That Redis is away is no reason to refuse: the
    deployment asks again."""
    try:
        report = image_states.report_of(identifier)
        if report.state is ImageState.READY or report.is_under_way:
            return
        image_states.tell(identifier, ImageState.WAITING)
        enqueue_images(identifier)
    except RedisError:
        return
