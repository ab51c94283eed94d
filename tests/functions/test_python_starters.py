"""The Python starters as code: each answers its own event as it says, and refuses what it says it refuses. The same
in a sandbox, with dependencies, is tests/browser/test_starters.py."""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib.util
import json
import sys
import time
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

from functions.config import REPOSITORY
from functions.starters import Starter, starter, starters
from tests.support.starters import holds

FOLDER = REPOSITORY / "runner" / "runtimes" / "python" / "starters"
PLAIN = [each for each in starters("python3.13") if "requirements.txt" not in dict(each.files)]


@dataclass
class Context:
    """What the starters ask of their context."""

    aws_request_id: str = "8c1a3a0e"

    def get_remaining_time_in_millis(self) -> int:
        return 3000


def load(each: Starter, monkeypatch: pytest.MonkeyPatch, **environment: str) -> ModuleType:
    """The starter's module, freshly loaded, as a cold start does it."""
    for name, value in {**each.environment, **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # the folder is what people deploy
    spec = importlib.util.spec_from_file_location("starter", FOLDER / each.key / "lambda_function.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def call(module: ModuleType, event: Any) -> Any:
    """The answer as JSON leaves it."""
    return json.loads(json.dumps(module.lambda_handler(event, Context())))


def request(each: Starter, **changed: Any) -> dict[str, Any]:
    """The starter's own event with some of it changed."""
    return {**json.loads(each.event), **changed}


def test_most_starters_need_no_dependency():
    assert len(PLAIN) >= 11


@pytest.mark.parametrize("each", PLAIN, ids=lambda each: each.key)
def test_each_answers_its_event_as_it_says(each, monkeypatch):
    assert holds(call(load(each, monkeypatch), json.loads(each.event)), each.expect)


@pytest.fixture
def webhook(monkeypatch):
    each = starter("python3.13", "signed-webhook")
    return each, load(each, monkeypatch)


@pytest.mark.parametrize("signature", ["", "sha256=00", "sha256=é", "sha1=" + "0" * 40])
def test_a_webhook_with_a_wrong_signature_is_refused(webhook, signature):
    each, module = webhook
    headers = {**json.loads(each.event)["headers"], "x-hub-signature-256": signature}
    assert call(module, request(each, headers=headers))["statusCode"] == 401


def test_a_webhook_without_a_secret_fails(monkeypatch):
    each = starter("python3.13", "signed-webhook")
    with pytest.raises(RuntimeError, match="WEBHOOK_SECRET"):
        call(load(each, monkeypatch, WEBHOOK_SECRET=""), json.loads(each.event))


def test_a_webhook_s_body_that_was_changed_is_refused(webhook):
    each, module = webhook
    assert call(module, request(each, body='{"ref": "refs/heads/evil"}'))["statusCode"] == 401


def test_a_webhook_s_body_in_base64_is_the_same_body(webhook):
    each, module = webhook
    body = base64.b64encode(json.loads(each.event)["body"].encode()).decode()
    assert call(module, request(each, body=body, isBase64Encoded=True))["statusCode"] == 200


def test_an_event_that_the_webhook_does_not_know_is_ignored(webhook):
    each, module = webhook
    headers = {**json.loads(each.event)["headers"], "x-github-event": "star"}
    assert call(module, request(each, headers=headers))["statusCode"] == 202


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "https://", "", 7, None])
def test_a_shortener_takes_addresses_of_the_web_only(monkeypatch, url):
    each = starter("python3.13", "url-shortener")
    answer = call(load(each, monkeypatch), request(each, body=json.dumps({"url": url})))
    assert answer["statusCode"] == 400


def test_a_short_code_leads_to_its_address(monkeypatch):
    each = starter("python3.13", "url-shortener")
    module = load(each, monkeypatch)
    code = json.loads(call(module, json.loads(each.event))["body"])["code"]
    get = {"requestContext": {"http": {"method": "GET"}}, "rawPath": f"/{code}"}
    assert call(module, get)["headers"]["location"].startswith("https://docs.python.org/")
    assert call(module, {**get, "rawPath": "/unknown"})["statusCode"] == 404
    assert call(module, {**get, "rawPath": "/"})["statusCode"] == 405


def slack(body: str, secret: str, age_s: int) -> dict[str, str]:
    stamp = str(int(time.time()) - age_s)
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={digest}"}


@pytest.mark.parametrize(
    ("secret", "age_s", "status"),
    [("right", 0, 200), ("right", 299, 200), ("right", 310, 401), ("right", -310, 401), ("wrong", 0, 401)],
)
def test_a_chat_command_is_checked_once_it_has_a_secret(monkeypatch, secret, age_s, status):
    each = starter("python3.13", "chat-ops")
    module = load(each, monkeypatch, CHAT_SECRET="right")
    event = request(each)
    event["headers"] = slack(event["body"], secret, age_s)
    assert call(module, event)["statusCode"] == status
    assert call(module, request(each))["statusCode"] == 401


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("", "ephemeral", "*roll*"),
        ("roll 1000000", "in_channel", "6 sides"),
        ("sing", "ephemeral", "no such"),
    ],
)
def test_a_chat_command_answers_one_or_all(monkeypatch, text, kind, words):
    each = starter("python3.13", "chat-ops")
    answer = call(load(each, monkeypatch), request(each, body=f"text={text.replace(' ', '+')}"))
    said = json.loads(answer["body"])
    assert said["response_type"] == kind
    assert words in said["text"]


@pytest.mark.parametrize(
    ("headers", "body", "status", "words"),
    [
        ({"content-type": "text/csv"}, "a,b\n1\n", 400, "Line 2 has 1 cells"),
        ({"content-type": "text/csv"}, 'a\n"x', 400, "Line 2"),
        ({"content-type": "application/json"}, "{", 400, "not JSON"),
        ({"content-type": "application/json"}, "[1]", 400, "list of objects"),
        ({"content-type": "image/png"}, "", 415, "Send one of"),
        ({"content-type": "text/csv", "accept": "image/png"}, "a\n1\n", 406, "Ask for one of"),
        ({"content-type": "application/json"}, '[{"a": 1}, {"b": "x,y"}]', 200, 'a,b\n1,\n,"x,y"\n'),
        ({"content-type": "text/csv"}, "\ufeffa\n1\n", 200, '[{"a": "1"}]'),
        ({"content-type": "text/csv"}, "", 200, "[]"),
    ],
)
def test_a_converter_says_what_is_wrong(monkeypatch, headers, body, status, words):
    each = starter("python3.13", "file-converter")
    answer = call(load(each, monkeypatch), request(each, headers=headers, body=body))
    assert answer["statusCode"] == status
    assert words in answer["body"]


def test_a_scraper_takes_addresses_of_the_web_only(monkeypatch):
    module = load(starter("python3.13", "scraper"), monkeypatch)
    with pytest.raises(ValueError, match="Not an address"):
        module.lambda_handler({"url": "file:///etc/passwd"}, Context())


def test_a_digest_of_nothing_is_not_sent_and_titles_stay_text(monkeypatch):
    module = load(starter("python3.13", "email-digest"), monkeypatch)
    assert call(module, {"items": []}) == {"items": 0, "sent": False}
    items = [{"topic": "t", "title": "<script>", "url": "https://example.com/?a=1&b=2"}]
    assert "<script>" not in call(module, {"items": items})["message"].split("text/html")[1]
