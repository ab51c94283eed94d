"""Buckets made, deleted, and told which functions to call for what changes in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from functions.ids import new_id
from functions.installation import region_of
from functions.models import Bucket, Project
from functions.naming import parse_reference
from functions.object_errors import (
    BucketAlreadyOwnedByYou,
    BucketNotEmpty,
    InvalidArgument,
    InvalidBucketName,
    TooManyBuckets,
)
from functions.object_notifications import check
from functions.services.event_rules import target_function
from functions.services.guard import record, require
from functions.snapshots import Principal
from functions.states import Role

MOST_BUCKETS = 100
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_RESERVED = "url"  # the gateway's own: a presigned address in it would be a function's
_NAME = re.compile(r"(?!xn--|\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")


@transaction.atomic
def create_bucket(*, acting: Principal, project: Project, name: str) -> Bucket:
    """A bucket of the project; raises InvalidBucketName, BucketAlreadyOwnedByYou, TooManyBuckets."""
    require(acting, Role.DEVELOPER, project.pk)
    if not _NAME.fullmatch(name) or name == _RESERVED:
        raise InvalidBucketName("The specified bucket is not valid.", field="name")
    Project.objects.select_for_update().only("pk").get(pk=project.pk)  # two of a name cannot come at once
    if Bucket.objects.filter(project=project, name=name).exists():
        raise BucketAlreadyOwnedByYou(
            "Your previous request to create the named bucket succeeded and you already own it.", field="name"
        )
    if Bucket.objects.filter(project=project).count() >= MOST_BUCKETS:
        raise TooManyBuckets(f"The project has {MOST_BUCKETS} buckets already: delete one first.")
    bucket = Bucket.objects.create(project=project, region=region_of(acting), name=name)
    record(acting, "bucket.create", bucket, project_id=project.pk)
    return bucket


@transaction.atomic
def delete_bucket(*, acting: Principal, bucket: Bucket) -> None:
    """Gone for good; raises BucketNotEmpty while it holds an object or an upload under way."""
    require(acting, Role.DEVELOPER, bucket.project_id)
    locked = Bucket.objects.select_for_update(of=("self",)).get(pk=bucket.pk)
    if locked.objects_stored.exists() or locked.uploads.exists():
        raise BucketNotEmpty("The bucket you tried to delete is not empty")
    record(acting, "bucket.delete", locked, project_id=locked.project_id)
    locked.delete()


@transaction.atomic
def put_notifications(
    *, acting: Principal, bucket: Bucket, configurations: Sequence[Mapping[str, Any]]
) -> None:
    """Which functions are told of what, in place of what was configured before; raises InvalidArgument."""
    require(acting, Role.DEVELOPER, bucket.project_id)
    stored = [{**one, "Id": one.get("Id") or str(new_id())} for one in configurations]
    check(list(stored))
    for one in stored:
        _check_function(bucket, one["LambdaFunctionArn"])
    before, bucket.notifications = bucket.notifications, {"LambdaFunctionConfigurations": stored}
    bucket.save(update_fields=["notifications"])
    record(
        acting,
        "bucket.notifications",
        bucket,
        project_id=bucket.project_id,
        before=before,
        after=bucket.notifications,
    )


def _check_function(bucket: Bucket, arn: str) -> None:
    named, project = parse_reference(arn), bucket.project
    if named.region != bucket.region:
        raise InvalidArgument(
            "The notification destination service region is not valid for the bucket location constraint"
        )
    if named.account != project.account or target_function(project, arn) is None:
        raise InvalidArgument(
            f"Unable to validate the following destination configurations: {arn[:200]} is no deployed function of "
            "this project."
        )
