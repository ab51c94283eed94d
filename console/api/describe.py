"""The domain's things in the shapes of the Lambda API. Pure reads of rows that are already joined."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from functions.installation import vault
from functions.models import Alias, EventInvokeConfig, Function, FunctionUrl, LayerVersion, Revision, Version
from functions.queries.layers import layer_versions, words
from functions.queries.standing import Standing
from functions.states import LATEST, InvokeMode


def configuration(
    function: Function, revision: Revision, version: str = LATEST, *, arn: str = ""
) -> dict[str, Any]:
    """FunctionConfiguration of a revision; without State, which only standing_configuration knows."""
    variables = vault().unseal_environment(revision.environment)
    answer: dict[str, Any] = {
        "FunctionName": function.name,
        "FunctionArn": arn or (function.arn if version == LATEST else f"{function.arn}:{version}"),
        "Role": revision.role or default_role(function),
        "Description": revision.description,
        "Timeout": revision.timeout_s,
        "MemorySize": revision.memory_mb,
        "LastModified": moment(revision.created_at),
        "Version": version,
        "TracingConfig": {"Mode": "PassThrough"},
        "RevisionId": str(revision.pk),
        "Architectures": [revision.architecture],
        "EphemeralStorage": {"Size": revision.ephemeral_mb},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        **revision.aws_settings,
        "LoggingConfig": logging_config(function, revision.aws_settings.get("LoggingConfig", {})),
        **(_image_code(revision) if revision.is_image else _zip_code(function.region, revision)),
    }
    if variables:
        answer["Environment"] = {"Variables": variables}
    if revision.layers:
        found = layer_versions(revision.layers)
        answer["Layers"] = [
            {"Arn": arn, "CodeSize": found[arn].artifact.size} for arn in revision.layers if arn in found
        ]
    return answer


def _zip_code(region: str, revision: Revision) -> dict[str, Any]:
    """What only functions of files have."""
    return {
        "PackageType": "Zip",
        "Runtime": revision.runtime,
        "Handler": revision.handler,
        "CodeSize": revision.artifact.size,
        "CodeSha256": sha256(revision.artifact_id),
        "RuntimeVersionConfig": {"RuntimeVersionArn": runtime_version_arn(region, revision)},
    }


def _image_code(revision: Revision) -> dict[str, Any]:
    """What only functions of an image have: its digest stands where a zip's hash does, in hex, and it counts nothing
    against the storage of code."""
    overrides = (
        {"ImageConfigResponse": {"ImageConfig": revision.image_config}} if revision.image_config else {}
    )
    return {"PackageType": "Image", "CodeSize": 0, "CodeSha256": revision.artifact_id, **overrides}


def layer_version(row: LayerVersion) -> dict[str, Any]:
    """LayerVersionsListItem."""
    return {
        "LayerVersionArn": row.arn,
        "Version": row.number,
        "Description": row.description,
        "CreatedDate": moment(row.created_at),
        "CompatibleRuntimes": words(row.runtimes) or None,
        "CompatibleArchitectures": words(row.architectures) or None,
        "LicenseInfo": row.license_info or None,
    }


def statement(document: Mapping[str, Any], resource: str) -> dict[str, Any]:
    """A stored statement with the Resource that it is on, in AWS's order."""
    first = {name: document[name] for name in ("Sid", "Effect", "Principal", "Action")}
    rest = {name: value for name, value in document.items() if name not in first}
    return {**first, "Resource": resource, **rest}


def policy(documents: Sequence[Mapping[str, Any]], resource: str) -> str:
    """AWS's policy document, as JSON text."""
    statements = [statement(document, resource) for document in documents]
    return json.dumps({"Version": "2012-10-17", "Id": "default", "Statement": statements})


def sha256(digest: str) -> str:
    """A hash in hex as AWS has it, in base64."""
    return base64.b64encode(bytes.fromhex(digest)).decode()


