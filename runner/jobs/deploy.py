"""The job that brings a deployment live: code and dependencies on disk, a first start, then the switch. Until
the switch, what runs stays untouched. Begun again after a worker's death, it goes on where it was."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError

from functions import image_states
from functions.container_images import resolved_uri
from functions.errors import FunctoryError, ResourceConflict, ServiceError
from functions.image_states import ImageState
from functions.installation import store
from functions.limits import UNPACKED
from functions.models import DependencyTree, Deployment, Revision
from functions.outages import full_disk
from functions.queries.layers import artifacts_of
from functions.runtimes import Build, runtime
from functions.services import deploys
from functions.services.guard import system_principal
from functions.services.image_packages import note_image, pinned_image
from functions.services.runtime_images import want
from functions.states import DEPLOYMENT_ENDED, DEPLOYMENT_MOVES, DRAFT, DeploymentState
from runner.build.builder import BuildFailed, names, reader, too_large
from runner.build.container import BuilderDown
from runner.build.folders import folder_build
from runner.build.indexes import read_indexes
from runner.build.main import open_builder
from runner.build.plan import BuildPlan, ManifestError, plan_build
from runner.client import GatewayClient, GatewayDown, GatewayRefused, Warmed
from runner.images.catalog import builder_reference
from runner.images.errors import ImageError
from runner.images.users import PULL_SILENCE_S, UserImages
from runner.jobs import images
from runner.jobs.live_log import watched
from runner.jobs.turns import turn

GATEWAY_PATIENCE_S = 15.0  # it may be restarting
log = logging.getLogger("functory.deploy")


class DeployFailed(Exception):
    """Why a deployment ends: an error type and a message for the person who deployed."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


def run(deployment_id: str) -> None:
    """Deploy; nothing happens when it has ended or another worker is on it."""
    key = UUID(deployment_id)
    with turn(settings.FUNCTORY, key) as mine:
        deployment = _open(key)
        if not mine or deployment is None:
            return
        try:
            _deploy(deployment)
        except (OperationalError, InterfaceError) as error:
            full = full_disk(error, settings.FUNCTORY.home)
            if full is None:
                raise  # the database is away: housekeeping begins again
            _fail(key, full.code, full.message)
        except DeployFailed as error:
            _fail(key, error.error_type, str(error))
        except FunctoryError as error:
            _fail(key, error.code, error.message)
        except Exception as error:  # the edge of the job: nobody may wait for ever
            log.exception("deployment %s broke", key)
            told = full_disk(error, settings.FUNCTORY.home) or ServiceError(
                f"Functory could not deploy this: {error}. The worker's log says more."
            )
            _fail(key, told.code, told.message)


def _fail(key: UUID, error_type: str, message: str) -> None:
    # A deployment that has ended meanwhile stays as it ended.
    with suppress(ResourceConflict):
        deploys.fail(deployment_id=key, error_type=error_type, message=message)


def _open(key: UUID) -> Deployment | None:
    rows = Deployment.objects.select_related(
        "function__project", "revision__artifact", "revision__dependencies"
    )
    return rows.filter(pk=key).exclude(state__in=DEPLOYMENT_ENDED).first()


def _deploy(deployment: Deployment) -> None:
    revision = deployment.revision
    if revision is None:
        raise DeployFailed("ServiceException", "The revision of this deployment is gone: deploy again.")
    _reach(deployment, DeploymentState.SAVING)
    if revision.is_image:
        _have_image(deployment, revision)
    elif _have_images(deployment, revision):
        _have_files(deployment, revision)
    else:
        return
    _reach(deployment, DeploymentState.STARTING)
    _start(deployment, revision)
    project = deployment.function.project
    deploys.finish(deployment_id=deployment.pk, acting=system_principal(project.pk, project.account))


def _have_image(deployment: Deployment, revision: Revision) -> None:
    """A container image is on this machine and stays here, whatever becomes of its name."""
    asked = pinned_image(revision)
    try:
        with UserImages(settings.FUNCTORY.docker_socket, timeout_s=PULL_SILENCE_S) as images_of_users:
            if "@" in asked.reference:
                _reach(deployment, DeploymentState.BUILDING)
            found = watched(
                lambda on_line: images_of_users.fetch(asked, on_line),
                lambda text: deploys.append_log(deployment.pk, text),
            )
            images_of_users.keep(found, settings.FUNCTORY.instance)
    except ImageError as error:
        raise DeployFailed("ServiceUnavailableException", str(error)) from error
    note_image(revision=revision, pinned=found)
    deploys.append_log(deployment.pk, f"Image {resolved_uri(found.uri, found.digest)}\n")


def _have_files(deployment: Deployment, revision: Revision) -> None:
    """Code, layers and dependencies are on disk."""
    package = store().unpack(revision.artifact_id)
    if layers := artifacts_of(revision.layers):
        store().join(layers)
    if deployment.install_dependencies or _compiles(revision):
        _install(deployment, revision, package)
    if revision.dependencies_id and revision.runtime.startswith("nodejs"):
        store().unpack(revision.artifact_id, linked=True)


