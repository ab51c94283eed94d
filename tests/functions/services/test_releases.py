"""Releases: begun, moved on by time, taken back by what was recorded, promoted, aborted, overtaken."""

from datetime import timedelta

import pytest
from django.utils import timezone

from functions.archives import FileContent
from functions.errors import AccessDenied, InvalidParameterValue, ResourceConflict, ResourceNotFound
from functions.models import Alias, AuditEntry, Deployment, Release
from functions.release_policy import Limits, Step, steps_of
from functions.services import deploys, drafts, releases, versions
from functions.services import functions as function_services
from functions.services.guard import system_principal
from functions.states import DeploymentState, ReleaseState
from tests.support import rows
from tests.support.seed import Seed

CANARY = steps_of("LambdaCanary10Percent5Minutes")
TWO_STEPS = (Step(10, 60), Step(50, 60))


@pytest.fixture
def released(developer, function):
    """A function whose version 1 serves, and with a version 2."""
    deployed = rows.deploy(function)
    versions.roll_back(acting=developer, function=deployed, number=1)
    return deployed


def start(developer, function, steps=CANARY, number=2, **limits):
    return releases.start_release(
        acting=developer, function=function, number=number, steps=steps, limits=Limits(**limits)
    )


def split(function):
    alias = Alias.objects.get(function=function, name="live")
    second = alias.second_version.number if alias.second_version else None
    return alias.version.number, second, alias.second_weight


def called(release, number, calls, errors=0):
    """So many calls of a version in this minute, as the recorder sums them up."""
    seed = Seed(project_id=release.project_id, function_id=release.function_id, name="hello")
    seed.minute(at=timezone.now(), version=str(number), invocations=calls, errors=errors)


def later(release, seconds):
    """Everything that is due so long after the release began."""
    releases.advance_due(now=release.started_at + timedelta(seconds=seconds))
    release.refresh_from_db()
    return release


def test_it_begins_with_the_first_share_and_the_gateway_hears_of_it(developer, released, announced, audited):
    announced.clear()
    release = start(developer, released)
    assert split(released) == (1, 2, 0.1)
    assert announced == [{"function_id": str(released.pk)}]
    assert audited()[-1] == "release.start"
    assert release.state == ReleaseState.RUNNING


def test_a_canary_that_is_as_good_gets_everything(developer, released):
    release = start(developer, released)
    called(release, 2, 30)
    assert later(release, 299).state == ReleaseState.RUNNING
    assert split(released) == (1, 2, 0.1)
    assert later(release, 310).state == ReleaseState.PROMOTED
    assert split(released) == (2, None, 0)
    assert "As good as before, in 30 calls" in release.reason
    assert release.check_at is None


def test_a_linear_release_goes_step_by_step(developer, released):
    release = start(developer, released, TWO_STEPS)
    called(release, 2, 30)
    later(release, 61)
    assert split(released) == (1, 2, 0.5)
    later(release, 70)
    assert split(released) == (1, 2, 0.5)
    assert later(release, 125).state == ReleaseState.PROMOTED


def test_one_that_fails_goes_back_by_itself_and_says_why(developer, released, announced):
    release = start(developer, released)
    called(release, 1, 100, errors=1)
    called(release, 2, 20, errors=9)
    announced.clear()
    assert later(release, 6).state == ReleaseState.ROLLED_BACK
    assert split(released) == (1, None, 0)
    assert release.reason == "Error rate 45.0% against 1.0%, in 20 calls"
    assert announced == [{"function_id": str(released.pk)}]
    entry = AuditEntry.objects.filter(action="release.roll_back").get()
    assert entry.after["reason"] == release.reason
    assert entry.principal_kind == "system"


def test_too_few_calls_are_not_judged_and_hold_the_step_for_an_hour(developer, released):
    release = start(developer, released)
    called(release, 2, 3, errors=3)
    assert later(release, 310).state == ReleaseState.RUNNING
    assert release.checks["reason"] == "3 of the 20 calls that it takes to judge"
    assert later(release, 300 + 3590).state == ReleaseState.RUNNING
    assert later(release, 300 + 3610).state == ReleaseState.PROMOTED


