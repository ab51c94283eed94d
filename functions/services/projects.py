"""Projects: their name and their concurrency limit."""

from __future__ import annotations

from django.db import transaction

from functions.errors import InvalidParameterValue
from functions.models import Project
from functions.naming import check_title
from functions.queries.access import live_functions
from functions.queues import announce_change
from functions.services.guard import record, require
from functions.snapshots import Principal
from functions.states import Role

CONCURRENCY = range(1, 100_000 + 1)


@transaction.atomic
def change(*, acting: Principal, project: Project, name: str, concurrency_limit: int) -> Project:
    """Set both; raises InvalidParameterValue with field `name` or `concurrency_limit`."""
    require(acting, Role.ADMINISTRATOR, project.pk)
    name = check_title(name, "A project's name")
    if concurrency_limit not in CONCURRENCY:
        raise InvalidParameterValue(
            f"The limit is a whole number from 1 to {CONCURRENCY[-1]:,}.", field="concurrency_limit"
        )
    before = {"name": project.name, "concurrency_limit": project.concurrency_limit}
    project.name, project.concurrency_limit = name, concurrency_limit
    project.save(update_fields=["name", "concurrency_limit"])
    after = {"name": name, "concurrency_limit": concurrency_limit}
    record(acting, "project.change", project, project_id=project.pk, before=before, after=after)
    # The gateway's snapshots carry the limit.
    for function_id in live_functions(project.pk).values_list("id", flat=True):
        announce_change(function_id)
    return project
