"""Payload format 2.0 in both directions, the cookie rules and CORS: pure."""

import base64
import json

import pytest

from functions.snapshots import Principal
from runner.gateway import cookies, cors
from runner.gateway.url_event import Answer, MalformedAnswer, Place, answer_of, event_of
from runner.gateway.wire import Request


def place(**more):
    values = {
        "url_id": "abc", "path": "/a/b", "domain": "abc.localhost", "account": "000000000000",
        "request_id": "r-1", "at_us": 1_583_348_638_390_000,
    }  # fmt: skip
    return Place(**{**values, **more})


def event(method="GET", target="/a/b", headers=None, body=b"", **more):
    request = Request(method, target, {"host": "abc.localhost:9000", **(headers or {})})
    request.peer = "10.0.0.1"
    request.body = body
    return json.loads(event_of(request, place(**more)))


def test_the_event_of_a_plain_get():
    found = event("GET", "/a/b?x=1&x=2&y=%20z&flag", {"user-agent": "curl"})
    assert found["version"] == "2.0"
    assert (found["rawPath"], found["rawQueryString"]) == ("/a/b", "x=1&x=2&y=%20z&flag")
    assert found["queryStringParameters"] == {"x": "1,2", "y": " z", "flag": ""}
    assert "cookies" not in found
    assert "body" not in found
    assert found["isBase64Encoded"] is False
    assert found["headers"]["host"] == "abc.localhost:9000"
    assert found["headers"]["x-forwarded-for"] == "10.0.0.1"
    context = found["requestContext"]
    assert context["http"] == {
        "method": "GET", "path": "/a/b", "protocol": "HTTP/1.1", "sourceIp": "10.0.0.1", "userAgent": "curl",
    }  # fmt: skip
    assert (context["time"], context["timeEpoch"]) == ("04/Mar/2020:19:03:58 +0000", 1_583_348_638_390)
    assert (context["accountId"], context["apiId"], context["requestId"]) == ("anonymous", "abc", "r-1")
    assert "authorizer" not in context


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("application/json", b'{"a":1}', True),
        ("text/plain; charset=utf-8", "ä".encode(), True),
        ("application/problem+json", b"{}", True),
        ("text/plain", b"\xff\xfe", False),
        ("application/x-www-form-urlencoded", b"a=b", False),
        ("application/octet-stream", b"abc", False),
        ("", b"abc", False),
    ],
)
def test_bodies_travel_as_text_or_base64(content_type, body, text):
    found = event("POST", headers={"content-type": content_type} if content_type else {}, body=body)
    assert found["isBase64Encoded"] is not text
    assert found["body"] == (body.decode() if text else base64.b64encode(body).decode())


def test_a_compressed_text_is_no_text():
    headers = {"content-type": "text/plain", "content-encoding": "gzip"}
    assert event("POST", headers=headers, body=b"abc")["isBase64Encoded"] is True


def test_cookies_and_headers_of_the_console_and_of_the_connection_are_kept_back():
    found = event(headers={"cookie": "a=1; functory_session=secret; b=2; functory_csrf=x", "te": "trailers"})
    assert found["cookies"] == ["a=1", "b=2"]
    assert found["headers"]["cookie"] == "a=1; b=2"
    assert "te" not in found["headers"]
    assert "secret" not in json.dumps(found)
    assert "cookie" not in event(headers={"cookie": "functory_session=s"})["headers"]


def test_the_signer_is_named():
    principal = Principal("user", "u-1", "ada", "p", "000000000000", "developer")
    context = event(principal=principal, key_id="AKIA1")["requestContext"]
    assert context["accountId"] == "000000000000"
    assert context["authorizer"]["iam"]["userArn"] == "arn:aws:iam::000000000000:user/ada"
    assert context["authorizer"]["iam"]["accessKey"] == "AKIA1"


