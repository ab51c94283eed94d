"""Buckets, the objects in them, and objects that are still being uploaded in parts. Rows say which files hold the
bytes (functions.object_files)."""

from __future__ import annotations

from django.db import models

from functions.models.access import Project
from functions.models.base import Row


class Bucket(Row):
    """A bucket. `stored_bytes` counts its objects and the parts of uploads under way; `notifications` is AWS's
    NotificationConfiguration."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="buckets")
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=63)
    stored_bytes = models.BigIntegerField(default=0)
    notifications = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="bucket_name_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def arn(self) -> str:
        """As S3 names it."""
        return f"arn:aws:s3:::{self.name}"


class StoredObject(Row):
    """An object. The key is UTF-8, so that every database sorts keys as S3 does; `pieces` are the files that hold it,
    as [name, bytes] in order; `headers` are those that come back with it, `sums` checksums by S3's name."""

    bucket = models.ForeignKey(Bucket, models.CASCADE, related_name="objects_stored")
    key = models.BinaryField(max_length=1024)
    size = models.BigIntegerField()
    etag = models.CharField(max_length=48)
    headers = models.JSONField(default=dict, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    sums = models.JSONField(default=dict, blank=True)
    pieces = models.JSONField(default=list)
    modified_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bucket", "key"], name="object_key_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The key as text."""
        return bytes(self.key).decode()


class MultipartUpload(Row):
    """An object of which parts come one by one."""

    bucket = models.ForeignKey(Bucket, models.CASCADE, related_name="uploads")
    key = models.BinaryField(max_length=1024)
    headers = models.JSONField(default=dict, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    @property
    def name(self) -> str:
        """The key as text."""
        return bytes(self.key).decode()


class UploadedPart(Row):
    """One part; `file` holds it. `etag` is its MD5 in hex."""

    upload = models.ForeignKey(MultipartUpload, models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    size = models.BigIntegerField()
    etag = models.CharField(max_length=48)
    sums = models.JSONField(default=dict, blank=True)
    file = models.CharField(max_length=32)
    modified_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="part_number_once")]
