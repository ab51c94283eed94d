"""What broken work left of buckets: files that no row names, and uploads that nobody has completed."""

from __future__ import annotations

from datetime import datetime, timedelta

from functions.installation import object_files
from functions.models import MultipartUpload, StoredObject, UploadedPart
from functions.object_errors import NoSuchBucket
from functions.services.guard import system_principal
from functions.services.uploads import abort_upload

# Longer than any request: until then a file may be waiting for the row that names it.
UNNAMED_FOR = timedelta(days=1)
UNCOMPLETED_FOR = timedelta(days=7)  # as AWS advises in its lifecycle rules


def abort_old_uploads(*, now: datetime) -> int:
    """Abort uploads begun a week ago; how many there were."""
    acting = system_principal()
    old = MultipartUpload.objects.filter(created_at__lt=now - UNCOMPLETED_FOR).select_related("bucket")
    aborted = 0
    for upload in old[:1000]:
        try:
            abort_upload(acting=acting, upload=upload)
        except NoSuchBucket:
            continue
        aborted += 1
    return aborted


def remove_unnamed_files(*, now: datetime) -> int:
    """Remove old files that no row names; how many there were. Holds the name of every file of that age."""
    files = object_files()
    unnamed = set(files.written_before(now - UNNAMED_FOR))
    if not unnamed:
        return 0
    # Parts first: one that becomes an object's meanwhile is then seen there.
    for name in UploadedPart.objects.values_list("file", flat=True).iterator():
        unnamed.discard(name)
    for pieces in StoredObject.objects.values_list("pieces", flat=True).iterator():
        unnamed.difference_update(name for name, _ in pieces)
    files.remove(unnamed)
    return len(unnamed)
