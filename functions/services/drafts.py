"""What people edit: files, configuration and the wizard's trigger choice. Every save has a new token; saving over
somebody else's change is refused with PreconditionFailed, and both sides are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from functions.archives import Archive, FileContent
from functions.container_images import check_overrides, check_uri
from functions.errors import InvalidParameterValue, PreconditionFailed
from functions.ids import new_id
from functions.installation import store, vault
from functions.limits import (
    EDITOR_FILES,
    EDITOR_TEXT,
    ENVIRONMENT,
    check_ephemeral,
    check_memory,
    check_timeout,
)
from functions.models import Artifact, Draft, DraftFile, Function, Revision
from functions.models.configuration import CONFIGURATION_FIELDS
from functions.naming import check_environment, check_file_path, check_handler, plain_text
from functions.redaction import check_paths
from functions.runtimes import runtime
from functions.services.guard import record, require
from functions.services.layers import check_layers
from functions.services.secrets import check_references
from functions.snapshots import Principal
from functions.states import EventCapture, NetworkMode, Role

_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "memory_mb": check_memory,
    "timeout_s": check_timeout,
    "ephemeral_mb": check_ephemeral,
    "handler": check_handler,
    "runtime": lambda value: runtime(value).identifier,
    "network": lambda value: _one_of(NetworkMode.values, value, "network"),
    "event_capture": lambda value: _one_of(EventCapture.values, value, "event_capture"),
    "redact": check_paths,
    "description": lambda value: plain_text(str(value)),
}


@transaction.atomic
def save_files(
    *,
    acting: Principal,
    function: Function,
    token: UUID | None,
    files: Mapping[str, FileContent],
    removed: frozenset[str] = frozenset(),
) -> UUID:
    """Write `files` and drop `removed`; other files stay. `token` is the one the editor loaded (None: do
    not look). Returns the new token. Raises PreconditionFailed if the draft has changed since."""
    draft = _open(acting, function, token)
    draft.files.filter(path__in=removed).delete()
    rows = [
        DraftFile(
            draft=draft, path=check_file_path(path), content=content.content, executable=content.executable
        )
        for path, content in files.items()
    ]
    DraftFile.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["draft", "path"], update_fields=["content", "executable"]
    )
    draft.package = None
    _check_size(draft)
    return _save(acting, draft, "draft.files")


@transaction.atomic
def replace_files(
    *,
    acting: Principal,
    function: Function,
    files: Mapping[str, FileContent],
    token: UUID | None = None,
    starter: str = "",
) -> UUID:
    """Throw the draft's files away and put these in their place (a zip, or a starter's, by its key)."""
    draft = _open(acting, function, token)
    draft.starter = starter
    return _replace(acting, draft, files)


def upload_zip(*, acting: Principal, function: Function, data: bytes, token: UUID | None = None) -> UUID:
    """Make a zip the draft's code: as editable files if it is small enough for the editor, otherwise as a
    package. Raises InvalidZipFile, RequestTooLarge or PreconditionFailed, and then nothing has changed."""
    require(acting, Role.DEVELOPER, function.project_id)
    # Before the transaction: a big zip takes a second to read, and SQLite has one writer.
    archive = Archive(data)
    if fits_editor(archive):
        return replace_files(acting=acting, function=function, files=archive.files(), token=token)
    stored = store().take_in(data)
    with transaction.atomic():
        draft = _open(acting, function, token)
        draft.package, _ = Artifact.objects.get_or_create(
            sha256=stored.sha256, defaults={"size": stored.size, "unpacked_size": stored.unpacked_size}
        )
        draft.files.all().delete()
        return _save(acting, draft, "draft.upload")


@transaction.atomic
def save_configuration(
    *,
    acting: Principal,
    function: Function,
    token: UUID | None = None,
    environment: Mapping[str, str] | None = None,
    layers: Sequence[str] | None = None,
    **values: Any,
) -> UUID:
    """Change settings of the draft; names as in Configuration. `environment` replaces all variables and `layers`
    all layers (ARNs of versions), None leaves them. Raises InvalidParameterValue with the field."""
    draft = _open(acting, function, token)
    was_image = draft.is_image
    for name, value in values.items():
        setattr(draft, name, _CHECKS[name](value))
    if draft.is_image != was_image:
        _change_kind(draft)
    if environment is not None:
        check_references(function.project_id, environment)
        draft.environment = vault().seal_environment(check_environment(environment, ENVIRONMENT))
    if layers is not None:
        if layers and draft.is_image:
            raise InvalidParameterValue(
                "A container image takes no layers: put them into it.", field="layers"
            )
        draft.layers = check_layers(acting=acting, arns=layers, current=draft.layers)
    after = {name: getattr(draft, name) for name in (*values, *(("layers",) if layers is not None else ()))}
    return _save(acting, draft, "draft.configuration", after=after)


@transaction.atomic
def save_image(
    *,
    acting: Principal,
    function: Function,
    uri: str,
    overrides: Mapping[str, Any],
    token: UUID | None = None,
) -> UUID:
    """Make a container image the draft's code; `overrides` by AWS's names (EntryPoint, Command, WorkingDirectory).
    Whether there is such an image, a deploy finds out. Raises InvalidParameterValue with the field."""
    draft = _open(acting, function, token)
    if not draft.is_image:
        raise InvalidParameterValue("The function's code is files, not a container image.", field="image_uri")
    draft.image_uri, draft.image_config = check_uri(uri), check_overrides(overrides)
    return _save(acting, draft, "draft.image", after={"image_uri": draft.image_uri})


@transaction.atomic
def choose_trigger(*, acting: Principal, function: Function, trigger: Mapping[str, Any]) -> UUID:
    """What the wizard's step 4 chose; made at the first deploy. The caller has checked it with
    trigger_rules.check_choice."""
    draft = _open(acting, function, None)
    draft.trigger = dict(trigger)
    # Not the input, which may hold anything.
    after = {name: value for name, value in trigger.items() if name != "payload"}
    return _save(acting, draft, "draft.trigger", after=after)


def follow_revision(*, function: Function, revision: Revision) -> None:
    """Make the draft what the API has deployed, so that the editor shows what runs. A draft with edits of its
    own stays as it is: it differs from what is deployed, and says so."""
    # Before the transaction: a big zip takes a second to read, and SQLite has one writer.
    files = {} if revision.is_image else _editable(revision.artifact_id)
    with transaction.atomic():
        draft = Draft.objects.select_for_update(of=("self",)).get(function=function)
        if not _is_untouched(draft):
            return
        for name in CONFIGURATION_FIELDS:
            setattr(draft, name, getattr(revision, name))
        draft.files.all().delete()
        if files is not None:
            _insert_files(draft, files)
        draft.package = revision.artifact if files is None else None
        draft.token = draft.deployed_token = new_id()
        draft.wizard_step = 0
        draft.save()


@transaction.atomic
def set_wizard_step(*, acting: Principal, function: Function, step: int) -> None:
    """How far the wizard has come; it never goes back by itself."""
    draft = _open(acting, function, None)
    if draft.wizard_step and step > draft.wizard_step:
        draft.wizard_step = step
        draft.save(update_fields=["wizard_step"])


def _open(acting: Principal, function: Function, token: UUID | None) -> Draft:
    require(acting, Role.DEVELOPER, function.project_id)
    draft = Draft.objects.select_for_update().get(function=function)
    if token is not None and draft.token != token:
        raise PreconditionFailed(
            "Somebody else has saved this function since you opened it. Nothing of yours is lost: compare "
            "both and save again."
        )
    return draft


def _change_kind(draft: Draft) -> None:
    """Files in place of an image, or the reverse: before the first deploy only, as in AWS."""
    if not draft.function.is_draft:
        raise InvalidParameterValue(
            "A deployed function stays of files or of an image: make another function.", field="runtime"
        )
    draft.image_uri, draft.image_config, draft.layers = "", {}, []
    if draft.is_image:  # the files stay, for whoever changes their mind
        draft.handler = ""


def _editable(sha256: str) -> Mapping[str, FileContent] | None:
    archive = Archive(store().read(sha256))
    return archive.files() if fits_editor(archive) else None


def _is_untouched(draft: Draft) -> bool:
    if draft.deployed_token is not None:
        return draft.is_deployed
    return draft.package_id is None and not draft.files.exists()


def fits_editor(archive: Archive) -> bool:
    """Whether a zip can be edited file by file; otherwise it is kept as a package."""
    links = any(entry.link for entry in archive.entries)
    return not links and archive.unpacked_size <= EDITOR_TEXT and len(archive.entries) <= EDITOR_FILES


def _replace(acting: Principal, draft: Draft, files: Mapping[str, FileContent]) -> UUID:
    draft.files.all().delete()
    _insert_files(draft, files)
    draft.package = None
    _check_size(draft)
    return _save(acting, draft, "draft.files")


def _insert_files(draft: Draft, files: Mapping[str, FileContent]) -> None:
    DraftFile.objects.bulk_create(
        DraftFile(
            draft=draft, path=check_file_path(path), content=content.content, executable=content.executable
        )
        for path, content in files.items()
    )


def _save(acting: Principal, draft: Draft, action: str, after: Mapping[str, Any] | None = None) -> UUID:
    draft.token = new_id()
    draft.saved_by_id = acting.user_id
    draft.save()
    record(acting, action, draft.function, project_id=draft.function.project_id, after=after)
    return draft.token


def _check_size(draft: Draft) -> None:
    contents = list(draft.files.values_list("path", "content"))
    if len(contents) > EDITOR_FILES:
        raise InvalidParameterValue(f"The editor holds at most {EDITOR_FILES} files.", field="files")
    paths = {path for path, _ in contents}
    for path in paths:
        parents = path.split("/")[:-1]
        for depth in range(1, len(parents) + 1):
            if "/".join(parents[:depth]) in paths:
                raise InvalidParameterValue(f"{path}: a file lies where its folder should be.", field="path")
    if sum(len(content) for _, content in contents) > EDITOR_TEXT:
        raise InvalidParameterValue(
            f"The editor holds at most {EDITOR_TEXT // 1024 // 1024} MB; upload a zip instead.", field="files"
        )


def _one_of(allowed: list[str], value: str, field: str) -> str:
    if value not in allowed:
        raise InvalidParameterValue(f"{value!r} is not one of {', '.join(allowed)}.", field=field)
    return value
