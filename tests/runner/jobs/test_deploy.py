"""The deploy job: the way to a live version, what stops it, and what a second run or a dead worker changes."""

import io
import zipfile
from contextlib import contextmanager

import pytest
from django.db import OperationalError

from functions import queues
from functions.installation import store
from functions.models import Alias, DependencyTree, Deployment, DraftFile, Function, FunctionUrl
from functions.services import deploys
from functions.states import DeploymentState
from runner.build.builder import BuildFailed
from runner.build.container import BuilderDown
from runner.images.errors import ImageError
from runner.jobs import deploy
from runner.jobs.turns import is_anybodys_turn, turn

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])


class Built:
    """Stands in for the builder: notes its plans, makes trees, or fails as told."""

    def __init__(self):
        self.plans = []
        self.error = None
        self.size = 1_000

    def install(self, plan, package, on_line, *, owner):
        self.plans.append(plan)
        on_line("Collecting everything")
        if self.error:
            raise self.error
        store().dependencies(plan.key).mkdir(parents=True, exist_ok=True)
        return self.size


@pytest.fixture
def builder(monkeypatch):
    built = Built()

    @contextmanager
    def opened(_config):
        yield built

    monkeypatch.setattr(deploy, "open_builder", opened)
    monkeypatch.setattr(deploy, "builder_reference", lambda name: f"builder:{name}")
    return built


@pytest.fixture(autouse=True)
def images_are_there(monkeypatch):
    """No engine is asked here, whether one runs or not."""
    monkeypatch.setattr(deploy.images, "are_missing", lambda _runtime: False)


@pytest.fixture
def starts(gateway):
    """Whether the code starts is up to `starts.answer`."""
    gateway.answer = lambda _: (200, {"ok": True, "init_us": 84_000, "log": "hello from init\n"})
    return gateway


def write(function, **files):
    for name, text in files.items():
        path = {"requirements": "requirements.txt", "package": "package.json"}.get(name, name)
        DraftFile.objects.update_or_create(
            draft=function.draft, path=path, defaults={"content": text.encode()}
        )


def requested(function, principal) -> Deployment:
    return deploys.request_deploy(acting=principal, function=function)


def again(deployment) -> Deployment:
    return Deployment.objects.select_related("version", "revision").get(pk=deployment.pk)


def states(deployment):
    return [step["state"] for step in again(deployment).steps]


def test_a_deploy_without_dependencies_goes_live(draft, principal, starts, builder):
    deployment = requested(draft, principal)
    deploy.run(str(deployment.pk))
    done = again(deployment)
    assert (done.state, done.error, done.version.number) == (DeploymentState.SUCCEEDED, "", 1)
    assert states(deployment) == ["queued", "saving", "starting", "succeeded"]
    assert "hello from init" in done.log
    assert "Started in 84 ms." in done.log
    tree = store().tree(done.revision.artifact_id)
    assert (tree / "lambda_function.py").stat().st_mode & 0o777 == 0o444
    assert Function.objects.get(pk=draft.pk).latest_id == done.revision_id
    assert Alias.objects.get(function=draft, name="live").version_id == done.version_id
    assert builder.plans == []


def test_the_first_start_runs_under_the_number_that_the_version_will_have(function, principal, starts):
    deployment = requested(function, principal)
    deploy.run(str(deployment.pk))
    [asked] = starts.requests("/_functory/warm")
    assert f'"version":"{again(deployment).version.number}"'.encode() in asked.body
    assert str(again(deployment).revision_id).encode() in asked.body


