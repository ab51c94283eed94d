"""A function's life by services: names, tags, limits, pause, deletion and return."""

from datetime import timedelta

import pytest
from django.utils import timezone

from functions.errors import AccessDenied, InvalidParameterValue, ResourceConflict, ResourceNotFound
from functions.models import AuditEntry, Function, Project, Revision, Schedule
from functions.queries.access import function_at
from functions.services import functions as services
from functions.services.guard import system_principal
from tests.support import rows


def create(acting, project, name="hello", **rest):
    return services.create_draft(acting=acting, project=project, name=name, **rest)


def test_a_draft_has_a_runtime_and_is_not_deployed(developer, project, audited):
    function = create(developer, project, tags={"team": "blue"}, description="d" * 300)
    assert function.is_draft
    assert (function.draft.runtime, function.draft.handler) == (
        "python3.13",
        "lambda_function.lambda_handler",
    )
    assert len(function.draft.description) == 256
    assert str(function.created_by_id) == developer.id
    assert audited() == ["function.create"]


@pytest.mark.parametrize("name", ["", "a" * 65, "a b", "ü", "a.b", "a/b", "a\n"])
def test_names_that_aws_does_not_take_are_refused_with_the_field(developer, project, name):
    with pytest.raises(InvalidParameterValue) as caught:
        create(developer, project, name)
    assert caught.value.field == "name"
    assert not Function.objects.exists()


def test_a_taken_name_is_a_conflict_until_it_is_free(developer, project):
    first = create(developer, project)
    with pytest.raises(ResourceConflict):
        create(developer, project)
    services.delete_function(acting=developer, function=first)
    assert create(developer, project).pk != first.pk
    create(system_principal(), rows.make_project("Other"))


def test_a_viewer_may_not_and_a_stranger_may_not_know(viewer, project, function):
    with pytest.raises(AccessDenied):
        create(viewer, project)
    other = rows.make_project("Other")
    stranger = rows.principal_of(other, rows.make_user(other, "sam", "administrator"), "administrator")
    for change in (
        lambda: services.delete_function(acting=stranger, function=function),
        lambda: services.set_tags(acting=stranger, function=function, tags={}),
        lambda: services.set_paused(acting=stranger, function=function, paused=True),
    ):
        with pytest.raises(ResourceNotFound):
            change()


def test_only_a_draft_is_renamed(developer, draft, function):
    services.rename_draft(acting=developer, function=draft, name="other", tags={"a": "b"})
    draft.refresh_from_db()
    assert (draft.name, draft.tags) == ("other", {"a": "b"})
    with pytest.raises(ResourceConflict):
        services.rename_draft(acting=developer, function=draft, name=function.name, tags={})
    with pytest.raises(ResourceConflict):
        services.rename_draft(acting=developer, function=function, name="new", tags={})


def test_a_rename_does_not_undo_a_deploy_that_it_did_not_see(developer, draft):
    stale = Function.objects.get(pk=draft.pk)
    rows.deploy(draft)
    with pytest.raises(ResourceConflict):
        services.rename_draft(acting=developer, function=stale, name="late", tags={})
    services.rename_draft(acting=developer, function=stale, name=draft.name, tags={"a": "b"})
    assert Function.objects.get(pk=draft.pk).latest_id is not None


def test_tags_are_checked_and_audited(developer, function):
    services.set_tags(acting=developer, function=function, tags={"team": "blue"})
    entry = AuditEntry.objects.get(action="function.tag")
    assert (entry.before, entry.after) == ({}, {"team": "blue"})
    for tags in (
        {"a\0": ""},
        {"a": "\0"},
        {"aws:x": "1"},
        {"": "1"},
        {"a": "b" * 257},
        {str(number): "" for number in range(51)},
    ):
        with pytest.raises(InvalidParameterValue):
            services.set_tags(acting=developer, function=function, tags=tags)


def test_reserved_concurrency_leaves_a_hundred_for_the_others(
    operator, developer, project, function, announced
):
    with pytest.raises(AccessDenied):
        services.set_reserved_concurrency(acting=developer, function=function, limit=1)
    services.set_reserved_concurrency(acting=operator, function=function, limit=800)
    other = rows.make_function(project, "other")
    services.set_reserved_concurrency(acting=operator, function=other, limit=100)
    for limit in (101, -1):
        with pytest.raises(InvalidParameterValue):
            services.set_reserved_concurrency(acting=operator, function=other, limit=limit)
    services.set_reserved_concurrency(acting=operator, function=function, limit=None)
    services.set_reserved_concurrency(acting=operator, function=other, limit=900)
    Project.objects.update(concurrency_limit=5000)
    services.set_reserved_concurrency(acting=operator, function=other, limit=4900)
    assert {"function_id": str(other.pk)} in announced


def test_pause_and_resume(operator, developer, function, announced, audited):
    schedule = Schedule.objects.create(
        function=function, name="s", expression="rate(5 minutes)", due_at=timezone.now() - timedelta(days=1)
    )
    with pytest.raises(AccessDenied):
        services.set_paused(acting=developer, function=function, paused=True)
    services.set_paused(acting=operator, function=function, paused=True)
    services.set_paused(acting=operator, function=function, paused=True)
    services.set_paused(acting=operator, function=function, paused=False)
    assert audited() == ["function.pause", "function.resume"]
    assert announced == [{"function_id": str(function.pk)}] * 2
    schedule.refresh_from_db()
    assert schedule.due_at > timezone.now()


def test_deleting_takes_it_out_of_service(developer, viewer, project, function, announced):
    with pytest.raises(AccessDenied):
        services.delete_function(acting=viewer, function=function)
    services.delete_function(acting=developer, function=function)
    with pytest.raises(ResourceNotFound):
        function_at(project_id=project.id, address="hello")
    with pytest.raises(ResourceNotFound):
        services.delete_function(acting=developer, function=function)
    assert announced == [{"function_id": str(function.pk)}]


def test_a_deleted_function_comes_back_whole(developer, project, function):
    Schedule.objects.create(function=function, name="s", expression="rate(5 minutes)")
    services.delete_function(acting=developer, function=function)
    services.restore_function(acting=developer, function=function)
    found = function_at(project_id=project.id, address="hello")
    assert (found.pk, found.latest_id, found.versions.count()) == (function.pk, function.latest_id, 1)
    assert found.schedules.get().due_at > timezone.now()
    with pytest.raises(ResourceConflict):
        services.restore_function(acting=developer, function=function)


def test_restoring_onto_a_taken_name_asks_for_another(developer, project, function):
    services.delete_function(acting=developer, function=function)
    rows.make_function(project, "hello")
    with pytest.raises(ResourceConflict) as caught:
        services.restore_function(acting=developer, function=function)
    assert caught.value.field == "name"
    function = Function.objects.get(pk=function.pk)
    assert function.deleted_at is not None
    services.restore_function(acting=developer, function=function, name="hello-2")
    assert function_at(project_id=project.id, address="hello-2").pk == function.pk


def test_after_seven_days_nothing_comes_back(developer, function):
    services.delete_function(acting=developer, function=function)
    Function.objects.update(deleted_at=timezone.now() - timedelta(days=8))
    with pytest.raises(ResourceNotFound):
        services.restore_function(acting=developer, function=Function.objects.get(pk=function.pk))


def test_purging_leaves_nothing_of_the_function_and_all_of_others(project, function):
    kept = rows.deploy(rows.make_function(project, "kept"))
    services.purge_function(function=function)
    assert list(Function.objects.all()) == [kept]
    assert [revision.function_id for revision in Revision.objects.all()] == [kept.pk]
