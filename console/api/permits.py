"""What somebody who acts as an IAM role may ask of the API: action and resource of an operation, held against the
role's policies. Everybody else is judged by the services alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from django.utils import timezone

from console.api.call import Call
from functions.entitlements import check_entitled, decision, refusal_of
from functions.errors import AccessDenied
from functions.installation import config, region_of
from functions.models import IamRole, IamSession
from functions.naming import parse_reference
from functions.permissions import Decision
from functions.queries import secrets
from functions.queries.roles import role_snapshot
from functions.snapshots import Principal

# As AWS does: who somebody is is told to everybody.
_FREE = frozenset({"sts:GetCallerIdentity"})
# What has no action of its own.
_ALIASES = {
    "lambda:GetLayerVersionByArn": "lambda:GetLayerVersion",
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "s3:HeadObject": "s3:GetObject",
    "s3:CopyObject": "s3:PutObject",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:UploadPart": "s3:PutObject",
    "s3:UploadPartCopy": "s3:PutObject",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "s3:ListParts": "s3:ListMultipartUploadParts",
    "s3:PutBucketNotificationConfiguration": "s3:PutBucketNotification",
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
}
_PASSING = frozenset({"lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"})


def check_permitted(call: Call, name: str) -> None:
    """Raises AccessDenied unless the caller may do `name` ("lambda:GetFunction"). A role of which nobody has made
    an IAM role lets a function invoke others, which the gateway sees to, and do nothing else."""
    if not call.principal.role_name or name in _FREE:
        return
    acting = _with_permissions(call.principal)
    action = _ALIASES.get(name, name)
    if acting.permissions is None and acting.kind == "role":
        raise AccessDenied(
            f"User: {acting.arn} is not authorized to perform: {action} because no identity-based policy allows "
            f"the {action} action: the role {acting.role_name} does not exist"
        )
    if acting.permissions is None and IamSession.objects.filter(key_id=acting.id, role=None).count() == 0:
        raise AccessDenied(f"User: {acting.arn} is not authorized to perform: {action}: its role is gone")
    _check_any(acting, action, resources_of(call, name))
    if name in _PASSING and "Role" in call.parameters:
        check_entitled(acting, "iam:PassRole", call["Role"], call.region, timezone.now())


def resources_of(call: Call, name: str) -> tuple[str, ...]:
    """The ARNs that a policy may mean by the operation's resource; one of them has to be allowed, none denied."""
    found = _RESOURCES[name.partition(":")[0]](call)
    return found or ("*",)


def _check_any(acting: Principal, action: str, resources: tuple[str, ...]) -> None:
    now = timezone.now()
    found = [decision(acting, action, resource, region_of(acting), now) for resource in resources]
    if Decision.DENIED in found:
        raise refusal_of(acting, action, resources[0], Decision.DENIED)
    if Decision.ALLOWED not in found:
        raise refusal_of(acting, action, resources[0], Decision.NOT_ALLOWED)


def _with_permissions(principal: Principal) -> Principal:
    role = role_snapshot(project_id=principal.project_id, name=principal.role_name)
    return replace(principal, permissions=role.permissions)


def _lambda(call: Call) -> tuple[str, ...]:
    base = f"arn:aws:lambda:{call.region}:{call.project.account}"
    if "FunctionName" in call.parameters:
        named = parse_reference(call["FunctionName"], call.get("Qualifier", ""))
        suffix = f":{named.qualifier}" if named.qualifier else ""
        return (f"{base}:function:{named.name}{suffix}",)
    if "LayerName" in call.parameters:
        version = f":{call['VersionNumber']}" if "VersionNumber" in call.parameters else ""
        name = call["LayerName"]
        return (f"{name if name.startswith('arn:') else f'{base}:layer:{name}'}{version}",)
    if "UUID" in call.parameters:
        return (f"{base}:event-source-mapping:{call['UUID']}",)
    given = call.get("Resource") or call.get("Arn")
    return (given,) if given else ()


def _iam(call: Call) -> tuple[str, ...]:
    base = f"arn:aws:iam::{call.project.account}"
    if "RoleName" in call.parameters:
        role = IamRole.objects.filter(project=call.project, name__iexact=call["RoleName"]).first()
        path = role.path if role else call.get("Path", "/")
        return (f"{base}:role{path}{role.name if role else call['RoleName']}",)
    if "PolicyArn" in call.parameters:
        return (call["PolicyArn"],)
    return (f"{base}:policy{call.get('Path', '/')}{call['PolicyName']}",) if call.get("PolicyName") else ()


def _sts(call: Call) -> tuple[str, ...]:
    return (call["RoleArn"],) if "RoleArn" in call.parameters else ()


def _logs(call: Call) -> tuple[str, ...]:
    """Policies name a group with and without `:*` behind it, and mean the same."""
    base = f"arn:aws:logs:{call.region}:{call.project.account}:log-group"
    given = call.get("logGroupName") or call.get("logGroupIdentifier", "").rpartition(":log-group:")[2]
    if not given:
        return (f"{base}::log-stream:",)
    group = f"{base}:{given.removesuffix(':*')}"
    if "logStreamName" in call.parameters:
        return (f"{group}:log-stream:{call['logStreamName']}",)
    return (group, f"{group}:*")


def _secrets(call: Call) -> tuple[str, ...]:
    given = call.get("SecretId") or call.get("Name", "")
    found = secrets.named(call.project.pk, given) if given else None
    if found is not None:
        return (secrets.arn_of(found),)
    base = f"arn:aws:secretsmanager:{config().region}:{call.project.account}:secret"
    return (given if given.startswith("arn:") else f"{base}:{given}",) if given else ()


def _events(call: Call) -> tuple[str, ...]:
    base = f"arn:aws:events:{call.region}:{call.project.account}"
    name = call.get("Name") or call.get("Rule")
    return (f"{base}:rule/{name}",) if name else (f"{base}:event-bus/default",)


def _sqs(call: Call) -> tuple[str, ...]:
    base = f"arn:aws:sqs:{call.region}:{call.project.account}"
    name = call.get("QueueName") or call.get("QueueUrl", "").rstrip("/").rpartition("/")[2]
    return (f"{base}:{name}",) if name else ()


def _s3(call: Call) -> tuple[str, ...]:
    bucket, key = call.get("Bucket", ""), call.get("Key", "")
    return (f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}",) if bucket else ()


_RESOURCES: Mapping[str, Callable[[Call], tuple[str, ...]]] = {
    "lambda": _lambda,
    "iam": _iam,
    "sts": _sts,
    "logs": _logs,
    "events": _events,
    "secretsmanager": _secrets,
    "sqs": _sqs,
    "s3": _s3,
}
