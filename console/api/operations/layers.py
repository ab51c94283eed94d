"""Layers and their policies: published, listed, read, deleted, shared with other accounts."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from console.api import describe
from console.api.call import Call
from console.api.packages import package_of
from functions.errors import InvalidParameterValue, ResourceNotFound
from functions.installation import relay_key
from functions.models import LayerVersion, Project
from functions.policies import statement_document
from functions.queries.layers import LayerReference, layer_versions, live_versions, newest, parse_layer
from functions.queries.pages import keyset_page
from functions.services import deploys
from functions.services import layers as services
from functions.services.guard import require
from functions.states import Role
from functions.tokens import make_ticket

Output = dict[str, Any]
_DOWNLOAD_S = 600
_GONE = "The resource you requested does not exist."


def publish_layer_version(call: Call) -> Output:
    """The next version of a layer."""
    reference = _own(call)
    require(call.principal, Role.DEVELOPER, call.project.pk)  # before anything is read or kept
    package = package_of(call, call["Content"])
    if package is None:
        raise InvalidParameterValue(
            "Please provide a source for the layer: Content.ZipFile, or S3Bucket and S3Key."
        )
    version = services.publish_layer_version(
        acting=call.principal,
        project=call.project,
        name=reference.name,
        artifact=deploys.take_in(package),
        description=call.get("Description", ""),
        license_info=call.get("LicenseInfo", ""),
        runtimes=call.get("CompatibleRuntimes", ()),
        architectures=call.get("CompatibleArchitectures", ()),
    )
    return _whole(version)


def get_layer_version(call: Call) -> Output:
    """One version with a link to its package."""
    return _whole(_version(call))


def get_layer_version_by_arn(call: Call) -> Output:
    """The same, named by ARN."""
    return _whole(_live(call, parse_layer(call["Arn"])))


def list_layers(call: Call) -> Output:
    """Each layer with its newest version that fits."""
    page = keyset_page(
        newest(_fitting(call)),
        order=["name", "id"],
        marker=call.get("Marker", ""),
        size=call.page_size(),
    )
    shown = [
        {
            "LayerName": version.name,
            "LayerArn": version.layer_arn,
            "LatestMatchingVersion": describe.layer_version(version),
        }
        for version in page.items
    ]
    return {"Layers": shown, "NextMarker": page.next_marker or None}


def list_layer_versions(call: Call) -> Output:
    """A layer's versions that fit, the newest first."""
    rows = _fitting(call).filter(name=_own(call).name)
    page = keyset_page(rows, order=["-number"], marker=call.get("Marker", ""), size=call.page_size())
    return {
        "LayerVersions": [describe.layer_version(version) for version in page.items],
        "NextMarker": page.next_marker or None,
    }


def delete_layer_version(call: Call) -> Output:
    """No function can take it from now on; one that is not there is no error, as in AWS."""
    reference = _own(call)
    rows = live_versions(call.project.pk, region=call.region)
    version = rows.filter(name=reference.name, number=_number(call)).first()
    if version is None:
        require(call.principal, Role.DEVELOPER, call.project.pk)
    else:
        services.delete_layer_version(acting=call.principal, version=version)
    return {}


def add_layer_version_permission(call: Call) -> Output:
    """Let another account use a version."""
    version = _version(call)
    statement = statement_document(
        call["StatementId"],
        call["Action"],
        call["Principal"],
        PrincipalOrgID=call.get("OrganizationId"),
    )
    shared = services.add_layer_permission(
        acting=call.principal,
        version=version,
        statement=statement,
        revision_id=call.get("RevisionId", ""),
    )
    return {
        "Statement": json.dumps(describe.statement(statement, version.arn)),
        "RevisionId": str(shared.policy_revision),
    }


def remove_layer_version_permission(call: Call) -> Output:
    """Take a statement off."""
    services.remove_layer_permission(
        acting=call.principal,
        version=_version(call),
        sid=call["StatementId"],
        revision_id=call.get("RevisionId", ""),
    )
    return {}


def get_layer_version_policy(call: Call) -> Output:
    """The statements as AWS's policy document."""
    version = _version(call)
    if not version.statements:
        raise ResourceNotFound("No policy is associated with the given resource.")
    return {
        "Policy": describe.policy(version.statements, version.arn),
        "RevisionId": str(version.policy_revision),
    }


def _own(call: Call) -> LayerReference:
    """The layer named by LayerName, which must be of the caller's account and region."""
    reference = parse_layer(call["LayerName"])
    if reference.account and reference.account != call.project.account:
        raise ResourceNotFound(_GONE)
    if reference.region and reference.region != call.region:
        raise ResourceNotFound(_GONE)
    return reference


def _version(call: Call) -> LayerVersion:
    reference = parse_layer(call["LayerName"])
    return _live(call, LayerReference(reference.name, reference.region, reference.account, _number(call)))


def _number(call: Call) -> int:
    number: int = call["VersionNumber"]
    if number < 1:
        raise InvalidParameterValue("Layer Version Cannot be less than 1.")
    return number


def _live(call: Call, reference: LayerReference) -> LayerVersion:
    """A version that is not deleted and that the caller may use."""
    account = reference.account or call.project.account
    region = reference.region or call.region
    arn = f"arn:aws:lambda:{region}:{account}:layer:{reference.name}:{reference.number}"
    version = layer_versions([arn]).get(arn) if reference.number < 2**31 else None
    if version is None or version.deleted_at is not None:
        raise ResourceNotFound(_GONE)
    services.may_use(call.principal, version)
    return version


def _fitting(call: Call) -> QuerySet[LayerVersion]:
    project: Project = call.project
    return live_versions(
        project.pk,
        region=call.region,
        runtime=call.get("CompatibleRuntime", ""),
        architecture=call.get("CompatibleArchitecture", ""),
    )


def _whole(version: LayerVersion) -> Output:
    ticket = make_ticket(relay_key(), {"layer": str(version.pk)}, _DOWNLOAD_S)
    return {
        **describe.layer_version(version),
        "LayerArn": version.layer_arn,
        "Content": {
            "Location": f"{settings.FUNCTORY.console_public_url}/code/{ticket}",
            "CodeSha256": describe.sha256(version.artifact_id),
            "CodeSize": version.artifact.size,
        },
    }
