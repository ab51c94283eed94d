"""Several at once, in real transactions: a database's constraint decides, and the others are told."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from functions.errors import FunctoryError, PreconditionFailed, ResourceConflict
from functions.models import Function, Version
from functions.services import deploys, drafts, functions, people, triggers, versions
from functions.services.guard import system_principal
from functions.states import DeploymentState, Role
from tests.support import rows

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"], transaction=True)
SYSTEM = system_principal()
AT_ONCE = 4


def at_once(*calls):
    """What each call returned or was refused by, all of them started together."""
    start = Barrier(len(calls))

    def run(call):
        start.wait()
        try:
            return call()
        except FunctoryError as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def refusals(found, kind=ResourceConflict):
    assert all(not isinstance(one, Exception) or isinstance(one, kind) for one in found), found
    return len([one for one in found if isinstance(one, kind)])


def test_a_name_goes_to_one(project):
    found = at_once(*[lambda: functions.create_draft(acting=SYSTEM, project=project, name="hello")] * AT_ONCE)
    assert refusals(found) == AT_ONCE - 1
    assert Function.objects.count() == 1


def test_a_restored_name_goes_to_one(project, function):
    functions.delete_function(acting=SYSTEM, function=function)
    found = at_once(
        lambda: functions.restore_function(acting=SYSTEM, function=Function.objects.get(pk=function.pk)),
        lambda: functions.create_draft(acting=SYSTEM, project=project, name="hello"),
    )
    assert refusals(found) == 1
    assert Function.objects.filter(deleted_at=None).count() == 1


def test_a_url_a_schedule_and_an_alias_are_made_once(function):
    for make in (
        lambda: triggers.create_url(acting=SYSTEM, function=function),
        lambda: triggers.create_schedule(
            acting=SYSTEM, function=function, name="s", expression="rate(5 minutes)"
        ),
        lambda: versions.create_alias(acting=SYSTEM, function=function, name="beta", version="1"),
    ):
        assert refusals(at_once(*[make] * AT_ONCE)) == AT_ONCE - 1


def test_one_of_two_editors_is_told(draft):
    token = draft.draft.token

    def save(memory):
        return lambda: drafts.save_configuration(acting=SYSTEM, function=draft, token=token, memory_mb=memory)

    assert refusals(at_once(save(256), save(512)), PreconditionFailed) == 1


def test_deploys_at_the_same_moment_number_their_versions(function):
    wanted = [deploys.request_deploy(acting=SYSTEM, function=function) for _ in range(AT_ONCE)]
    for deployment in wanted:
        deploys.advance(deployment.pk, DeploymentState.SAVING)
        deploys.advance(deployment.pk, DeploymentState.STARTING)
    finishes = [
        lambda deployment=deployment: deploys.finish(deployment_id=deployment.pk, acting=SYSTEM)
        for deployment in wanted
    ]
    found = at_once(*finishes)
    assert refusals(found) == 0
    numbers = list(Version.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    assert Function.objects.get(pk=function.pk).latest_id == wanted[-1].revision_id


def test_one_update_at_a_time(function):
    update = lambda: deploys.request_update(acting=SYSTEM, function=function, settings={"timeout_s": 5})  # noqa: E731
    assert refusals(at_once(*[update] * AT_ONCE)) == AT_ONCE - 1


def test_reservations_do_not_add_up_past_the_limit(project, function):
    other = rows.make_function(project, "other")
    reserve = functions.set_reserved_concurrency
    found = at_once(
        lambda: reserve(acting=SYSTEM, function=function, limit=600),
        lambda: reserve(acting=SYSTEM, function=other, limit=600),
    )
    assert len([one for one in found if isinstance(one, FunctoryError)]) == 1


def test_two_administrators_do_not_demote_each_other(project, principal):
    second = rows.make_user(project, "bob", Role.ADMINISTRATOR)
    first, other = project.memberships.order_by("id")
    assert other.user == second
    found = at_once(
        lambda: people.set_role(acting=principal, membership=first, role=Role.VIEWER),
        lambda: people.set_role(acting=principal, membership=other, role=Role.VIEWER),
    )
    assert refusals(found) == 1
    assert project.memberships.filter(role=Role.ADMINISTRATOR).count() == 1
