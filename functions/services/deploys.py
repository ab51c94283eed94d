"""How code comes live: a request freezes a revision, a worker moves it from state to state, and it is activated
in one transaction. What runs stays untouched until then."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from functions.archives import FileContent, pack
from functions.artifacts import Stored
from functions.container_images import PinnedImage
from functions.errors import (
    FunctoryError,
    InvalidParameterValue,
    ResourceConflict,
    stale_revision,
    still_pending,
    update_in_progress,
)
from functions.installation import config, store
from functions.models import (
    Alias,
    Artifact,
    DependencyTree,
    Deployment,
    Draft,
    DraftFile,
    Function,
    Revision,
    Version,
)
from functions.models.configuration import CONFIGURATION_FIELDS
from functions.naming import plain_text
from functions.outages import require_room
from functions.queries.roles import check_assumable
from functions.queues import announce_change, enqueue_deploy
from functions.release_policy import Limits, Step, Steps
from functions.services.drafts import follow_revision
from functions.services.guard import record, require
from functions.services.image_packages import check_kind, take_in_draft_image, take_in_image
from functions.services.layers import check_size
from functions.services.release_ends import supersede
from functions.services.releases import begin
from functions.services.secrets import bind
from functions.services.triggers import create_chosen_trigger
from functions.services.versions import alias_picture, next_version
from functions.snapshots import Principal
from functions.states import DEPLOYMENT_ENDED, DEPLOYMENT_MOVES, LIVE_ALIAS, DeploymentState, Role

logger = logging.getLogger(__name__)

LOG_LIMIT = 512 * 1024  # characters of a build log that are kept
TRIAL_KEPT = timedelta(days=1)
DISCARDED_AT_ONCE = 200


@transaction.atomic
def request_deploy(
    *,
    acting: Principal,
    function: Function,
    description: str = "",
    release: Steps = (),
    image: PinnedImage | None = None,
) -> Deployment:
    """Freeze the draft and have it deployed: dependencies installed, first start checked, next version
    published, alias `live` moved, in the steps of `release` where a version serves. Editing may go on meanwhile.
    `image` is what the draft's image is now, where its code is one. Raises InvalidParameterValue for a draft
    without code."""
    require(acting, Role.DEVELOPER, function.project_id)
    draft, revision = _freeze(function, acting, image)
    deployment = _enqueue(
        acting, function, revision, publish=True, install=True, token=draft.token, description=description
    )
    if release:
        deployment.release_steps = [[step.percent, step.seconds] for step in release]
        deployment.save(update_fields=["release_steps"])
    return deployment


@transaction.atomic
def request_trial(*, acting: Principal, function: Function, image: PinnedImage | None = None) -> Deployment:
    """Have the draft made ready to be called by its revision's id, as a test does, while callers go on getting
    what is live. The trial of the same draft (and image, see request_deploy) is used again unless it failed. Raises
    InvalidParameterValue for a draft without code."""
    require(acting, Role.DEVELOPER, function.project_id)
    token = Draft.objects.values_list("token", flat=True).get(function=function)
    rows = Deployment.objects.filter(function=function, trial=True, draft_token=token)
    if image is not None:
        rows = rows.filter(revision__artifact=image.sha256)
    made = rows.exclude(state=DeploymentState.FAILED).order_by("-id").first()
    if made is not None:
        return made
    draft, revision = _freeze(function, acting, image)
    return _enqueue(
        acting, function, revision, publish=False, trial=True, install=True, token=draft.token, description=""
    )


def discard_trials(*, now: datetime) -> int:
    """Forget trials a day old, and revisions that only they had; returns how many trials went."""
    old = Deployment.objects.filter(trial=True, ended_at__lt=now - TRIAL_KEPT)[:DISCARDED_AT_ONCE]
    for trial in old:
        with transaction.atomic():
            trial.delete()
            unused = Revision.objects.filter(deployments=None, versions=None, latest_of=None)
            unused.filter(pk__in=[trial.revision_id]).delete()
    return len(old)


def _freeze(function: Function, acting: Principal, image: PinnedImage | None) -> tuple[Draft, Revision]:
    """The draft, locked, and a revision of it."""
    # "self": PostgreSQL locks no row that a join may miss.
    rows = Draft.objects.select_for_update(of=("self",)).select_related("package")
    draft = rows.get(function=function)
    artifact = take_in_draft_image(draft, image) if draft.is_image else draft.package or _pack(draft)
    return draft, _revision(function, artifact, _settings_of(draft), acting)


def request_update(
    *,
    acting: Principal,
    function: Function,
    package: bytes | None = None,
    image: PinnedImage | None = None,
    settings: Mapping[str, Any] | None = None,
    publish: bool = False,
    description: str = "",
    revision_id: str = "",
) -> Deployment:
    """The API's way: new code or settings (names as in Configuration, environment already sealed) move
    $LATEST, and publish a version only if asked; nothing is installed, a package brings its dependencies. The code
    is a zip (`package`) or an `image`, and stays of its kind.
    Raises InvalidParameterValue for a role that Lambda may not take on, where roles have to exist; ResourceConflict
    while another update is under way, as AWS does; PreconditionFailed when $LATEST is not the revision expected."""
    require(acting, Role.DEVELOPER, function.project_id)
    if config().strict_roles and settings and settings.get("role"):
        check_assumable(function.project, settings["role"])
    # Before the transaction: a big zip takes a second to check, and SQLite has one writer.
    artifact = take_in(package) if package is not None else None
    with transaction.atomic():
        locked = _unoccupied(function, revision_id)
        base = locked.latest
        if base is not None:
            check_kind(base, zipped=package is not None, image=image)
        if image is not None:
            artifact, settings = take_in_image(image), {**(settings or {}), "image_uri": image.uri}
        if artifact is None and base is None:
            raise InvalidParameterValue("The function has no code yet.")
        values = {**(_settings_of(base) if base else {}), **(settings or {})}
        code = artifact or base.artifact  # type: ignore[union-attr]
        check_size(values.get("layers", ()), code.unpacked_size)
        revision = _revision(locked, code, values, acting)
        if artifact is None and base is not None:
            revision.dependencies = base.dependencies
            revision.save(update_fields=["dependencies"])
        return _enqueue(
            acting, locked, revision, publish=publish, install=False, token=None, description=description
        )


def rehearse_update(
    *,
    acting: Principal,
    function: Function,
    package: bytes | None = None,
    image: PinnedImage | None = None,
    revision_id: str = "",
) -> Stored | None:
    """Everything that request_update of code checks, and nothing that it does; what a package would be stored as."""
    require(acting, Role.DEVELOPER, function.project_id)
    found = store().check(package) if package is not None else None
    with transaction.atomic():
        base = _unoccupied(function, revision_id).latest
        if base is not None:
            check_kind(base, zipped=package is not None, image=image)
    return found


def _unoccupied(function: Function, revision_id: str) -> Function:
    """The function as it stands now, locked; raises ResourceConflict while an update is under way, and
    PreconditionFailed when the caller has read another revision."""
    rows = Function.objects.select_for_update(of=("self",)).select_related("latest__artifact", "project")
    locked = rows.get(pk=function.pk)
    deployments = Deployment.objects.filter(function=locked, trial=False)
    newest = deployments.order_by("-id").first()
    if newest is not None and newest.is_seen(timezone.now()):
        made = (
            locked.latest_id not in {None, newest.revision_id}
            or deployments.filter(id__lt=newest.pk).exists()
        )
        raise update_in_progress(locked.arn) if made else still_pending()
    if revision_id and revision_id != str(locked.latest_id):
        raise stale_revision()
    return locked


def take_in(package: bytes) -> Artifact:
    """Check a zip and keep it; raises InvalidZipFile or RequestTooLarge."""
    stored = store().take_in(package)
    artifact, _ = Artifact.objects.get_or_create(
        sha256=stored.sha256, defaults={"size": stored.size, "unpacked_size": stored.unpacked_size}
    )
    return artifact


def open_deployment(function: Function) -> Deployment | None:
    """The newest deployment that is still under way, with its revision."""
    rows = Deployment.objects.filter(function=function, trial=False).exclude(state__in=DEPLOYMENT_ENDED)
    return rows.select_related("revision__artifact", "revision__dependencies").order_by("-id").first()


@transaction.atomic
def advance(deployment_id: UUID, state: DeploymentState) -> Deployment:
    """Move a deployment on and note when; raises ResourceConflict for a move that the table does not
    have."""
    deployment = Deployment.objects.select_for_update().get(pk=deployment_id)
    if state not in DEPLOYMENT_MOVES[deployment.state]:
        raise ResourceConflict(f"A deployment cannot go from {deployment.state} to {state}.")
    now = timezone.now()
    deployment.state = state
    deployment.steps = [*deployment.steps, {"state": state, "at": now.isoformat()}]
    if state in DEPLOYMENT_ENDED:
        deployment.ended_at = now
    deployment.save(update_fields=["state", "steps", "ended_at"])
    return deployment


def append_log(deployment_id: UUID, text: str) -> None:
    """Add to the build log that people watch; its beginning is dropped past the limit."""
    with transaction.atomic():
        deployment = Deployment.objects.select_for_update().get(pk=deployment_id)
        deployment.log = (deployment.log + text)[-LOG_LIMIT:]
        deployment.save(update_fields=["log"])


def set_dependencies(*, revision: Revision, key: str, size: int) -> None:
    """Bind an installed dependency tree to a revision that is not live yet."""
    tree, _ = DependencyTree.objects.update_or_create(
        key=key,
        defaults={"last_used_at": timezone.now(), "size": size},
        create_defaults={"runtime": revision.runtime, "size": size},
    )
    revision.dependencies = tree
    revision.save(update_fields=["dependencies"])


def finish(*, deployment_id: UUID, acting: Principal) -> Deployment:
    """Make a deployment's revision what runs, and after an update by the API let the draft follow. A newer
    revision that is live already wins: then this one is superseded and changes nothing. A trial is ready, and
    that is all."""
    if Deployment.objects.filter(pk=deployment_id, trial=True).exists():
        return advance(deployment_id, DeploymentState.SUCCEEDED)
    deployment = _activate(deployment_id, acting)
    by_api = deployment.draft_token is None and deployment.state == DeploymentState.SUCCEEDED
    if by_api and deployment.revision is not None:
        try:
            follow_revision(function=deployment.function, revision=deployment.revision)
        except FunctoryError as error:  # it runs already: an editor that shows old code must not undo that
            logger.warning("the draft of %s does not follow: %s", deployment.function, error.message)
    return deployment


@transaction.atomic
def _activate(deployment_id: UUID, acting: Principal) -> Deployment:
    deployment = Deployment.objects.select_related("revision").get(pk=deployment_id)
    function = Function.objects.select_for_update().select_related("project").get(pk=deployment.function_id)
    revision = deployment.revision
    if revision is None or function.deleted_at is not None or _is_overtaken(function, revision):
        return advance(deployment_id, DeploymentState.SUPERSEDED)
    before = {"revision": str(function.latest_id) if function.latest_id else None}
    function.latest = revision
    function.save(update_fields=["latest", "changed_at"])
    advance(deployment_id, DeploymentState.SUCCEEDED)
    if deployment.publish:
        version = _publish(function, revision, acting, deployment)
        Deployment.objects.filter(pk=deployment_id).update(version=version)
    record(
        acting,
        "function.deploy",
        function,
        project_id=function.project_id,
        before=before,
        after={"revision": str(revision.pk)},
    )
    announce_change(function.pk)
    rows = Deployment.objects.select_related("version", "revision__artifact", "function")
    return rows.get(pk=deployment_id)


def fail(*, deployment_id: UUID, error_type: str, message: str) -> None:
    """End a deployment; what ran before goes on running."""
    with transaction.atomic():
        advance(deployment_id, DeploymentState.FAILED)
        Deployment.objects.filter(pk=deployment_id).update(error_type=error_type[:128], error=message)


def _publish(function: Function, revision: Revision, acting: Principal, deployment: Deployment) -> Version:
    version = next_version(function, revision, acting, deployment.description)
    if deployment.draft_token is None:  # the API publishes numbers only; `live` is the console's
        return version
    _move_live(function, version, acting, deployment)
    draft = Draft.objects.select_for_update().get(function=function)
    if draft.wizard_step:
        create_chosen_trigger(acting=acting, function=function, choice=draft.trigger)
    draft.deployed_token, draft.wizard_step = deployment.draft_token, 0
    draft.save(update_fields=["deployed_token", "wizard_step"])
    return version


def _move_live(function: Function, version: Version, acting: Principal, deployment: Deployment) -> None:
    """To the new version: at once, or in steps where there is one to come from."""
    alias, _ = Alias.objects.select_for_update().get_or_create(function=function, name=LIVE_ALIAS)
    supersede(alias, f"Version {version.number} was deployed")
    if deployment.release_steps and alias.version is not None:
        alias.second_version, alias.second_weight = None, 0.0
        steps = tuple(Step(*step) for step in deployment.release_steps)
        begin(
            acting=acting,
            alias=alias,
            version=version,
            steps=steps,
            limits=Limits(),
            started_by_id=deployment.created_by_id,
        )
        return
    alias.version, alias.second_version, alias.second_weight = version, None, 0.0
    alias.save()
    record(acting, "alias.update", function, project_id=function.project_id, after=alias_picture(alias))


def _is_overtaken(function: Function, revision: Revision) -> bool:
    """Revision ids sort by the time they were frozen."""
    return function.latest_id is not None and function.latest_id > revision.pk


def _pack(draft: Draft) -> Artifact:
    files = {
        row.path: FileContent(bytes(row.content), row.executable)
        for row in DraftFile.objects.filter(draft=draft)
    }
    if not files:
        raise InvalidParameterValue(
            "There is no code to deploy: write a file or upload a zip.", field="files"
        )
    return take_in(pack(files))


def _settings_of(source: Draft | Revision) -> dict[str, Any]:
    return {name: getattr(source, name) for name in CONFIGURATION_FIELDS}


def _revision(
    function: Function, artifact: Artifact, settings: Mapping[str, Any], acting: Principal
) -> Revision:
    made = Revision.objects.create(
        function=function, artifact=artifact, created_by_id=acting.user_id, **settings
    )
    bind(made)
    return made


def _enqueue(
    acting: Principal,
    function: Function,
    revision: Revision,
    *,
    publish: bool,
    install: bool,
    token: UUID | None,
    description: str,
    trial: bool = False,
) -> Deployment:
    # What is small finds room in the database, but neither Redis nor the worker would then get any further.
    require_room(config().home)
    deployment = Deployment.objects.create(
        project_id=function.project_id,
        function=function,
        revision=revision,
        publish=publish,
        trial=trial,
        install_dependencies=install,
        draft_token=token,
        description=plain_text(description),
        created_by_id=revision.created_by_id,
        steps=[{"state": DeploymentState.QUEUED, "at": timezone.now().isoformat()}],
    )
    record(acting, "function.request-deploy", function, project_id=function.project_id)
    enqueue_deploy(deployment.pk)
    return deployment
