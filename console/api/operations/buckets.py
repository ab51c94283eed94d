"""S3's operations on buckets: made, found, deleted, and whom they tell."""

from __future__ import annotations

from typing import Any

from console.api.call import Call
from functions.errors import AccessDenied, NotImplementedHere
from functions.models import Bucket
from functions.object_errors import InvalidArgument
from functions.queries import objects as reads
from functions.services import buckets
from functions.services.guard import require
from functions.states import Role


def bucket_of(call: Call) -> Bucket:
    """The bucket of the request; raises NoSuchBucket, and AccessDenied when its owner is not the expected one."""
    require(call.principal, Role.VIEWER, call.project.pk)
    if call.get("ExpectedBucketOwner", call.project.account) != call.project.account:
        raise AccessDenied("Access Denied")
    return reads.bucket_named(project_id=call.project.pk, name=call["Bucket"])


def create_bucket(call: Call) -> dict[str, Any]:
    """CreateBucket."""
    call.refuse_given(
        "GrantFullControl",
        "GrantRead",
        "GrantReadACP",
        "GrantWrite",
        "GrantWriteACP",
        "ObjectLockEnabledForBucket",
    )
    refuse_public(call)
    place = (call.get("CreateBucketConfiguration") or {}).get("LocationConstraint")
    if place and place != call.region:
        raise InvalidArgument(f"The request was signed for {call.region}, not for {place[:40]}.")
    made = buckets.create_bucket(acting=call.principal, project=call.project, name=call["Bucket"])
    return {"Location": f"/{made.name}"}


def head_bucket(call: Call) -> dict[str, Any]:
    """HeadBucket."""
    return {"BucketRegion": bucket_of(call).region}


def list_buckets(call: Call) -> dict[str, Any]:
    """ListBuckets. A project has no more of them than one page holds."""
    require(call.principal, Role.VIEWER, call.project.pk)
    rows = reads.buckets_of(call.project.pk).filter(name__startswith=call.get("Prefix", ""))
    account = call.project.account
    return {
        "Owner": {"DisplayName": call.project.name, "ID": account},
        "Buckets": [
            {"Name": row.name, "CreationDate": row.created_at, "BucketRegion": row.region} for row in rows
        ],
        "Prefix": call.get("Prefix"),
    }


def delete_bucket(call: Call) -> dict[str, Any]:
    """DeleteBucket."""
    buckets.delete_bucket(acting=call.principal, bucket=bucket_of(call))
    return {}


def get_bucket_location(call: Call) -> dict[str, Any]:
    """GetBucketLocation: S3's first region has no name here."""
    region = bucket_of(call).region
    return {"LocationConstraint": None if region == "us-east-1" else region}


def get_bucket_versioning(call: Call) -> dict[str, Any]:
    """GetBucketVersioning: never switched on, which S3 says by saying nothing."""
    bucket_of(call)
    return {}


def put_bucket_notification_configuration(call: Call) -> dict[str, Any]:
    """PutBucketNotificationConfiguration, for functions."""
    given = call["NotificationConfiguration"] or {}
    for name in given.keys() - {"LambdaFunctionConfigurations"}:
        raise NotImplementedHere(f"{name} is not implemented by Functory: buckets tell functions alone.")
    configurations = given.get("LambdaFunctionConfigurations", [])
    for one in configurations:
        if not one.get("LambdaFunctionArn") or not one.get("Events"):
            raise InvalidArgument("A configuration names a function and at least one event.")
    buckets.put_notifications(acting=call.principal, bucket=bucket_of(call), configurations=configurations)
    return {}


def get_bucket_notification_configuration(call: Call) -> dict[str, Any]:
    """GetBucketNotificationConfiguration."""
    return dict(bucket_of(call).notifications)


def refuse_public(call: Call) -> None:
    """Raises NotImplementedHere for a canned ACL that says more than that the project owns it."""
    if call.get("ACL", "private") not in {"private", "bucket-owner-full-control"}:
        raise NotImplementedHere(
            "ACLs are not implemented by Functory: roles of the project and policies decide."
        )
