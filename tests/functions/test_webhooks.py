"""Signatures of webhooks: each sender's own way, tried with what its documentation or another library signs."""

import base64
import hashlib
import hmac
import json

import pytest

from functions.errors import AccessDenied, InvalidParameterValue
from functions.states import HookProvider
from functions.webhooks import challenge_of, check_header, check_secret, check_signature

NOW = 1_700_000_000
BODY = b'{"action": "opened"}'
SECRET = "a secret of eight and more"
STANDARD_SECRET = "whsec_" + base64.b64encode(b"a key of thirty-two bytes or so!").decode()


def mac(secret, message):
    return hmac.new(secret, message, hashlib.sha256)


def headers_of(provider, body=BODY, at=NOW, secret=SECRET):
    """What a sender of that kind adds."""
    key = secret.encode()
    match provider:
        case HookProvider.GITHUB:
            return {"x-hub-signature-256": "sha256=" + mac(key, body).hexdigest()}
        case HookProvider.GITLAB:
            return {"x-gitlab-token": secret}
        case HookProvider.STRIPE:
            signed = mac(key, f"{at}.".encode() + body).hexdigest()
            return {"stripe-signature": f"t={at},v1={'0' * 64},v1={signed},v0=old"}
        case HookProvider.SLACK:
            signed = mac(key, f"v0:{at}:".encode() + body).hexdigest()
            return {"x-slack-signature": f"v0={signed}", "x-slack-request-timestamp": str(at)}
        case HookProvider.STANDARD:
            signed = mac(base64.b64decode(secret.removeprefix("whsec_")), f"msg_1.{at}.".encode() + body)
            value = base64.b64encode(signed.digest()).decode()
            return {
                "webhook-id": "msg_1",
                "webhook-timestamp": str(at),
                "webhook-signature": f"v1,{base64.b64encode(b'other').decode()} v1,{value}",
            }
        case HookProvider.GENERIC:
            return {"x-signature-256": mac(key, body).hexdigest()}


def secret_of(provider):
    return STANDARD_SECRET if provider == HookProvider.STANDARD else SECRET


def check(provider, headers, body=BODY, secret=None, header="", now=NOW):
    check_signature(provider, secret or secret_of(provider), header, headers, body, now)


def test_githubs_own_example():
    """https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing"""
    given = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    check("github", {"x-hub-signature-256": given}, b"Hello, World!", "It's a Secret to Everybody")


def test_slacks_own_example():
    """https://docs.slack.dev/authentication/verifying-requests-from-slack#validating-a-request"""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&"
        b"channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&"
        b"response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&"
        b"trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    given = {
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        "x-slack-request-timestamp": "1531420618",
    }
    check("slack", given, body, "8f742231b10e8888abcd99yyyzzz85a5", now=1531420618)


def test_the_standards_own_example():
    """The test vector of the Standard Webhooks libraries."""
    given = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    check("standard", given, b'{"test": 2432232314}', secret, now=1614265330)


@pytest.mark.parametrize("provider", HookProvider.values)
def test_what_is_signed_with_the_secret_passes(provider):
    check(provider, headers_of(provider, secret=secret_of(provider)))


@pytest.mark.parametrize("provider", HookProvider.values)
def test_another_secret_does_not(provider):
    other = "whsec_" + base64.b64encode(b"another").decode()
    with pytest.raises(AccessDenied, match="not signed with this webhook's secret"):
        check(provider, headers_of(provider, secret=other))


@pytest.mark.parametrize("provider", sorted(set(HookProvider.values) - {HookProvider.GITLAB}))
def test_nor_does_another_body(provider):
    with pytest.raises(AccessDenied, match="not signed with this webhook's secret"):
        check(provider, headers_of(provider, secret=secret_of(provider)), BODY + b" ")


@pytest.mark.parametrize("provider", HookProvider.values)
def test_without_a_signature_it_says_which_header_is_missing(provider):
    with pytest.raises(AccessDenied, match=r"carries no .*(signature|token)"):
        check(provider, {"content-type": "application/json"})


@pytest.mark.parametrize("provider", ["stripe", "slack", "standard"])
@pytest.mark.parametrize(("age", "passes"), [(300, True), (301, False), (-300, True), (-301, False)])
def test_what_was_signed_long_ago_may_be_a_repeated_one(provider, age, passes):
    headers = headers_of(provider, at=NOW - age, secret=secret_of(provider))
    if passes:
        check(provider, headers)
    else:
        with pytest.raises(AccessDenied, match="five minutes"):
            check(provider, headers)


@pytest.mark.parametrize("sent", ["", "soon", "-5", "٣", "9" * 20])
def test_a_time_that_is_none_is_refused(sent):
    with pytest.raises(AccessDenied, match="does not say when"):
        check("stripe", {"stripe-signature": f"t={sent},v1=00"})


@pytest.mark.parametrize("given", ["ünïcode", "sha256=", "=", "v1,", "\x00", "t=1,t=2"])
@pytest.mark.parametrize("provider", HookProvider.values)
def test_garbage_is_refused_and_never_an_error(provider, given):
    headers = dict.fromkeys(headers_of(provider, secret=secret_of(provider)), given)
    with pytest.raises(AccessDenied):
        check(provider, headers)


@pytest.mark.parametrize("shape", ["{hex}", "sha256={hex}", "{upper}", "{base64}", "sha256={base64}"])
def test_a_generic_sender_may_write_it_as_it_likes_in_a_header_of_its_own(shape):
    signed = mac(SECRET.encode(), BODY)
    text = shape.format(
        hex=signed.hexdigest(),
        upper=signed.hexdigest().upper(),
        base64=base64.b64encode(signed.digest()).decode(),
    )
    check("generic", {"x-my-signature": text}, header="x-my-signature")
    with pytest.raises(AccessDenied, match="x-signature-256"):
        check("generic", {"x-my-signature": text})


def test_slack_is_told_its_challenge_and_nobody_else():
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1a"}).encode()
    assert challenge_of("slack", body) == "3eZbrw1a"
    assert challenge_of("github", body) is None
    assert challenge_of("slack", BODY) is None
    assert challenge_of("slack", b'{"type": "url_verification", "challenge": 5}') is None
    assert challenge_of("slack", b'["url_verification"]') is None
    assert challenge_of("slack", b"url_verification") is None


def test_a_secret_is_neither_short_nor_unprintable():
    assert check_secret("github", "12345678") == "12345678"
    assert check_secret("standard", STANDARD_SECRET) == STANDARD_SECRET
    for provider, wrong in (
        ("github", "1234567"), ("github", "x" * 1025), ("github", "tab\tand more"), ("standard", "whsec_no!base64"),
    ):  # fmt: skip
        with pytest.raises(InvalidParameterValue) as refused:
            check_secret(provider, wrong)
        assert refused.value.field == "secret"


def test_a_header_is_a_generic_senders_alone():
    assert check_header("generic", " X-My-Signature ") == "x-my-signature"
    assert check_header("generic", "") == "x-signature-256"
    assert check_header("github", "x-other") == ""
    with pytest.raises(InvalidParameterValue) as refused:
        check_header("generic", "no header")
    assert refused.value.field == "header"
