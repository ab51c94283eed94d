"""Asks for images: those of a runtime that somebody has chosen, so that they are made while the code is written, and
all of them anew, for security updates."""

from __future__ import annotations

from django.db import transaction
from redis.exceptions import RedisError

from functions import image_states
from functions.errors import ResourceConflict, ServiceUnavailable
from functions.image_states import REBUILD, ImageState
from functions.models import Project
from functions.queues import enqueue_images, enqueue_rebuild
from functions.services.guard import record, require
from functions.snapshots import Principal
from functions.states import Role


@transaction.atomic
def rebuild(*, acting: Principal, project: Project) -> None:
    """Have every image that there is made anew in the background; sandboxes move over to them. Raises AccessDenied
    for all but administrators, ResourceConflict while it is under way, ServiceUnavailable without Redis."""
    require(acting, Role.ADMINISTRATOR, project.pk)
    try:
        if image_states.report_of(REBUILD).is_under_way:
            raise ResourceConflict("The images are being made anew already.")
        image_states.tell(REBUILD, ImageState.WAITING)
    except RedisError as error:
        raise ServiceUnavailable(
            "Redis does not answer, so no worker can be asked to make images."
        ) from error
    record(acting, "images.rebuild", project, project_id=project.pk)
    enqueue_rebuild()


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