def logging_config(function: Function, given: Mapping[str, Any]) -> dict[str, Any]:
    """What was given with AWS's defaults for the rest; levels are of JSON logs only."""
    levels = (
        {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"} if given.get("LogFormat") == "JSON" else {}
    )
    return {"LogFormat": "Text", **levels, "LogGroup": f"/aws/lambda/{function.name}", **given}


def runtime_version_arn(region: str, revision: Revision) -> str:
    """Runtime versions are the installation's images: one of each runtime, named as AWS names its own."""
    digest = hashlib.sha256(revision.runtime.encode()).hexdigest()
    return f"arn:aws:lambda:{region}::runtime:{digest}"


def standing_configuration(function: Function, standing: Standing) -> dict[str, Any]:
    """FunctionConfiguration of $LATEST with what is under way, as waiters read it."""
    return configuration(function, standing.revision) | states(standing)


def states(standing: Standing) -> dict[str, Any]:
    """State and LastUpdateStatus (https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html)."""
    reason = standing.deployment.error if standing.deployment else ""
    if not standing.has_code_running:
        if standing.failed:
            return {"State": "Failed", "StateReason": reason, "StateReasonCode": "InternalError"}
        return {
            "State": "Pending",
            "StateReason": "The function is being created.",
            "StateReasonCode": "Creating",
        }
    if standing.under_way:
        return {
            "State": "Active",
            "LastUpdateStatus": "InProgress",
            "LastUpdateStatusReason": "The function is being updated.",
            "LastUpdateStatusReasonCode": "Creating",
        }
    if standing.failed:
        return {
            "State": "Active",
            "LastUpdateStatus": "Failed",
            "LastUpdateStatusReason": reason,
            "LastUpdateStatusReasonCode": "InternalError",
        }
    return {"State": "Active", "LastUpdateStatus": "Successful"}


def published(function: Function, version: Version, *, arn: str = "") -> dict[str, Any]:
    """FunctionConfiguration of a numbered version."""
    answer = configuration(function, version.revision, str(version.number), arn=arn)
    return answer | {
        "State": "Active",
        "LastUpdateStatus": "Successful",
        # A version's own: $LATEST may still be the same revision.
        "RevisionId": str(version.pk),
        "Description": version.description or version.revision.description,
    }


def alias(function: Function, row: Alias) -> dict[str, Any]:
    """AliasConfiguration."""
    answer: dict[str, Any] = {
        "AliasArn": f"{function.arn}:{row.name}",
        "Name": row.name,
        "FunctionVersion": str(row.version.number) if row.version else LATEST,
        "Description": row.description,
        # Changes with every change, as AWS's does: the id alone would not.
        "RevisionId": f"{str(row.pk)[:23]}-{int(row.changed_at.timestamp() * 1e6) & 0xFFFFFFFFFFFF:012x}",
    }
    if row.second_version:
        weights = {str(row.second_version.number): row.second_weight}
        answer["RoutingConfig"] = {"AdditionalVersionWeights": weights}
    return answer


def function_url(function: Function, row: FunctionUrl, public_url: str) -> dict[str, Any]:
    """FunctionUrlConfig. The address is the path form: names below localhost resolve in browsers only."""
    suffix = f":{row.qualifier}" if row.qualifier else ""
    return {
        "FunctionUrl": f"{public_url.rstrip('/')}/url/{row.url_id}/",
        "FunctionArn": f"{function.arn}{suffix}",
        "AuthType": row.auth,
        "Cors": row.cors,
        "CreationTime": row.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "LastModifiedTime": row.changed_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "InvokeMode": row.invoke_mode or InvokeMode.BUFFERED,
    }


def event_config(function: Function, row: EventInvokeConfig) -> dict[str, Any]:
    """FunctionEventInvokeConfig; what was left to AWS's defaults is left out."""
    ends = {"OnSuccess": row.on_success, "OnFailure": row.on_failure}
    return {
        "LastModified": row.changed_at,
        "FunctionArn": f"{function.arn}:{row.qualifier or LATEST}",
        "MaximumRetryAttempts": row.retries,
        "MaximumEventAgeInSeconds": row.max_age_s,
        "DestinationConfig": {name: {"Destination": arn} if arn else {} for name, arn in ends.items()},
    }


def default_role(function: Function) -> str:
    """What a function runs as when nobody named a role."""
    return f"arn:aws:iam::{function.project.account}:role/functory"


def moment(value: datetime) -> str:
    """`2026-01-31T12:00:00.123+0000`, as FunctionConfiguration has it."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
