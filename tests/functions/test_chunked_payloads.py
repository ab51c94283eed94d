"""S3's aws-chunked bodies, and signatures of S3: chunk by chunk, presigned with version 4 and with version 2."""

import hashlib
import hmac
import io
import mmap
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from botocore.auth import HmacV1QueryAuth, S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from msgspec.structs import replace

from functions.chunked_payloads import (
    SIGNED,
    SIGNED_WITH_TRAILER,
    UNSIGNED_WITH_TRAILER,
    chunks,
    verify_chunks,
)
from functions.errors import ExpiredToken, IncompleteSignature, InvalidRequestContent, InvalidSignature
from functions.signing import SignedRequest, read_claim, session_token, signing_key, verify

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEY = Credentials("AKIAIOSFODNN7EXAMPLE", SECRET)
PLACE = "http://127.0.0.1:9000"
EMPTY = hashlib.sha256(b"").hexdigest()
# https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html: the example of a whole upload.
STAMP, SCOPE = "20130524T000000Z", "20130524/us-east-1/s3/aws4_request"
SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
CHUNKS = (
    (65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
    (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
    (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
)
EXAMPLE = b"".join(b"%x;chunk-signature=%b\r\n%b\r\n" % (n, s.encode(), b"a" * n) for n, s in CHUNKS)


def check(body: bytes, seed: str = SEED) -> None:
    key = signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524", "us-east-1", "s3")
    verify_chunks(io.BytesIO(body), len(body), key=key, stamp=STAMP, scope=SCOPE, seed=seed)


def test_aws_own_example():
    check(EXAMPLE)
    assert sum(len(chunk.payload) for chunk in chunks(io.BytesIO(EXAMPLE), 66560)) == 66560
    for wrong in (EXAMPLE.replace(b"aab", b"ab"), EXAMPLE.replace(b"a\r\n400", b"b\r\n400")):
        if wrong != EXAMPLE:
            with pytest.raises(InvalidSignature):
                check(wrong)
    with pytest.raises(InvalidSignature):
        check(EXAMPLE, seed="0" * 64)


@pytest.mark.parametrize(
    "body", [b"", b"x", b"5\r\nab", b"2\r\nabXX0\r\n\r\n", b"-1\r\n", b"2\nab\r\n", b"ffffffff\r\n"]
)
def test_what_is_no_chunked_body(body):
    with pytest.raises(InvalidRequestContent):
        list(chunks(io.BytesIO(body), 100))


def test_trailers():
    *_, last = chunks(io.BytesIO(b"1\r\na\r\n0\r\nX-Amz-Checksum-CRC32: abc=\r\n\r\n"), 100)
    assert last.trailers == {"x-amz-checksum-crc32": "abc="}


def received(request, **headers) -> SignedRequest:
    prepared = request.prepare()
    parts = urlsplit(prepared.url)
    given = {name.lower(): _text(value) for name, value in prepared.headers.items()}
    return SignedRequest(
        prepared.method,
        parts.path,
        parts.query,
        {"host": parts.netloc, **given, **headers},
        prepared.body or b"",
    )


def _text(value):
    return value.decode() if isinstance(value, bytes) else value


def accept(request: SignedRequest, later: timedelta = timedelta(0)) -> None:
    verify(request, read_claim(request), SECRET, datetime.now(UTC) + later)


def test_a_key_is_signed_as_it_is_written():
    request = AWSRequest("PUT", f"{PLACE}/photos/a%20b/%C3%BC%2B.txt", data=b"x")
    S3SigV4Auth(KEY, "s3", "us-east-1").add_auth(request)
    accept(received(request))
    with pytest.raises(InvalidSignature):
        accept(replace(received(request), path="/photos/a%20b/%C3%BC.txt"))
    with pytest.raises(InvalidSignature):
        accept(replace(received(request), body=b"y"))


@pytest.mark.parametrize("kind", [SIGNED, SIGNED_WITH_TRAILER, UNSIGNED_WITH_TRAILER])
def test_streamed_bodies(kind):
    request = AWSRequest("PUT", f"{PLACE}/photos/k", headers={"x-amz-content-sha256": kind})
    request.context["payload_signing_enabled"] = True
    auth = S3SigV4Auth(KEY, "s3", "us-east-1")
    auth.payload = lambda _: kind
    auth._should_sha256_sign_payload = lambda _: True
    auth.add_auth(request)
    claim = read_claim(received(request))
    body = b"1\r\na\r\n0\r\nx-amz-checksum-crc32:6Le+Qw==\r\n\r\n"
    if kind != UNSIGNED_WITH_TRAILER:
        body = signed_body(claim, kind == SIGNED_WITH_TRAILER)
    accept(replace(received(request), body=body))
    accept(replace(received(request), body=mapped(body)))
    if kind != UNSIGNED_WITH_TRAILER:
        with pytest.raises(InvalidSignature):
            accept(replace(received(request), body=body.replace(b"\r\na\r\n", b"\r\nb\r\n")))
        with pytest.raises(InvalidSignature):
            accept(replace(received(request), body=b"0\r\n\r\n"))
        with pytest.raises(InvalidSignature):
            accept(replace(received(request), body=mapped(body.replace(b"\r\na\r\n", b"\r\nb\r\n"))))


def mapped(body: bytes) -> mmap.mmap:
    """As a body that lies in a file, of which something was read already."""
    found = mmap.mmap(-1, len(body))
    found.write(body)
    return found


def signed_body(claim, with_trailer: bool) -> bytes:
    stamp = claim.at.strftime("%Y%m%dT%H%M%SZ")
    key = signing_key(SECRET, claim.day, "us-east-1", "s3")
    scope = f"{claim.day}/us-east-1/s3/aws4_request"

    def sign(kind: str, *rest: str) -> str:
        return hmac.digest(key, "\n".join((kind, stamp, scope, *rest)).encode(), "sha256").hex()

    first = sign("AWS4-HMAC-SHA256-PAYLOAD", claim.signature, EMPTY, hashlib.sha256(b"a").hexdigest())
    last = sign("AWS4-HMAC-SHA256-PAYLOAD", first, EMPTY, EMPTY)
    body = f"1;chunk-signature={first}\r\na\r\n0;chunk-signature={last}\r\n"
    if with_trailer:
        line = "x-amz-checksum-crc32:6Le+Qw=="
        told = sign("AWS4-HMAC-SHA256-TRAILER", last, hashlib.sha256(f"{line}\n".encode()).hexdigest())
        body += f"{line}\r\nx-amz-trailer-signature:{told}\r\n"
    return f"{body}\r\n".encode()


def test_presigned_with_version_4():
    request = AWSRequest("PUT", f"{PLACE}/photos/a%20b", headers={"Content-Type": "text/plain"})
    S3SigV4QueryAuth(KEY, "s3", "us-east-1", expires=60).add_auth(request)
    seen = replace(received(request), body=b"anything")
    accept(seen)
    with pytest.raises(ExpiredToken):
        accept(seen, timedelta(seconds=61))
    with pytest.raises(InvalidSignature):
        accept(replace(seen, method="GET"))


def test_presigned_with_version_2():
    request = AWSRequest("GET", f"{PLACE}/photos/a%20b?response-content-type=text%2Fx&other=1")
    HmacV1QueryAuth(Credentials(KEY.access_key, SECRET, "token"), expires=60).add_auth(request)
    seen = received(request)
    assert session_token(seen) == "token"
    accept(seen)
    with pytest.raises(ExpiredToken):
        accept(seen, timedelta(seconds=70))
    for name, value in {
        "method": "PUT",
        "path": "/photos/b",
        "query": seen.query.replace("text", "html"),
    }.items():
        with pytest.raises(InvalidSignature):
            accept(replace(seen, **{name: value}))
    with pytest.raises(IncompleteSignature):
        read_claim(replace(seen, query=seen.query.replace("Expires=", "Expires=x")))