def test_a_look_is_claimed_once(developer, released):
    release = start(developer, released)
    now = release.started_at + timedelta(seconds=6)
    assert releases.advance_due(now=now) == 1
    assert releases.advance_due(now=now) == 0


def test_people_promote_and_abort(developer, viewer, released):
    release = start(developer, released)
    for act in (releases.promote, releases.abort):
        with pytest.raises(AccessDenied):
            act(acting=viewer, release=release)
    assert releases.abort(acting=developer, release=release).state == ReleaseState.ABORTED
    assert split(released) == (1, None, 0)
    for act in (releases.promote, releases.abort):
        with pytest.raises(ResourceConflict, match="has ended"):
            act(acting=developer, release=release)
    again = start(developer, released)
    assert releases.promote(acting=developer, release=again).reason == f"Promoted by {developer.name}"
    assert split(released) == (2, None, 0)


def test_what_cannot_begin(developer, viewer, released):
    with pytest.raises(AccessDenied):
        start(viewer, released)
    with pytest.raises(ResourceNotFound):
        start(developer, released, number=7)
    with pytest.raises(ResourceConflict, match="serves all calls already"):
        start(developer, released, number=1)
    with pytest.raises(InvalidParameterValue):
        start(developer, released, steps=())
    start(developer, released)
    with pytest.raises(ResourceConflict, match="split already"):
        start(developer, released)


def test_a_function_without_a_version_cannot_begin(developer, draft):
    rows.publish(draft, rows.make_revision(draft))
    with pytest.raises(ResourceConflict, match="deploy at once"):
        start(developer, draft, number=1)


def test_rolling_back_by_hand_overtakes_it(developer, released):
    release = start(developer, released)
    versions.roll_back(acting=developer, function=released, number=2)
    release.refresh_from_db()
    assert release.state == ReleaseState.SUPERSEDED
    assert later(release, 310).state == ReleaseState.SUPERSEDED
    assert split(released) == (2, None, 0)


def test_another_description_does_not_overtake_it(developer, released):
    release = start(developer, released)
    alias = Alias.objects.get(function=released, name="live")
    versions.update_alias(acting=developer, alias=alias, description="what callers get")
    release.refresh_from_db()
    assert release.state == ReleaseState.RUNNING


def test_a_deleted_function_s_release_ends(developer, released):
    release = start(developer, released)
    function_services.delete_function(acting=developer, function=released)
    assert later(release, 6).state == ReleaseState.SUPERSEDED


def deploy(developer, function, **more):
    files = {"lambda_function.py": FileContent(b"x = 1")}
    drafts.replace_files(acting=developer, function=function, files=files)
    deployment = deploys.request_deploy(acting=developer, function=function, **more)
    for state in (DeploymentState.SAVING, DeploymentState.STARTING):
        deploys.advance(deployment.pk, state)
    deploys.finish(deployment_id=deployment.pk, acting=system_principal(function.project_id))
    return Deployment.objects.get(pk=deployment.pk)


def test_a_deploy_can_begin_one(developer, released):
    deployment = deploy(developer, released, release=CANARY)
    assert deployment.version.number == 3
    assert split(released) == (1, 3, 0.1)
    release = Release.objects.get()
    assert release.new_number == 3
    assert str(release.started_by_id) == developer.id


def test_the_first_deploy_has_nothing_to_come_from(developer, draft):
    deployment = deploy(developer, draft, release=CANARY)
    assert split(draft) == (deployment.version.number, None, 0)
    assert not Release.objects.exists()


def test_the_next_deploy_overtakes_one_that_is_under_way(developer, released):
    deploy(developer, released, release=CANARY)
    deploy(developer, released, release=CANARY)
    assert split(released) == (1, 4, 0.1)
    states = list(Release.objects.order_by("started_at").values_list("state", flat=True))
    assert states == [ReleaseState.SUPERSEDED, ReleaseState.RUNNING]
    deploy(developer, released)
    assert split(released) == (5, None, 0)
    assert not Release.objects.filter(state=ReleaseState.RUNNING).exists()
