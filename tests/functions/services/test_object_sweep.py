"""What is left of buckets after broken work goes; what a row names stays, however old."""

from datetime import timedelta

import pytest
from django.utils import timezone

from functions.installation import object_files
from functions.models import Bucket, MultipartUpload, StoredObject
from functions.services import buckets, objects, uploads
from functions.services.object_sweep import abort_old_uploads, remove_unnamed_files
from functions.services.objects import Description

pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])


@pytest.fixture
def bucket(project, principal) -> Bucket:
    return buckets.create_bucket(acting=principal, project=project, name="photos")


def test_files_that_no_row_names(principal, bucket, config):
    made = objects.put_object(
        acting=principal, bucket=bucket, key="k", body=[b"text"], description=Description()
    )
    copied = objects.copy_object(acting=principal, source=made, bucket=bucket, key="copy")
    upload = uploads.create_upload(acting=principal, bucket=bucket, key="big", description=Description())
    part = uploads.put_part(acting=principal, upload=upload, number=1, body=[b"part"])
    lost = object_files().write([b"lost"])
    unfinished = config.objects / "ab" / "0123ab.part"
    unfinished.parent.mkdir(exist_ok=True)
    unfinished.touch()
    now = timezone.now()
    remove_unnamed_files(now=now)
    assert unfinished.exists()
    remove_unnamed_files(now=now + timedelta(days=1, seconds=5))
    left = {path.name for path in config.objects.rglob("*") if path.is_file()}
    assert {made.pieces[0][0], copied.pieces[0][0], part.file} <= left
    assert not {lost.name, unfinished.name} & left


def test_uploads_that_nobody_completes(principal, bucket):
    upload = uploads.create_upload(acting=principal, bucket=bucket, key="big", description=Description())
    uploads.put_part(acting=principal, upload=upload, number=1, body=[b"part"])
    now = timezone.now()
    assert abort_old_uploads(now=now) == 0
    assert abort_old_uploads(now=now + timedelta(days=7, seconds=5)) == 1
    assert not MultipartUpload.objects.exists()
    assert not StoredObject.objects.exists()
    bucket.refresh_from_db()
    assert bucket.stored_bytes == 0