@pytest.mark.parametrize(
    "cookie",
    [
        "functory_session=x",
        " functory_session =x",
        "Functory_Session=x",
        "=functory_session=x",
        "functory_csrf",
        "\tfunctory_csrf=; Path=/",
    ],
)
def test_cookies_that_would_reach_the_console_may_not_be_set(cookie):
    assert not cookies.may_set(cookie)
    assert answer_of(json.dumps({"statusCode": 200, "cookies": [cookie.strip()]}).encode()).headers == []


@pytest.mark.parametrize("cookie", ["a=functory_session", "my_functory_session=1", "functory_session2=1"])
def test_other_cookies_may(cookie):
    assert cookies.may_set(cookie)
    found = answer_of(json.dumps({"statusCode": 200, "cookies": [cookie]}).encode())
    assert found.headers == [("set-cookie", cookie)]


def test_a_result_without_a_status_is_the_body():
    assert answer_of(b'"hi"') == Answer(200, [("content-type", "application/json")], b'"hi"')
    assert answer_of(b'{"a": 1}').body == b'{"a": 1}'
    assert answer_of(b"null").body == b"null"


def test_a_structured_answer():
    result = {
        "statusCode": 201,
        "headers": {"Content-Type": "text/html", "X-Count": 3, "X-Flag": True, "Connection": "close"},
        "cookies": ["a=1; Secure", "b=2"],
        "body": "<p>ä",
    }
    found = answer_of(json.dumps(result).encode())
    assert found.status == 201
    assert found.body == "<p>ä".encode()
    assert found.headers == [
        ("content-type", "text/html"),
        ("x-count", "3"),
        ("x-flag", "true"),
        ("set-cookie", "a=1; Secure"),
        ("set-cookie", "b=2"),
    ]


def test_defaults_and_base64_of_a_structured_answer():
    assert answer_of(b'{"statusCode": "204"}') == Answer(204, [], b"")
    found = answer_of(b'{"statusCode": 200, "body": "AAE=", "isBase64Encoded": true}')
    assert found.body == b"\x00\x01"
    assert found.headers == [("content-type", "application/json")]


@pytest.mark.parametrize(
    "result",
    [
        {"statusCode": "many"},
        {"statusCode": 42},
        {"statusCode": True},
        {"statusCode": 100},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"a": ["b"]}},
        {"statusCode": 200, "headers": {"a": "b\r\nset-cookie: functory_session=x"}},
        {"statusCode": 200, "headers": {"a b": "c"}},
        {"statusCode": 200, "cookies": ["a=1\nb"]},
        {"statusCode": 200, "body": "%", "isBase64Encoded": True},
    ],
)
def test_malformed_answers_are_refused(result):
    with pytest.raises(MalformedAnswer):
        answer_of(json.dumps(result).encode())


RULES = {
    "AllowOrigins": ["https://a.example"],
    "AllowMethods": ["GET", "POST"],
    "AllowHeaders": ["x-one", "x-two"],
    "ExposeHeaders": ["x-out"],
    "AllowCredentials": True,
    "MaxAge": 60,
}
ASKS = {"origin": "https://a.example", "access-control-request-method": "POST"}


def test_a_preflight():
    assert cors.is_preflight("OPTIONS", ASKS)
    assert not cors.is_preflight("GET", ASKS)
    assert not cors.is_preflight("OPTIONS", {"origin": "https://a.example"})
    assert dict(cors.preflight(RULES, ASKS)) == {
        "access-control-allow-origin": "https://a.example",
        "vary": "Origin",
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "x-out",
        "access-control-allow-methods": "GET,POST",
        "access-control-allow-headers": "x-one,x-two",
        "access-control-max-age": "60",
    }
    assert cors.preflight(RULES, {**ASKS, "origin": "https://b.example"}) == []
    assert cors.preflight(RULES, {**ASKS, "access-control-request-method": "PUT"}) == []


def test_anyone_is_allowed_by_a_star_but_not_with_credentials():
    star = {"AllowOrigins": ["*"]}
    assert ("access-control-allow-origin", "*") in cors.answer(star, "https://b.example")
    both = {"AllowOrigins": ["*"], "AllowCredentials": True}
    assert ("access-control-allow-origin", "https://b.example") in cors.answer(both, "https://b.example")
    assert cors.answer(star, "") == []
