"""How code comes live: frozen, moved by the table, activated at once; what runs stays until then."""

from datetime import timedelta

import pytest

from functions import outages
from functions.archives import Archive, FileContent, pack
from functions.errors import AccessDenied, DiskFull, InvalidParameterValue, InvalidZipFile, ResourceConflict
from functions.installation import store
from functions.models import Alias, Deployment, Draft, DraftFile, Function, FunctionUrl, Schedule
from functions.models.version import SEEN_FOR
from functions.services import deploys as services
from functions.services import drafts
from functions.services.guard import system_principal
from functions.states import DEPLOYMENT_MOVES, DeploymentState
from tests.functions.test_archives import zipped
from tests.support import rows

SYSTEM = system_principal()


def fresh(function) -> Function:
    return Function.objects.select_related("project", "latest", "draft").get(pk=function.pk)


def request(acting, function, **rest):
    return services.request_deploy(acting=acting, function=function, **rest)


def carry(deployment):
    """What the worker does, without its effects."""
    services.advance(deployment.pk, DeploymentState.SAVING)
    services.advance(deployment.pk, DeploymentState.STARTING)
    return services.finish(deployment_id=deployment.pk, acting=SYSTEM)


def later(deployment):
    """When an update by the API is no longer seen as under way."""
    Deployment.objects.filter(pk=deployment.pk).update(created_at=deployment.created_at - SEEN_FOR)


def test_a_deploy_freezes_the_draft_and_wakes_a_worker(developer, draft, announced):
    deployment = request(developer, draft, description="first")
    drafts.save_configuration(acting=developer, function=draft, memory_mb=1024)
    revision = Deployment.objects.get().revision
    assert (revision.memory_mb, deployment.state) == (128, DeploymentState.QUEUED)
    assert Archive(store().read(revision.artifact_id)).files() == {
        "lambda_function.py": FileContent(rows.CODE)
    }
    assert announced == [(services_job(), [str(deployment.pk)])]
    assert fresh(draft).is_draft


def services_job():
    from functions.queues import DEPLOY_JOB

    return DEPLOY_JOB


def test_the_same_files_are_the_same_artifact(developer, draft):
    first, second = (request(developer, draft).revision for _ in range(2))
    assert first.artifact_id == second.artifact_id
    assert first.pk != second.pk


def test_nothing_to_deploy_and_nobody_who_may(developer, viewer, draft):
    with pytest.raises(AccessDenied):
        request(viewer, draft)
    DraftFile.objects.all().delete()
    with pytest.raises(InvalidParameterValue) as caught:
        request(developer, draft)
    assert caught.value.field == "files"
    assert not Deployment.objects.exists()


def test_a_finished_deploy_is_live_at_once(developer, draft, announced):
    done = carry(request(developer, draft))
    function = fresh(draft)
    assert (done.state, done.version.number) == (DeploymentState.SUCCEEDED, 1)
    assert function.latest_id == done.revision_id
    assert Alias.objects.get(name="live").version == done.version
    assert function.draft.is_deployed
    assert function.draft.wizard_step == 0
    assert [step["state"] for step in done.steps] == ["queued", "saving", "starting", "succeeded"]
    assert done.ended_at is not None
    assert announced[-1] == {"function_id": str(function.pk)}


def test_what_was_edited_during_the_deploy_is_not_deployed(developer, draft):
    deployment = request(developer, draft)
    drafts.save_configuration(acting=developer, function=draft, memory_mb=1024)
    carry(deployment)
    assert not fresh(draft).draft.is_deployed


@pytest.mark.parametrize("kind", ["none", "function_url", "schedule"])
def test_the_first_deploy_makes_the_wizards_trigger_once(developer, draft, kind):
    choice = {"kind": kind, "expression": "rate(5 minutes)"} if kind == "schedule" else {"kind": kind}
    drafts.choose_trigger(acting=developer, function=draft, trigger=choice)
    for _ in range(2):
        carry(request(developer, draft))
    assert FunctionUrl.objects.count() == (kind == "function_url")
    assert Schedule.objects.count() == (kind == "schedule")


def test_a_failed_deploy_leaves_what_runs(developer, function):
    deployment = request(developer, function)
    services.advance(deployment.pk, DeploymentState.SAVING)
    services.fail(deployment_id=deployment.pk, error_type="BuildFailed", message="no such package")
    failed = Deployment.objects.get(pk=deployment.pk)
    assert (failed.state, failed.error_type, failed.error) == ("failed", "BuildFailed", "no such package")
    assert fresh(function).latest_id == function.latest_id
    with pytest.raises(ResourceConflict):
        services.advance(deployment.pk, DeploymentState.SAVING)


def test_the_older_of_two_deploys_never_wins(developer, draft):
    older, newer = request(developer, draft), request(developer, draft)
    carry(newer)
    assert carry(older).state == DeploymentState.SUPERSEDED
    assert fresh(draft).latest_id == newer.revision_id
    assert Alias.objects.get(name="live").version.revision_id == newer.revision_id


