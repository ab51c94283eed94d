"""S3's operations through the relay's door, as botocore writes and reads them."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from dataclasses import replace

import pytest

from functions import queues
from functions.models import Bucket, Event, StoredObject
from functions.states import Role
from tests.console.api.neighbours import neighbour_of
from tests.console.api.sdk import create, settle
from tests.console.api.storage import refused, s3_of

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"], transaction=True),
    pytest.mark.urls("console.api.urls"),
]


@pytest.fixture(autouse=True)
def enqueued(monkeypatch):
    """Workers are not told: there is no Redis here."""
    told = []
    monkeypatch.setattr(queues, "_publish", told.append)
    monkeypatch.setattr(queues, "_enqueue", lambda queue, job, job_id, arguments: told.append(job))
    return told


def files_of(config):
    return [path for path in config.objects.rglob("*") if path.is_file()]


def test_buckets(s3, bucket):
    assert refused(lambda: s3("CreateBucket", Bucket=bucket)).code == "BucketAlreadyOwnedByYou"
    for name in ("No", "a", "10.0.0.1", "a..b", "x" * 64, "url"):
        assert refused(lambda name=name: s3("CreateBucket", Bucket=name)).code == "InvalidBucketName"
    assert [one["Name"] for one in s3("ListBuckets")["Buckets"]] == [bucket]
    assert s3("HeadBucket", Bucket=bucket)["BucketRegion"] == "us-east-1"
    assert refused(lambda: s3("HeadBucket", Bucket="nothere")).status == 404
    assert not s3("GetBucketLocation", Bucket=bucket).get("LocationConstraint")
    s3("PutObject", Bucket=bucket, Key="k", Body=b"x")
    assert refused(lambda: s3("DeleteBucket", Bucket=bucket)).code == "BucketNotEmpty"
    s3("DeleteObject", Bucket=bucket, Key="k")
    s3("DeleteBucket", Bucket=bucket)
    assert refused(lambda: s3("ListObjectsV2", Bucket=bucket)).code == "NoSuchBucket"
    assert refused(lambda: s3("GetBucketAcl", Bucket="photos")).code == "NotImplemented"


def test_an_object_comes_back_as_it_was_put(s3, bucket, config):
    before = len(files_of(config))
    made = s3(
        "PutObject",
        Bucket=bucket,
        Key="a b/ü+%.txt",
        Body=b"hello",
        ContentType="text/plain",
        CacheControl="max-age=5",
        Metadata={"who": "me"},
    )
    assert made["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"'
    got = s3("GetObject", Bucket=bucket, Key="a b/ü+%.txt")
    assert got["ContentLength"] == 5
    assert (got["ContentType"], got["CacheControl"], got["Metadata"]) == (
        "text/plain",
        "max-age=5",
        {"who": "me"},
    )
    head = s3("HeadObject", Bucket=bucket, Key="a b/ü+%.txt")
    assert (head["ContentLength"], head["ETag"]) == (5, made["ETag"])
    s3("PutObject", Bucket=bucket, Key="a b/ü+%.txt", Body=b"other")
    assert len(files_of(config)) == before + 1
    assert Bucket.objects.get().stored_bytes == 5
    assert refused(lambda: s3("GetObject", Bucket=bucket, Key="no")).code == "NoSuchKey"


def test_ranges_and_conditions(s3, bucket):
    etag = s3("PutObject", Bucket=bucket, Key="k", Body=b"0123456789")["ETag"]
    for asked, told in (
        ("bytes=2-4", "bytes 2-4/10"),
        ("bytes=7-", "bytes 7-9/10"),
        ("bytes=-3", "bytes 7-9/10"),
    ):
        assert s3("GetObject", Bucket=bucket, Key="k", Range=asked)["ContentRange"] == told
    assert refused(lambda: s3("GetObject", Bucket=bucket, Key="k", Range="bytes=10-")).status == 416
    assert refused(lambda: s3("GetObject", Bucket=bucket, Key="k", IfNoneMatch=etag)).status == 304
    assert refused(lambda: s3("GetObject", Bucket=bucket, Key="k", IfMatch='"x"')).status == 412
    assert s3("GetObject", Bucket=bucket, Key="k", IfMatch=etag, IfNoneMatch='"x"')["ContentLength"] == 10
    there = refused(lambda: s3("PutObject", Bucket=bucket, Key="k", Body=b"y", IfNoneMatch="*"))
    assert (there.code, there.status) == ("PreconditionFailed", 412)
    s3("PutObject", Bucket=bucket, Key="k", Body=b"y", IfMatch=etag)
    s3("PutObject", Bucket=bucket, Key="new", Body=b"y", IfNoneMatch="*")


def test_checksums_and_chunked_bodies(s3, bucket, config):
    crc = base64.b64encode(zlib.crc32(b"hello").to_bytes(4, "big")).decode()
    sent = {
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "content-encoding": "aws-chunked",
        "x-amz-trailer": "x-amz-checksum-crc32",
        "x-amz-decoded-content-length": "5",
    }
    body = b"3\r\nhel\r\n2\r\nlo\r\n0\r\nx-amz-checksum-crc32:%b\r\n\r\n"
    made = s3("PutObject", Bucket=bucket, Key="k", Body=body % crc.encode(), sent=sent)
    assert made["ChecksumCRC32"] == crc
    got = s3("GetObject", Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (got["ContentLength"], got["ChecksumCRC32"], got.get("ContentEncoding")) == (5, crc, None)
    before = files_of(config)
    wrong = refused(lambda: s3("PutObject", Bucket=bucket, Key="k", Body=body % b"AAAAAA==", sent=sent))
    assert wrong.code == "BadDigest"
    broken = refused(lambda: s3("PutObject", Bucket=bucket, Key="k", Body=b"zz", sent=sent))
    assert broken.code == "InvalidRequest"
    digest = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    assert (
        refused(lambda: s3("PutObject", Bucket=bucket, Key="k", Body=b"x", ContentMD5=digest)).code
        == "BadDigest"
    )
    assert files_of(config) == before


def test_copies_and_deletes(s3, bucket, config):
    s3("PutObject", Bucket=bucket, Key="k", Body=b"hello", Metadata={"a": "1"})
    s3("CopyObject", Bucket=bucket, Key="copy", CopySource=f"{bucket}/k")
    s3("DeleteObject", Bucket=bucket, Key="k")
    assert s3("HeadObject", Bucket=bucket, Key="copy")["Metadata"] == {"a": "1"}
    itself = refused(lambda: s3("CopyObject", Bucket=bucket, Key="copy", CopySource=f"{bucket}/copy"))
    assert itself.code == "InvalidArgument"
    missing = refused(lambda: s3("CopyObject", Bucket=bucket, Key="x", CopySource=f"{bucket}/k"))
    assert missing.code == "NoSuchKey"
    gone = s3("DeleteObjects", Bucket=bucket, Delete={"Objects": [{"Key": "copy"}, {"Key": "never"}]})
    assert [one["Key"] for one in gone["Deleted"]] == ["copy", "never"]
    assert not StoredObject.objects.exists()
    assert Bucket.objects.get().stored_bytes == 0
    assert refused(lambda: s3("DeleteObjects", Bucket=bucket, Delete={"Objects": []})).code == "MalformedXML"


def test_parts(s3, bucket, monkeypatch):
    begun = s3("CreateMultipartUpload", Bucket=bucket, Key="big", ContentType="text/plain")["UploadId"]
    of = {"Bucket": bucket, "Key": "big", "UploadId": begun}
    first = s3("UploadPart", **of, PartNumber=1, Body=b"a" * 100)["ETag"]
    second = s3("UploadPart", **of, PartNumber=2, Body=b"b")["ETag"]
    assert [part["PartNumber"] for part in s3("ListParts", **of)["Parts"]] == [1, 2]
    named = [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second}]

    def complete(parts):
        return s3("CompleteMultipartUpload", **of, MultipartUpload={"Parts": parts})

    assert refused(lambda: complete(named)).code == "EntityTooSmall"
    monkeypatch.setattr("functions.services.uploads.SMALLEST_PART", 100)
    assert refused(lambda: complete(named[::-1])).code == "InvalidPartOrder"
    assert refused(lambda: complete([{"PartNumber": 3, "ETag": first}])).code == "InvalidPart"
    made = complete(named)
    assert made["ETag"].endswith('-2"')
    assert Bucket.objects.get().stored_bytes == 101
    got = s3("GetObject", Bucket=bucket, Key="big", Range="bytes=99-100")
    assert (got["ContentLength"], got["ContentType"]) == (2, "text/plain")
    assert refused(lambda: complete(named)).code == "NoSuchUpload"
    again = s3("CreateMultipartUpload", Bucket=bucket, Key="big")["UploadId"]
    copied = s3(
        "UploadPartCopy",
        Bucket=bucket,
        Key="big",
        UploadId=again,
        PartNumber=1,
        CopySource=f"{bucket}/big",
        CopySourceRange="bytes=98-100",
    )
    assert copied["CopyPartResult"]["ETag"] == f'"{hashlib.md5(b"aab").hexdigest()}"'
    s3("AbortMultipartUpload", Bucket=bucket, Key="big", UploadId=again)
    assert Bucket.objects.get().stored_bytes == 101


def test_who_may(s3, bucket, principal):
    s3("PutObject", Bucket=bucket, Key="k", Body=b"x")
    viewer = s3_of(replace(principal, role=Role.VIEWER))
    assert viewer("GetObject", Bucket=bucket, Key="k")["ContentLength"] == 1
    assert refused(lambda: viewer("PutObject", Bucket=bucket, Key="k", Body=b"y")).code == "AccessDenied"
    assert refused(lambda: viewer("CreateBucket", Bucket="another")).code == "AccessDenied"
    assert refused(lambda: viewer("DeleteObject", Bucket=bucket, Key="k")).code == "AccessDenied"
    owner = refused(lambda: s3("HeadObject", Bucket=bucket, Key="k", ExpectedBucketOwner="999999999999"))
    assert owner.status == 403


def test_what_a_role_lets(s3, bucket, principal):
    iam = neighbour_of(principal, "iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam("CreateRole", RoleName="clerk", AssumeRolePolicyDocument=document(trust))
    lets = {"Effect": "Allow", "Action": "s3:*Object", "Resource": f"arn:aws:s3:::{bucket}/mine/*"}
    iam("PutRolePolicy", RoleName="clerk", PolicyName="p", PolicyDocument=document(lets))
    clerk = s3_of(replace(principal, kind="role", name="clerk/f", role=Role.DEVELOPER))
    for key in ("mine/a", "theirs/a"):
        s3("PutObject", Bucket=bucket, Key=key, Body=b"x")
    assert clerk("GetObject", Bucket=bucket, Key="mine/a")["ContentLength"] == 1
    assert refused(lambda: clerk("GetObject", Bucket=bucket, Key="theirs/a")).code == "AccessDenied"
    assert refused(lambda: clerk("ListObjectsV2", Bucket=bucket)).code == "AccessDenied"
    clerk("CopyObject", Bucket=bucket, Key="mine/b", CopySource=f"{bucket}/mine/a")
    stolen = refused(
        lambda: clerk("CopyObject", Bucket=bucket, Key="mine/c", CopySource=f"{bucket}/theirs/a")
    )
    assert stolen.code == "AccessDenied"
    keys = [{"Key": "mine/a"}, {"Key": "theirs/a"}]
    told = clerk("DeleteObjects", Bucket=bucket, Delete={"Objects": keys})
    assert [one["Key"] for one in told["Deleted"]] == ["mine/a"]
    assert [(one["Key"], one["Code"]) for one in told["Errors"]] == [("theirs/a", "AccessDenied")]
    assert s3("HeadObject", Bucket=bucket, Key="theirs/a")


def document(statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_limits(s3, bucket, monkeypatch, config):
    before = files_of(config)
    assert refused(lambda: s3("PutObject", Bucket=bucket, Key="k" * 1025, Body=b"")).code == "KeyTooLongError"
    many = {"k": "v" * 2048}
    assert refused(lambda: s3("PutObject", Bucket=bucket, Key="k", Body=b"", Metadata=many)).status == 400
    assert refused(lambda: s3("PutObject", Bucket=bucket, Key="k", Body=b"", Tagging="a=b")).status == 501
    monkeypatch.setattr("console.api.object_body.OBJECT_BODY", 3)
    large = refused(lambda: s3("PutObject", Bucket=bucket, Key="k", Body=b"1234"))
    assert large.code == "EntityTooLarge"
    monkeypatch.setattr("functions.services.objects.PROJECT_QUOTA", 2)
    full = refused(lambda: s3("PutObject", Bucket=bucket, Key="k", Body=b"123"))
    assert full.code == "EntityTooLarge"
    assert files_of(config) == before


def test_functions_are_told(sdk, s3, bucket, principal):
    create(sdk, "told")
    settle(principal, "told")
    arn = f"arn:aws:lambda:us-east-1:{principal.account}:function:told"
    rules = [{"Name": "Prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".txt"}]
    asked = {
        "LambdaFunctionArn": arn,
        "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:Delete"],
        "Filter": {"Key": {"FilterRules": rules}},
    }

    def configure(one):
        s3(
            "PutBucketNotificationConfiguration",
            Bucket=bucket,
            NotificationConfiguration={"LambdaFunctionConfigurations": [one]},
        )

    assert refused(lambda: configure({**asked, "LambdaFunctionArn": arn + "x"})).code == "InvalidArgument"
    assert refused(lambda: configure({**asked, "Events": ["s3:Replication:*"]})).code == "InvalidArgument"
    configure(asked)
    (kept,) = s3("GetBucketNotificationConfiguration", Bucket=bucket)["LambdaFunctionConfigurations"]
    assert (kept["LambdaFunctionArn"], kept["Filter"]["Key"]["FilterRules"]) == (arn, rules)
    for key in ("in/a b.txt", "in/other.png", "out/a.txt"):
        s3("PutObject", Bucket=bucket, Key=key, Body=b"hello")
    s3("DeleteObjects", Bucket=bucket, Delete={"Objects": [{"Key": "in/a b.txt"}, {"Key": "out/a.txt"}]})
    told = [event.payload for event in Event.objects.order_by("id")]
    assert len(told) == 2
    assert '"eventName": "ObjectCreated:Put"' in told[0]
    assert '"key": "in/a+b.txt", "size": 5' in told[0]
    assert '"eventName": "ObjectRemoved:Delete"' in told[1]
