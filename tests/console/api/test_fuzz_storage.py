"""Requests to S3 made up from addresses, queries, headers and bodies that mean something somewhere: whatever comes, the
answer is one of S3's, never a failure of ours. FUNCTORY_FUZZ says how many."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from functions.installation import relay_key
from functions.models import MultipartUpload
from functions.snapshots import Principal
from functions.tokens import sign_principal
from tests.console.api.storage import S3
from tests.console.api.test_fuzz import REQUESTS

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]
UPLOAD = "{upload}"
BUCKETS = ("photos", "photos", "photos", "none", "No!", "")
KEYS = ("", "k", "k", "big", "a/b", "é %/+", "x" * 1100, "\x01", "../../etc")
QUERIES: dict[str, tuple[str, ...]] = {
    "uploads": ("",),
    "uploadId": (UPLOAD, UPLOAD, "x"),
    "partNumber": ("1", "0", "10001", "x", "9" * 25),
    "list-type": ("2", "1", "x"),
    "delete": ("",),
    "location": ("",),
    "versioning": ("",),
    "notification": ("",),
    "acl": ("",),
    "tagging": ("",),
    "max-keys": ("1", "0", "-1", "x", "9" * 25),
    "max-parts": ("1", "-1"),
    "max-uploads": ("1", "0", "-1"),
    "part-number-marker": ("1", "-1"),
    "prefix": ("a", "é", "\x00"),
    "delimiter": ("/", "x", ""),
    "marker": ("a", "\ud7ff"),
    "key-marker": ("big",),
    "upload-id-marker": (UPLOAD, "x"),
    "start-after": ("a",),
    "continuation-token": ("61", "x", "ff"),
    "encoding-type": ("url", "x"),
    "versionId": ("null", "3"),
    "response-content-type": ("text/plain",),
}
HEADERS: dict[str, tuple[str, ...]] = {
    "range": ("bytes=0-1", "bytes=9-", "bytes=-3", "bytes=x", "bytes=5-1"),
    "if-match": ("*", '"x"'),
    "if-none-match": ("*", '"x"'),
    "if-modified-since": ("Sat, 01 Jan 2000 00:00:00 GMT", "x"),
    "content-md5": ("x", "CY9rzUYh03PK3k6DJie09g=="),
    "x-amz-copy-source": ("photos/k", "/photos/k?versionId=null", "none/k", "x", "%ff%fe/k"),
    "x-amz-copy-source-range": ("bytes=0-1", "bytes=9-99", "x"),
    "x-amz-metadata-directive": ("REPLACE", "x"),
    "x-amz-meta-a": ("1", "x" * 3000),
    "x-amz-checksum-crc32": ("AAAAAA==", "x"),
    "x-amz-content-sha256": ("UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
    "x-amz-decoded-content-length": ("5", "x"),
    "x-amz-acl": ("private", "public-read"),
    "x-amz-storage-class": ("STANDARD", "GLACIER"),
    "x-amz-expected-bucket-owner": ("000000000009",),
}
BODIES = (
    b"",
    b"hello",
    b"<",
    b"<!DOCTYPE x>",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"ff;x=\r\n",
    b"<Delete><Object><Key>k</Key></Object><Object/></Delete>",
    b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>",
    b"<CompleteMultipartUpload><Part><PartNumber>x</PartNumber></Part></CompleteMultipartUpload>",
    b"<NotificationConfiguration><CloudFunctionConfiguration><CloudFunction>x</CloudFunction><Event>s3:x</Event>"
    b"</CloudFunctionConfiguration></NotificationConfiguration>",
    b"<NotificationConfiguration><QueueConfiguration><Queue>q</Queue></QueueConfiguration></NotificationConfiguration>",
    b"<CreateBucketConfiguration><LocationConstraint>eu-west-9</LocationConstraint></CreateBucketConfiguration>",
)


def some_of(words: dict[str, tuple[str, ...]], most: int) -> st.SearchStrategy[dict[str, str]]:
    pairs = st.sampled_from(sorted(words)).flatmap(
        lambda name: st.tuples(st.just(name), st.sampled_from(words[name]))
    )
    return st.lists(pairs, max_size=most).map(dict)


REQUEST = st.tuples(
    st.sampled_from(("GET", "PUT", "POST", "DELETE", "HEAD")),
    st.sampled_from(BUCKETS),
    st.sampled_from(KEYS),
    some_of(QUERIES, 3),
    some_of(HEADERS, 3),
    st.sampled_from(BODIES),
)


def test_no_request_to_s3_is_a_failure(s3: S3, bucket: str, principal: Principal) -> None:
    s3("PutObject", Bucket=bucket, Key="k", Body=b"hello")
    s3("CreateMultipartUpload", Bucket=bucket, Key="big")
    upload, word, client = (
        str(MultipartUpload.objects.get().pk),
        sign_principal(relay_key(), principal),
        Client(),
    )
    kinds: dict[int, int] = {}

    @examples(
        max_examples=REQUESTS,
        deadline=None,
        database=None,
        derandomize="FUNCTORY_FUZZ" not in os.environ,
        suppress_health_check=list(HealthCheck),
    )
    @given(REQUEST)
    def send(request: tuple[str, str, str, dict[str, str], dict[str, str], bytes]) -> None:
        method, where, key, query, headers, body = request
        path = quote(f"/{where}/{key}".rstrip("/") or "/", safe="/")
        told = {name: upload if value == UPLOAD else value for name, value in query.items()}
        sent: dict[str, Any] = {**headers, "x-functory-principal": word, "x-functory-path": path}
        with transaction.atomic(), transaction.atomic(using="telemetry"):
            answer = client.generic(method, f"/s3{path}", body, QUERY_STRING=urlencode(told), headers=sent)
            transaction.set_rollback(True)
            transaction.set_rollback(True, using="telemetry")
        kinds[answer.status_code] = kinds.get(answer.status_code, 0) + 1
        assert answer.status_code < 500 or answer.status_code == 501, (request, answer.getvalue())

    send()
    assert kinds.get(200, 0) > REQUESTS / 50, kinds
