"""S3's lists through the relay's door: objects by both versions, uploads under way, page by page."""

from __future__ import annotations

import pytest

from tests.console.api.storage import refused

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]


def test_lists(s3, bucket):
    for key in ("a", "b/1", "b/2", "b/c/3", "d", "é"):
        s3("PutObject", Bucket=bucket, Key=key, Body=b"x")
    top = s3("ListObjectsV2", Bucket=bucket, Delimiter="/")
    assert [one["Key"] for one in top["Contents"]] == ["a", "d", "é"]
    assert [one["Prefix"] for one in top["CommonPrefixes"]] == ["b/"]
    assert (top["KeyCount"], top["IsTruncated"]) == (4, False)
    inner = s3("ListObjectsV2", Bucket=bucket, Delimiter="/", Prefix="b/")
    assert [one["Key"] for one in inner["Contents"]] == ["b/1", "b/2"]
    seen, token = [], {}
    while True:
        page = s3("ListObjectsV2", Bucket=bucket, MaxKeys=2, Delimiter="/", **token)
        seen += [one["Key"] for one in page.get("Contents", [])]
        seen += [one["Prefix"] for one in page.get("CommonPrefixes", [])]
        if not page["IsTruncated"]:
            break
        token = {"ContinuationToken": page["NextContinuationToken"]}
    assert sorted(seen) == ["a", "b/", "d", "é"]
    after = s3("ListObjectsV2", Bucket=bucket, StartAfter="b/2", EncodingType="url")
    assert [one["Key"] for one in after["Contents"]] == ["b/c/3", "d", "%C3%A9"]
    wrong = refused(lambda: s3("ListObjectsV2", Bucket=bucket, ContinuationToken="?"))
    assert wrong.code == "InvalidArgument"


def test_lists_of_the_first_version(s3, bucket):
    for key in ("a", "b/1", "b/2", "d", "e"):
        s3("PutObject", Bucket=bucket, Key=key, Body=b"x")
    assert [one["Key"] for one in s3("ListObjects", Bucket=bucket, Prefix="b/")["Contents"]] == ["b/1", "b/2"]
    seen, marker = [], ""
    while True:
        page = s3("ListObjects", Bucket=bucket, MaxKeys=2, Delimiter="/", Marker=marker)
        assert page["Marker"] == marker
        seen += [one["Key"] for one in page.get("Contents", [])]
        seen += [one["Prefix"] for one in page.get("CommonPrefixes", [])]
        if not page["IsTruncated"]:
            break
        marker = page["NextMarker"]
    assert seen == ["a", "b/", "d", "e"]
    cut = s3("ListObjects", Bucket=bucket, MaxKeys=1)
    assert (cut["IsTruncated"], "NextMarker" in cut) == (True, False)
    assert refused(lambda: s3("ListObjects", Bucket=bucket, MaxKeys=-1)).code == "InvalidArgument"
    assert refused(lambda: s3("ListObjects", Bucket="none")).code == "NoSuchBucket"
    assert s3("GetBucketVersioning", Bucket=bucket) == {}


def test_uploads_under_way_are_listed(s3, bucket):
    ids = [
        s3("CreateMultipartUpload", Bucket=bucket, Key=key)["UploadId"] for key in ("x/1", "x/1", "x/2", "y")
    ]
    seen, marker = [], {}
    while True:
        page = s3("ListMultipartUploads", Bucket=bucket, Prefix="x/", MaxUploads=1, **marker)
        seen += [(one["Key"], one["UploadId"]) for one in page["Uploads"]]
        if not page["IsTruncated"]:
            break
        marker = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}
    assert seen == [("x/1", ids[0]), ("x/1", ids[1]), ("x/2", ids[2])]
    rest = s3("ListMultipartUploads", Bucket=bucket, KeyMarker="x/1")
    assert [one["Key"] for one in rest["Uploads"]] == ["x/2", "y"]
    wrong = {"KeyMarker": "x/1", "UploadIdMarker": "nonsense"}
    assert refused(lambda: s3("ListMultipartUploads", Bucket=bucket, **wrong)).code == "InvalidArgument"
    assert refused(lambda: s3("ListMultipartUploads", Bucket=bucket, Delimiter="/")).code == "NotImplemented"
