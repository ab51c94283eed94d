"""Frozen pictures for the data plane: a function with its qualifier resolved, a URL, an access key. Called by
the gateway on a catalog miss, in a thread."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from functions.container_images import handler_of, program
from functions.errors import ResourceNotFound, still_pending
from functions.installation import store, vault
from functions.models import (
    AccessKey,
    Alias,
    EventInvokeConfig,
    Function,
    FunctionPolicy,
    FunctionUrl,
    Revision,
    Version,
    Webhook,
)
from functions.naming import is_latest
from functions.permissions import PolicyStatement
from functions.policies import read_statement
from functions.queries import budgets, secrets
from functions.queries.access import person_principal
from functions.queries.layers import artifacts_of
from functions.snapshots import FunctionSnapshot, HookSnapshot, KeySnapshot, Route, UrlSnapshot
from functions.states import LATEST, RecursiveLoop, Role


def route(*, account: str, region: str, name: str, qualifier: str) -> Route:
    """A function by name as a caller of the API knows it; raises ResourceNotFound with AWS's message."""
    found = _functions().filter(project__account=account, region=region, name=name).first()
    if found is None:
        raise ResourceNotFound(f"Function not found: arn:aws:lambda:{region}:{account}:function:{name}")
    return _resolve(found, qualifier)


def route_by_id(*, function_id: UUID, qualifier: str) -> Route:
    """A function by id, for triggers and events; raises ResourceNotFound."""
    found = _functions().filter(pk=function_id).first()
    if found is None:
        raise ResourceNotFound(f"Function not found: {function_id}")
    return _resolve(found, qualifier)


def revision_snapshot(*, revision_id: UUID) -> FunctionSnapshot:
    """A revision that may not be live yet, for the first start of a deploy; raises ResourceNotFound."""
    revision = Revision.objects.select_related("function__project").filter(pk=revision_id).first()
    if revision is None:
        raise ResourceNotFound(f"Revision not found: {revision_id}")
    return snapshot(revision.function, revision, LATEST)


def url_by_id(url_id: str) -> UrlSnapshot | None:
    """A function URL of a live function, or None."""
    urls = FunctionUrl.objects.select_related("function")
    url = urls.filter(url_id=url_id, function__deleted_at__isnull=True).first()
    if url is None:
        return None
    return UrlSnapshot(
        url_id=url.url_id,
        trigger_id=str(url.pk),
        function_id=str(url.function_id),
        qualifier=url.qualifier,
        auth=url.auth,
        invoke_mode=url.invoke_mode,
        cors=url.cors,
        enabled=url.enabled,
        project_id=str(url.function.project_id),
        function_name=url.function.name,
    )


def hook_by_id(hook_id: str) -> HookSnapshot | None:
    """A webhook of a live function, or None."""
    hooks = Webhook.objects.select_related("function")
    hook = hooks.filter(hook_id=hook_id, function__deleted_at__isnull=True).first()
    if hook is None:
        return None
    return HookSnapshot(
        hook_id=hook.hook_id,
        trigger_id=str(hook.pk),
        function_id=str(hook.function_id),
        qualifier=hook.qualifier,
        provider=hook.provider,
        delivery=hook.delivery,
        header=hook.header,
        secret=vault().unseal(hook.secret),
        enabled=hook.enabled,
        project_id=str(hook.function.project_id),
        function_name=hook.function.name,
    )


def access_key(key_id: str) -> KeySnapshot | None:
    """A key that works now, with what its owner may do in the key's project, or None."""
    key = AccessKey.objects.select_related("project", "user").filter(key_id=key_id).first()
    if key is None or not _is_usable(key):
        return None
    role = _role_of(key)
    if role is None:
        return None
    return KeySnapshot(
        key_id=key.key_id,
        secret=vault().unseal(key.secret),
        principal=person_principal(key.user, key.project, role),
        expires_us=_micros(key.expires_at),
    )