def test_dependencies_are_installed_once_and_then_found(draft, principal, starts, builder):
    write(draft, requirements="six==1.16.0\n")
    first = requested(draft, principal)
    deploy.run(str(first.pk))
    assert states(first) == ["queued", "saving", "building", "starting", "succeeded"]
    assert "Collecting everything" in again(first).log
    [plan] = builder.plans
    assert (plan.tool, plan.image) == ("pip", "builder:python3.13")
    assert again(first).revision.dependencies_id == plan.key
    write(draft, **{"lambda_function.py": "def lambda_handler(event, context):\n    return 2\n"})
    second = requested(draft, principal)
    deploy.run(str(second.pk))
    assert states(second) == ["queued", "saving", "starting", "succeeded"]
    assert "Dependencies have not changed" in again(second).log
    assert len(builder.plans) == 1
    assert again(second).revision.dependencies_id == plan.key


def test_dependencies_that_vanished_from_disk_are_installed_again(draft, principal, starts, builder):
    write(draft, requirements="six==1.16.0\n")
    for _ in range(2):
        deployment = requested(draft, principal)
        deploy.run(str(deployment.pk))
        store().dependencies(builder.plans[0].key).rmdir()
    assert len(builder.plans) == 2


def test_node_code_is_laid_out_with_its_modules(draft, principal, starts, builder):
    draft.draft.runtime = "nodejs22.x"
    draft.draft.save()
    write(draft, package='{"dependencies": {"ms": "2"}}')
    deployment = requested(draft, principal)
    deploy.run(str(deployment.pk))
    assert (store().tree(again(deployment).revision.artifact_id, linked=True) / "node_modules").is_symlink()


@pytest.mark.parametrize(
    ("error", "error_type", "message"),
    [
        (BuildFailed("`six==99` does not exist."), "Build.Failed", "`six==99` does not exist."),
        (BuilderDown("The engine does not answer."), "ServiceUnavailableException", "does not answer"),
    ],
)
def test_a_failed_build_leaves_what_runs_untouched(
    function, principal, starts, builder, error, error_type, message
):
    write(function, requirements="six==99\n")
    builder.error = error
    before = Function.objects.get(pk=function.pk).latest_id
    deployment = requested(function, principal)
    deploy.run(str(deployment.pk))
    done = again(deployment)
    assert (done.state, done.error_type) == (DeploymentState.FAILED, error_type)
    assert message in done.error
    assert "Collecting everything" in done.log
    assert Function.objects.get(pk=function.pk).latest_id == before
    assert starts.asked == []


def test_a_manifest_that_cannot_be_read_fails_in_words(draft, principal, starts, builder):
    draft.draft.runtime = "nodejs22.x"
    draft.draft.save()
    write(draft, package="{")
    deployment = requested(draft, principal)
    deploy.run(str(deployment.pk))
    assert again(deployment).error_type == "Build.InvalidManifest"
    assert "package.json is not JSON" in again(deployment).error


def test_code_and_dependencies_count_together(draft, principal, starts, builder):
    write(draft, requirements="six\n")
    builder.size = 250 * 1024 * 1024
    deployment = requested(draft, principal)
    deploy.run(str(deployment.pk))
    assert again(deployment).error_type == "CodeStorageExceededException"
    assert "at most 250 MB" in again(deployment).error


def test_code_that_does_not_start_is_not_deployed(function, principal, gateway):
    gateway.answer = lambda _: (
        200,
        {
            "ok": False,
            "error_type": "Runtime.ImportModuleError",
            "error_message": "No module named 'six'",
            "stack": ['File "/var/task/lambda_function.py", line 1'],
            "log": "[ERROR] Runtime.ImportModuleError\n",
        },
    )
    before = Function.objects.get(pk=function.pk).latest_id
    deployment = requested(function, principal)
    deploy.run(str(deployment.pk))
    done = again(deployment)
    assert (done.state, done.error_type) == (DeploymentState.FAILED, "Runtime.ImportModuleError")
    assert done.error == "No module named 'six'\nFile \"/var/task/lambda_function.py\", line 1"
    assert "[ERROR]" in done.log
    assert Function.objects.get(pk=function.pk).latest_id == before