def _reach(deployment: Deployment, state: DeploymentState) -> None:
    """Move on to a state, unless an earlier worker came that far."""
    if state in DEPLOYMENT_MOVES[deployment.state]:
        deployment.state = deploys.advance(deployment.pk, state).state


def _have_images(deployment: Deployment, revision: Revision) -> bool:
    """Whether there is what the runtime needs. Where there is not, the job that makes it is asked for and wakes this
    deployment again: making images takes minutes, and others deploy meanwhile."""
    try:
        if not images.are_missing(revision.runtime):
            return True
        problem = _wait_for_images(deployment, revision)
    except ImageError as error:
        problem = str(error)
    if not problem:
        return False
    if deployment.draft_token is None:
        return True  # an update of the API need not start, as in AWS
    message = f"There is no image of {runtime(revision.runtime).title} to run this in. {problem}"
    raise DeployFailed("ServiceUnavailableException", message)


def _wait_for_images(deployment: Deployment, revision: Revision) -> str:
    """Why there will be none, "" while there may."""
    report = image_states.report_of(revision.runtime)
    waited = deployment.state == DeploymentState.BUILDING
    if waited and report.state is ImageState.FAILED:
        return report.detail
    if not waited:
        _reach(deployment, DeploymentState.BUILDING)
        title = runtime(revision.runtime).title
        deploys.append_log(deployment.pk, f"{title} is used for the first time here: its images are made.\n")
    if not report.is_under_way:
        image_states.tell(revision.runtime, ImageState.ABSENT)
        want(identifier=revision.runtime)
    return ""


def _compiles(revision: Revision) -> bool:
    """Whether the code cannot run before it was built, whoever sent it."""
    row = runtime(revision.runtime)
    return row.build is Build.FOLDER and folder_build(row.folder).compiles


def _install(deployment: Deployment, revision: Revision, package: Path) -> None:
    plan = _plan(revision, package)
    if plan is None:
        return
    tree = DependencyTree.objects.filter(pk=plan.key).first()
    if tree is not None and store().dependencies(plan.key).exists():
        size = tree.size
        deploys.append_log(deployment.pk, "Dependencies have not changed: nothing to install.\n")
    else:
        _reach(deployment, DeploymentState.BUILDING)
        size = _build(deployment, plan, package)
    if size + revision.artifact.unpacked_size > UNPACKED:
        raise DeployFailed("CodeStorageExceededException", too_large(size + revision.artifact.unpacked_size))
    deploys.set_dependencies(revision=revision, key=plan.key, size=size)


def _plan(revision: Revision, package: Path) -> BuildPlan | None:
    row = runtime(revision.runtime)
    try:
        return plan_build(
            row,
            reader(package),
            names(package),
            package_sha256=revision.artifact_id,
            image=builder_reference(row.builder) if row.builder else "",
            indexes=read_indexes().description,
        )
    except ManifestError as error:
        raise DeployFailed("Build.InvalidManifest", str(error)) from error
    except ImageError as error:
        raise DeployFailed("ServiceUnavailableException", str(error)) from error


def _build(deployment: Deployment, plan: BuildPlan, package: Path) -> int:
    started = time.monotonic()
    try:
        with open_builder(settings.FUNCTORY) as builder:
            size = watched(
                lambda on_line: builder.install(plan, package, on_line, owner=str(deployment.function_id)),
                lambda text: deploys.append_log(deployment.pk, text),
            )
    except BuildFailed as error:
        raise DeployFailed("Build.Failed", str(error)) from error
    except BuilderDown as error:
        raise DeployFailed("ServiceUnavailableException", str(error)) from error
    deploys.append_log(deployment.pk, f"Installed in {time.monotonic() - started:.1f} s.\n")
    return size


def _start(deployment: Deployment, revision: Revision) -> None:
    """Run the code's first start. A console deploy must pass it; the API's updates only leave a note, since in
    AWS they run nothing."""
    try:
        warmed = _warm(deployment, revision)
    except (GatewayDown, GatewayRefused) as error:
        if deployment.draft_token is None:
            return
        code = error.code if isinstance(error, GatewayRefused) else "ServiceUnavailableException"
        raise DeployFailed(code, str(error)) from error
    if warmed.log:
        deploys.append_log(deployment.pk, warmed.log)
    if warmed.ok:
        deploys.append_log(deployment.pk, f"Started in {warmed.init_us / 1000:.0f} ms.\n")
    elif deployment.draft_token is not None:
        message = "\n".join((warmed.error_message, *warmed.stack))
        raise DeployFailed(warmed.error_type or "Runtime.Unknown", message)


def _version_of(deployment: Deployment) -> str:
    """The name that the revision will run under: it is in its environment."""
    if deployment.trial:
        return DRAFT
    return str(deployment.function.next_version) if deployment.publish else ""


def _warm(deployment: Deployment, revision: Revision) -> Warmed:
    deadline = time.monotonic() + GATEWAY_PATIENCE_S
    with GatewayClient(settings.FUNCTORY) as client:
        while True:
            try:
                return client.warm(
                    function_id=str(deployment.function_id),
                    revision_id=str(revision.pk),
                    version=_version_of(deployment),
                )
            except GatewayDown:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