def test_a_deploy_of_a_function_deleted_meanwhile_changes_nothing(developer, draft):
    deployment = request(developer, draft)
    Function.objects.update(deleted_at=draft.created_at + timedelta(seconds=1))
    assert carry(deployment).state == DeploymentState.SUPERSEDED
    assert fresh(draft).is_draft


@pytest.mark.parametrize("state", list(DeploymentState))
def test_only_the_tables_moves_are_made(draft, state):
    for target in DeploymentState:
        deployment = Deployment.objects.create(project=draft.project, function=draft, state=state)
        if target in DEPLOYMENT_MOVES[state]:
            assert services.advance(deployment.pk, target).state == target
        else:
            with pytest.raises(ResourceConflict):
                services.advance(deployment.pk, target)


def test_the_log_grows_and_is_bounded(developer, draft, monkeypatch):
    deployment = request(developer, draft)
    monkeypatch.setattr(services, "LOG_LIMIT", 10)
    for text in ("12345", "67890", "ab"):
        services.append_log(deployment.pk, text)
    assert Deployment.objects.get().log == "34567890ab"


def test_dependencies_are_bound_to_a_revision(developer, draft):
    revision = request(developer, draft).revision
    for size in (5, 7):
        services.set_dependencies(revision=revision, key="k" * 64, size=size)
    revision.refresh_from_db()
    assert (revision.dependencies.runtime, revision.dependencies.size) == ("python3.13", 7)


def update(acting, function, **rest):
    return services.request_update(acting=acting, function=function, **rest)


def test_the_apis_update_moves_latest_only(developer, function):
    before = Alias.objects.get(name="live").version
    done = carry(update(developer, function, package=zipped(("app.py", "2")), settings={"memory_mb": 512}))
    assert fresh(function).latest.memory_mb == 512
    assert done.version is None
    assert not done.install_dependencies
    assert Alias.objects.get(name="live").version == before


def test_the_apis_update_publishes_when_asked(developer, function):
    done = carry(update(developer, function, package=zipped(("app.py", "2")), publish=True))
    assert done.version.number == 2
    assert Alias.objects.get(name="live").version.number == 1


def test_a_change_of_settings_keeps_code_and_dependencies(developer, function):
    services.set_dependencies(revision=function.latest, key="k" * 64, size=1)
    done = carry(update(developer, function, settings={"timeout_s": 9}))
    assert done.revision.artifact_id == function.latest.artifact_id
    assert done.revision.dependencies_id == "k" * 64
    assert done.revision.timeout_s == 9


def test_one_update_at_a_time(developer, viewer, function):
    with pytest.raises(AccessDenied):
        update(viewer, function, settings={})
    deployment = update(developer, function, settings={"timeout_s": 9})
    with pytest.raises(ResourceConflict):
        update(developer, function, settings={"timeout_s": 10})
    carry(deployment)
    with pytest.raises(ResourceConflict, match="cannot be performed at this time"):
        update(developer, function, settings={"timeout_s": 10})
    later(deployment)
    update(developer, function, settings={"timeout_s": 10})


def test_updates_of_nothing_and_of_nonsense(developer, draft):
    with pytest.raises(InvalidParameterValue):
        update(developer, draft, settings={"timeout_s": 9})
    with pytest.raises(InvalidZipFile):
        update(developer, draft, package=b"nonsense")
    assert Draft.objects.get().deployed_token is None
    assert not Deployment.objects.exists()


def api_update(principal, function, source: bytes):
    package = pack({"app.py": FileContent(source)})
    deployment = services.request_update(
        acting=principal, function=function, package=package, settings={"handler": "app.h", "memory_mb": 512}
    )
    return carry(deployment)


def test_an_untouched_draft_follows_what_the_api_deploys(principal, draft):
    draft.draft.files.all().delete()
    later(api_update(principal, draft, b"one"))
    followed = Draft.objects.get(function=draft)
    assert [(row.path, bytes(row.content)) for row in followed.files.all()] == [("app.py", b"one")]
    assert (followed.handler, followed.memory_mb, followed.wizard_step) == ("app.h", 512, 0)
    assert followed.is_deployed
    api_update(principal, draft, b"two")
    assert bytes(Draft.objects.get(function=draft).files.get().content) == b"two"


def test_a_draft_with_edits_of_its_own_stays(principal, function):
    edit = {"mine.py": FileContent(b"mine")}
    drafts.save_files(acting=principal, function=function, token=None, files=edit)
    api_update(principal, function, b"theirs")
    kept = Draft.objects.get(function=function)
    assert kept.files.filter(path="mine.py").exists()
    assert not kept.is_deployed


def test_on_a_full_disk_no_deploy_is_begun(developer, draft, announced, monkeypatch):
    monkeypatch.setattr(outages, "disk_is_full", lambda place: True)
    with pytest.raises(DiskFull):
        request(developer, draft)
    assert announced == []
    assert not Deployment.objects.exists()
    monkeypatch.undo()
    assert request(developer, draft).state == DeploymentState.QUEUED
