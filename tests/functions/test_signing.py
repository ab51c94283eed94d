"""Signature Version 4: what botocore signs is accepted, and whatever was changed since is refused."""

import hmac
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from msgspec.structs import replace

from functions import signing
from functions.errors import (
    ExpiredToken,
    IncompleteSignature,
    InvalidSignature,
    MissingAuthenticationToken,
)
from functions.signing import SignedRequest, lower_headers, read_claim, verify

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEY = Credentials("AKIAIOSFODNN7EXAMPLE", SECRET)
PLACE = "http://127.0.0.1:9000"


def signed(method="POST", url="/2015-03-31/functions/hello/invocations", body=b'{"n": 1}', headers=None):
    request = AWSRequest(method=method, url=PLACE + url, data=body, headers=headers or {})
    SigV4Auth(KEY, "lambda", "us-east-1").add_auth(request)
    return as_received(request)


def presigned(expires=60, url="/url/abc?x=1", body=b""):
    request = AWSRequest(method="GET", url=PLACE + url, data=body)
    SigV4QueryAuth(KEY, "lambda", "us-east-1", expires=expires).add_auth(request)
    return as_received(request)


def as_received(request) -> SignedRequest:
    prepared = request.prepare()
    parts = urlsplit(prepared.url)
    headers = [("Host", parts.netloc), *((name, _text(value)) for name, value in prepared.headers.items())]
    body = prepared.body or b""
    return SignedRequest(
        prepared.method,
        parts.path,
        parts.query,
        lower_headers(headers),
        body if isinstance(body, bytes) else body.encode(),
    )


def _text(value):
    return value.decode() if isinstance(value, bytes) else value


def accepts(request, secret=SECRET, later=timedelta(0)) -> bool:
    """Whether it is accepted so long after it was signed, by its own word."""
    claim = read_claim(request)
    verify(request, claim, secret, claim.at + later)
    return True


@pytest.mark.parametrize(
    "url",
    [
        "/2015-03-31/functions/hello/invocations",
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000001%3Afunction%3Ahello/invocations",
        "/2015-03-31/functions/hello/invocations?Qualifier=%24LATEST",
        "/2015-03-31/functions/?MaxItems=50&FunctionVersion=ALL&Marker=a%2Bb%2Fc%3D%3D",
        "/url/x/a%20b/%C3%A9?q=a%20b&q=%2B&empty=&z",
        "/url/x/~tilde_under-dash.dot/sub@x:y,z;w",
    ],
)
def test_what_botocore_signs_is_accepted(url):
    assert accepts(signed(url=url))


@pytest.mark.parametrize("context", ["a   b  c", " a b ", "a\tb", "ä  b"])
def test_headers_with_spaces_and_unicode_bodies(context):
    request = signed(body='{"ä": 1}'.encode(), headers={"X-Amz-Client-Context": context})
    assert accepts(request)


@pytest.mark.parametrize("secret", [SECRET, "", "x" * 200])
def test_a_signature_is_the_hmac_of_the_derived_key_however_often_it_is_made(secret):
    scope = ("20260131", "us-east-1", "lambda")
    key = signing.signing_key(secret, *scope)
    for text in (b"", b"one", b"two" * 100, b"one"):
        assert signing.signature_of(secret, *scope, text) == hmac.new(key, text, "sha256").hexdigest()


def test_the_claim_tells_who_and_where():
    claim = read_claim(signed())
    assert (claim.key_id, claim.region, claim.service) == ("AKIAIOSFODNN7EXAMPLE", "us-east-1", "lambda")


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"},
        {"path": "/2015-03-31/functions/other/invocations"},
        {"query": "Qualifier=prod"},
        {"body": b'{"n": 2}'},
    ],
)
def test_what_was_changed_is_refused(change):
    with pytest.raises(InvalidSignature):
        accepts(replace(signed(), **change))


def test_a_changed_signed_header_is_refused_and_an_unsigned_one_is_not():
    request = signed(headers={"X-Amz-Invocation-Type": "Event"})
    with pytest.raises(InvalidSignature):
        accepts(replace(request, headers={**request.headers, "x-amz-invocation-type": "RequestResponse"}))
    assert accepts(replace(request, headers={**request.headers, "user-agent": "other"}))


def test_another_secret_is_refused():
    with pytest.raises(InvalidSignature):
        accepts(signed(), secret="other")


def test_a_body_other_than_its_declared_hash_is_refused():
    request = signed(headers={"X-Amz-Content-SHA256": "0" * 64})
    with pytest.raises(InvalidSignature):
        accepts(request)


def test_an_old_or_early_signature_is_refused():
    request = signed()
    assert accepts(request, later=timedelta(minutes=4))
    for minutes in (6, -6):
        with pytest.raises(InvalidSignature):
            accepts(request, later=timedelta(minutes=minutes))


def test_a_presigned_address_holds_for_its_time_only():
    request = presigned(expires=60)
    assert accepts(request, later=timedelta(seconds=50))
    with pytest.raises(ExpiredToken):
        accepts(request, later=timedelta(seconds=120))
    with pytest.raises(InvalidSignature):
        accepts(replace(request, query=request.query.replace("x=1", "x=2")))


def test_a_presigned_address_may_not_live_long():
    with pytest.raises(IncompleteSignature):
        accepts(presigned(expires=8 * 24 * 3600))


def test_nothing_signed_and_nonsense_signed():
    plain = SignedRequest("GET", "/", "", {"host": "x"}, b"")
    with pytest.raises(MissingAuthenticationToken):
        read_claim(plain)
    for text in (
        "Basic abc",
        "AWS4-HMAC-SHA256 nonsense",
        "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=x",
        "AWS4-HMAC-SHA256 Credential=a/20260101/r/lambda/aws4_request, SignedHeaders=host, Signature=x",
        "AWS4-HMAC-SHA256 Credential=a/20260101/r/lambda/aws4_request, Signature=x",
    ):
        with pytest.raises(IncompleteSignature):
            read_claim(replace(plain, headers={"host": "x", "authorization": text}))


def test_a_day_other_than_the_dates_is_refused():
    request = signed()
    forged = {**request.headers, "x-amz-date": "20200101T000000Z"}
    with pytest.raises(IncompleteSignature):
        read_claim(replace(request, headers=forged))


def test_host_must_be_signed():
    request = signed()
    forged = request.headers["authorization"].replace("host;", "")
    with pytest.raises(IncompleteSignature):
        accepts(replace(request, headers={**request.headers, "authorization": forged}))


def test_the_signing_key_is_the_one_of_awss_documentation():
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/signing-elements.html, example of signature keys
    key = signing.signing_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20120215", "us-east-1", "iam")
    assert key.hex() == "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"