@pytest.mark.parametrize("status", [429, 503])
def test_a_gateway_that_refuses_fails_the_deploy_with_its_reason(function, principal, gateway, status):
    gateway.answer = lambda _: (status, {"code": "Busy", "message": "No room on this machine."})
    deployment = requested(function, principal)
    deploy.run(str(deployment.pk))
    assert (again(deployment).error_type, again(deployment).error) == ("Busy", "No room on this machine.")


def test_a_gateway_that_stays_away_fails_the_deploy(function, principal, monkeypatch):
    monkeypatch.setattr(deploy, "GATEWAY_PATIENCE_S", 0.0)
    deployment = requested(function, principal)
    deploy.run(str(deployment.pk))
    assert again(deployment).error_type == "ServiceUnavailableException"
    assert "gateway is not running" in again(deployment).error


def package_of(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("lambda_function.py", text)
        archive.writestr("requirements.txt", "six\n")
    return buffer.getvalue()


def test_an_update_of_the_api_installs_nothing_and_need_not_start(function, principal, gateway, builder):
    gateway.answer = lambda _: (200, {"ok": False, "error_type": "X", "error_message": "broken"})
    deployment = deploys.request_update(acting=principal, function=function, package=package_of("x = ("))
    deploy.run(str(deployment.pk))
    assert again(deployment).state == DeploymentState.SUCCEEDED
    assert builder.plans == []


def test_an_update_of_the_api_does_not_need_the_gateway(function, principal, monkeypatch):
    monkeypatch.setattr(deploy, "GATEWAY_PATIENCE_S", 0.0)
    deployment = deploys.request_update(acting=principal, function=function, package=package_of("x = 1"))
    deploy.run(str(deployment.pk))
    assert again(deployment).state == DeploymentState.SUCCEEDED


def test_a_second_run_changes_nothing(draft, principal, starts):
    deployment = requested(draft, principal)
    deploy.run(str(deployment.pk))
    first = again(deployment)
    deploy.run(str(deployment.pk))
    assert (again(deployment).steps, again(deployment).version) == (first.steps, first.version)
    assert len(starts.asked) == 1


@pytest.mark.parametrize("reached", ["saving", "building", "starting"])
def test_a_deploy_goes_on_where_a_dead_worker_left_it(draft, principal, starts, builder, reached):
    write(draft, requirements="six\n")
    deployment = requested(draft, principal)
    for state in ("saving", "building", "starting"):
        deploys.advance(deployment.pk, DeploymentState(state))
        if state == reached:
            break
    deploy.run(str(deployment.pk))
    assert states(deployment) == ["queued", "saving", "building", "starting", "succeeded"]


def test_only_one_worker_is_on_a_deployment(draft, principal, starts, config):
    deployment = requested(draft, principal)
    with turn(config, deployment.pk) as mine:
        assert mine
        assert is_anybodys_turn(config, deployment.pk)
        deploy.run(str(deployment.pk))
        assert again(deployment).state == DeploymentState.QUEUED
    assert not is_anybodys_turn(config, deployment.pk)
    deploy.run(str(deployment.pk))
    assert again(deployment).state == DeploymentState.SUCCEEDED


def test_what_nobody_foresaw_ends_the_deploy_with_a_message(draft, principal, starts, monkeypatch, caplog):
    def broken(*_args, **_options):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("functions.artifacts.Store.unpack", broken)
    deployment = requested(draft, principal)
    deploy.run(str(deployment.pk))
    assert (again(deployment).state, again(deployment).error_type) == ("failed", "ServiceException")
    assert "Input/output error" in again(deployment).error
    assert "broke" in caplog.text


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ("functions.artifacts.Store.unpack", OSError(28, "No space left on device")),
        ("functions.services.deploys.finish", OperationalError("database or disk is full")),
    ],
)
def test_a_disk_that_is_full_ends_the_deploy_by_that_name(
    draft, principal, starts, monkeypatch, place, error
):
    def full(*_args, **_options):
        raise error

    monkeypatch.setattr(place, full)
    deployment = requested(draft, principal)
    deploy.run(str(deployment.pk))
    assert (again(deployment).state, again(deployment).error_type) == (
        "failed",
        "ServiceUnavailableException",
    )
    assert "is full: nothing was stored" in again(deployment).error
    assert "df -h" in again(deployment).error


