"""Run as a program in a running installation's environment: a month of telemetry for the functions that are
named, and a draft that nobody has deployed, as pages look after some use."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import django

MINUTES = 400


def plant(names: list[str]) -> None:
    from functions.models import Function, User
    from functions.services import people
    from tests.support import rows
    from tests.support.seed import Seed, lively

    project = people.default_project()
    for number, name in enumerate(names):
        function = Function.objects.get(project=project, name=name)
        seed = Seed(project_id=project.pk, function_id=function.pk, name=name)
        lively(seed, now=datetime.now(UTC), minutes=MINUTES, randomness=number)
    people.close_tour(user=User.objects.get(username=people.FIRST_ADMINISTRATOR))
    draft = rows.make_function(project, "a-draft").draft
    draft.wizard_step = 5
    draft.save()


if __name__ == "__main__":
    django.setup()
    plant(sys.argv[1:])