def snapshot(function: Function, revision: Revision, version: str) -> FunctionSnapshot:
    """What runs when `revision` of `function` is called as `version`."""
    environment = secrets.resolved(function.project_id, vault().unseal_environment(revision.environment))
    code, dependencies = store().paths(
        revision.artifact_id, revision.dependencies_id, linked=revision.runtime.startswith("nodejs")
    )
    return FunctionSnapshot(
        project_id=str(function.project_id),
        account=function.project.account,
        region=function.region,
        function_id=str(function.pk),
        name=function.name,
        revision_id=str(revision.pk),
        version=version,
        runtime=revision.runtime,
        handler=_handler(revision),
        memory_mb=revision.memory_mb,
        timeout_s=revision.timeout_s,
        ephemeral_mb=revision.ephemeral_mb,
        network=revision.network,
        code=code,
        dependencies=dependencies,
        layers=_layers(revision),
        environment=environment.variables,
        secrets=environment.editions,
        reserved_concurrency=function.reserved_concurrency,
        event_capture=revision.event_capture,
        redact=tuple(revision.redact),
        role=revision.role,
        account_concurrency=function.project.concurrency_limit,
        paused=function.paused_at is not None,
        over_budget=budgets.refusal(function),
        may_recur=function.recursive_loop == RecursiveLoop.ALLOW,
        program=program(revision.artifact.image, revision.image_config) if revision.is_image else None,
    )


def _handler(revision: Revision) -> str:
    if revision.is_image:
        return handler_of(revision.artifact.image, revision.image_config)
    return revision.handler


def _layers(revision: Revision) -> tuple[Path, ...]:
    packages = artifacts_of(revision.layers)
    return (store().layers(packages),) if packages else ()


def _functions() -> QuerySet[Function]:
    return Function.objects.filter(deleted_at__isnull=True).select_related("project", "latest")


def _resolve(function: Function, qualifier: str) -> Route:
    return replace(
        _choices(function, qualifier),
        statements=_statements(function, qualifier),
        tells=_has_destination(function, qualifier),
    )


def _has_destination(function: Function, qualifier: str) -> bool:
    wanted = "" if is_latest(qualifier) else qualifier
    rows = EventInvokeConfig.objects.filter(function=function, qualifier=wanted)
    return rows.exclude(on_success="", on_failure="").exists()


def _statements(function: Function, qualifier: str) -> tuple[PolicyStatement, ...]:
    """As AWS has it: a statement holds for the qualifier that it was put on, and for no other."""
    wanted = "" if is_latest(qualifier) else qualifier
    rows = FunctionPolicy.objects.filter(function=function, qualifier=wanted)
    return tuple(read_statement(document) for row in rows for document in row.statements)


def _choices(function: Function, qualifier: str) -> Route:
    if is_latest(qualifier):
        return Route(qualifier, "", ((_latest(function), 1.0),))
    if qualifier.isdecimal():
        version = _versions(function).filter(number=int(qualifier)).first()
        if version is None:
            raise ResourceNotFound(f"Function not found: {function.arn}:{qualifier}")
        return Route(qualifier, "", ((_numbered(function, version), 1.0),))
    return _resolve_alias(function, qualifier)


def _resolve_alias(function: Function, name: str) -> Route:
    alias = (
        Alias.objects.filter(function=function, name=name)
        .select_related("version__revision", "second_version__revision")
        .first()
    )
    if alias is None:
        raise ResourceNotFound(f"Function not found: {function.arn}:{name}")
    if alias.version is None:
        return Route(name, name, ((_latest(function), 1.0),))
    main = _numbered(function, alias.version)
    if alias.second_version is None or not alias.second_weight:
        return Route(name, name, ((main, 1.0),))
    second = _numbered(function, alias.second_version)
    return Route(name, name, ((main, 1.0 - alias.second_weight), (second, alias.second_weight)))


def _latest(function: Function) -> FunctionSnapshot:
    if function.latest is None:
        raise still_pending()
    return snapshot(function, function.latest, LATEST)


def _numbered(function: Function, version: Version) -> FunctionSnapshot:
    return snapshot(function, version.revision, str(version.number))


def _versions(function: Function) -> QuerySet[Version]:
    return Version.objects.filter(function=function).select_related("revision")


def _is_usable(key: AccessKey) -> bool:
    expired = key.expires_at is not None and key.expires_at <= timezone.now()
    return key.revoked_at is None and not expired and key.user.is_active


def _role_of(key: AccessKey) -> str | None:
    if key.user.is_superuser:
        return Role.ADMINISTRATOR
    return key.user.memberships.filter(project=key.project).values_list("role", flat=True).first()


def _micros(moment: datetime | None) -> int:
    return int(moment.timestamp() * 1_000_000) if moment else 0
