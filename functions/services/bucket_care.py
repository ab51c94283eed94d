"""What people do to a bucket's objects by hand: put a file, delete one. The same as programs do by
functions.services.objects, and noted in the audit log."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from functions.models import Bucket, StoredObject
from functions.object_errors import NoSuchKey
from functions.services import objects
from functions.services.guard import record, require
from functions.services.objects import Description
from functions.snapshots import Principal
from functions.states import Role


def put_file(
    *, acting: Principal, bucket: Bucket, key: str, body: Iterable[bytes], content_type: str
) -> StoredObject:
    """An object in place of what was there; raises what objects.put_object does."""
    description = Description({"ContentType": content_type})
    made = objects.put_object(acting=acting, bucket=bucket, key=key, body=body, description=description)
    _note(acting, "object.put", bucket, {"key": key, "size": made.size})
    return made


def delete_file(*, acting: Principal, bucket: Bucket, key: str) -> None:
    """Gone for good; raises NoSuchKey."""
    require(acting, Role.DEVELOPER, bucket.project_id)
    if not objects.delete_objects(acting=acting, bucket=bucket, keys=[key]):
        raise NoSuchKey("The object is not there any more: somebody else deleted it.")
    _note(acting, "object.delete", bucket, {"key": key})


def _note(acting: Principal, action: str, bucket: Bucket, after: dict[str, object]) -> None:
    with transaction.atomic():
        record(acting, action, bucket, project_id=bucket.project_id, after=after)
