"""Secrets Manager: the project's named secrets, for the SDK and for functions whose role allows it. A secret has one
value at a time: a new one takes the place of the old."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from django.utils import timezone

from console.api.call import Call
from functions.errors import (
    InvalidParameter,
    InvalidParameterValue,
    InvalidRequest,
    NotImplementedHere,
    ResourceExists,
    ResourceNotFound,
)
from functions.models import Secret
from functions.queries import secrets as queries
from functions.queries.pages import keyset_page
from functions.services import secrets as services

Output = dict[str, Any]
_CURRENT = "AWSCURRENT"
_WHOLE_PAGE = 100
_GONE = "Secrets Manager can't find the specified secret."


def create_secret(call: Call) -> Output:
    """A named secret with its first value."""
    _refuse(call, "SecretBinary", "KmsKeyId", "AddReplicaRegions", "Tags")
    if Secret.objects.filter(project=call.project, name=call["Name"]).exists():
        raise ResourceExists(f"The operation failed because the secret {call['Name']} already exists.")
    try:
        secret = services.create_secret(
            acting=call.principal,
            project=call.project,
            name=call["Name"],
            value=_value(call),
            description=call.get("Description", ""),
        )
    except InvalidParameterValue as error:
        raise InvalidParameter(error.message) from None
    return {**_named(secret), "VersionId": _version(secret)}


def get_secret_value(call: Call) -> Output:
    """The value in clear; who asks is in the audit log."""
    secret = _secret(call)
    stage, version = call.get("VersionStage", _CURRENT), call.get("VersionId", "")
    if stage != _CURRENT or version not in ("", _version(secret)):
        raise ResourceNotFound(
            "Secrets Manager can't find the specified secret value: only the present one is kept."
        )
    value = services.reveal(acting=call.principal, secret=secret)
    shown = {"VersionId": _version(secret), "SecretString": value, "VersionStages": [_CURRENT]}
    return {**_named(secret), **shown, "CreatedDate": secret.changed_at}


def put_secret_value(call: Call) -> Output:
    """Another value."""
    _refuse(call, "SecretBinary", "RotationToken")
    secret = services.put_value(acting=call.principal, secret=_secret(call), value=_value(call))
    return {**_named(secret), "VersionId": _version(secret), "VersionStages": [_CURRENT]}


def update_secret(call: Call) -> Output:
    """Another value, another description, or both."""
    _refuse(call, "SecretBinary", "KmsKeyId")
    secret = _secret(call)
    if "Description" in call.parameters:
        secret = services.describe(acting=call.principal, secret=secret, description=call["Description"])
    if "SecretString" in call.parameters:
        secret = services.put_value(acting=call.principal, secret=secret, value=call["SecretString"])
    return {**_named(secret), "VersionId": _version(secret)}


def describe_secret(call: Call) -> Output:
    """Everything but the value."""
    secret = _secret(call)
    return {**_described(secret), "VersionIdsToStages": {_version(secret): [_CURRENT]}}


def list_secrets(call: Call) -> Output:
    """A page of them by name."""
    _refuse(call, "Filters", "SortBy", "SortOrder")
    rows = Secret.objects.filter(project=call.project).select_related("project").defer("value")
    page = keyset_page(
        rows,
        order=("name", "id"),
        marker=call.get("NextToken", ""),
        size=min(call.get("MaxResults", _WHOLE_PAGE), _WHOLE_PAGE),
    )
    shown: Output = {
        "SecretList": [
            {**_described(row), "SecretVersionsToStages": {_version(row): [_CURRENT]}} for row in page.items
        ]
    }
    return {**shown, "NextToken": page.next_marker} if page.next_marker else shown


def delete_secret(call: Call) -> Output:
    """Gone at once, as AWS does when asked to force it: there is no window to recover it in."""
    secret = _secret(call)
    if not call.get("ForceDeleteWithoutRecovery", False):
        raise InvalidRequest(
            "Functory deletes a secret at once and for good: say so with ForceDeleteWithoutRecovery."
        )
    using = queries.functions_using(secret).first()
    if using is not None:
        raise InvalidRequest(f"The function {using.name} would fail without the secret {secret.name}.")
    named = _named(secret)
    services.delete_secret(acting=call.principal, secret=secret, typed_name=secret.name)
    return {**named, "DeletionDate": timezone.now()}


def _secret(call: Call) -> Secret:
    """By name or ARN; raises ResourceNotFound."""
    found = queries.named(call.project.pk, call["SecretId"])
    if found is None:
        raise ResourceNotFound(_GONE)
    return found


def _named(secret: Secret) -> Output:
    return {"ARN": queries.arn_of(secret), "Name": secret.name}


def _described(secret: Secret) -> Output:
    told = {"Description": secret.description} if secret.description else {}
    dates = {"LastChangedDate": secret.changed_at, "CreatedDate": secret.created_at}
    return {**_named(secret), **told, **dates}


def _version(secret: Secret) -> str:
    """An id that stays with the value."""
    return str(uuid5(UUID(str(secret.pk)), str(secret.edition)))


def _value(call: Call) -> str:
    if "SecretString" not in call.parameters:
        raise InvalidParameter("You must provide SecretString.")
    value: str = call["SecretString"]
    return value


def _refuse(call: Call, *names: str) -> None:
    for name in names:
        if call.get(name):
            raise NotImplementedHere(f"Functory does not have {name} of Secrets Manager.")