def test_a_database_that_is_away_leaves_the_deploy_for_later(draft, principal, starts, monkeypatch):
    def locked(*_args, **_options):
        raise OperationalError("database is locked")

    deployment = requested(draft, principal)
    monkeypatch.setattr(deploys, "advance", locked)
    with pytest.raises(OperationalError):
        deploy.run(str(deployment.pk))
    assert again(deployment).state == DeploymentState.QUEUED


def test_the_wizards_trigger_is_made_by_the_first_deploy(draft, principal, starts):
    draft.draft.trigger = {"kind": "function_url", "auth": "NONE"}
    draft.draft.save()
    deployment = requested(draft, principal)
    deploy.run(str(deployment.pk))
    assert FunctionUrl.objects.get(function=draft).qualifier == "live"


def test_dependency_trees_have_a_row_with_their_size(draft, principal, starts, builder):
    write(draft, requirements="six\n")
    deploy.run(str(requested(draft, principal).pk))
    tree = DependencyTree.objects.get()
    assert (tree.pk, tree.size, tree.runtime) == (builder.plans[0].key, 1_000, "python3.13")


@pytest.fixture
def making(redis_server, monkeypatch, django_capture_on_commit_callbacks):
    """The images of a runtime that nobody has used yet; `making(...)` is what the job that makes them does."""
    there = []
    monkeypatch.setattr(deploy.images, "are_missing", lambda _runtime: not there)

    def run(error=None):
        def ensure(progress, **_asked):
            with progress.step("Image python3.13"):
                if error:
                    raise error
                there.append(1)

        monkeypatch.setattr(deploy.images, "ensure_images", ensure)
        with django_capture_on_commit_callbacks(execute=True):
            deploy.images.run("python3.13")

    return run


@pytest.fixture
def deploying(django_capture_on_commit_callbacks):
    def run(deployment):
        with django_capture_on_commit_callbacks(execute=True):
            deploy.run(str(deployment.pk))

    return run


def test_the_first_function_of_a_runtime_waits_for_its_image_and_keeps_nobody_waiting(
    draft, principal, starts, builder, making, deploying
):
    deployment = requested(draft, principal)
    deploying(deployment)
    deploying(deployment)  # as housekeeping may have it
    assert again(deployment).state == DeploymentState.BUILDING
    assert again(deployment).log.count("its images are made") == 1
    assert (queues.waiting(queues.IMAGES), queues.waiting(queues.DEPLOYS)) == (1, 0)
    making()
    assert queues.waiting(queues.DEPLOYS) == 1
    deploying(deployment)
    assert "Image python3.13: " in again(deployment).log
    assert again(deployment).state == DeploymentState.SUCCEEDED


def test_an_image_that_cannot_be_made_ends_the_deployment_with_the_reason(
    draft, principal, starts, builder, making, deploying
):
    deployment = requested(draft, principal)
    deploying(deployment)
    making(ImageError("No registry answers."))
    assert queues.waiting(queues.DEPLOYS) == 1
    deploying(deployment)
    ended = again(deployment)
    assert (ended.state, ended.error_type) == (DeploymentState.FAILED, "ServiceUnavailableException")
    assert ended.error == "There is no image of Python 3.13 to run this in. No registry answers."


def test_what_failed_for_another_is_tried_again(draft, principal, starts, builder, making, deploying):
    making(ImageError("No registry answers."))
    deployment = requested(draft, principal)
    deploying(deployment)
    assert again(deployment).state == DeploymentState.BUILDING
    assert queues.waiting(queues.IMAGES) == 1
