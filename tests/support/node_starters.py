"""What the Node.js starters are asked and have to answer, for those that need no package. The same cases run by a
local node and in sandboxes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from functions.starters import Starter, starter, starters

RUNTIME = "nodejs24.x"
Event = dict[str, Any]
PLAIN: tuple[Starter, ...] = tuple(
    each for each in starters(RUNTIME) if "package.json" not in dict(each.files)
)


@dataclass(frozen=True, slots=True)
class Case:
    """`events` go to one environment of the starter `key`, one after the other; `expect` is a part of the last
    answer (of an error: errorType and errorMessage). They are made when the case runs: some carry the time."""

    key: str
    about: str
    events: Callable[[], list[Event]]
    expect: Any
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def starter(self) -> Starter:
        return starter(RUNTIME, self.key)

    @property
    def variables(self) -> dict[str, str]:
        """The starter's own variables, and the case's in their place."""
        return {**self.starter.environment, **self.environment}

    def __str__(self) -> str:
        return f"{self.key}: {self.about}"


def own_event(key: str, **changed: Any) -> Event:
    """The event that a starter brings, with members replaced."""
    return {**json.loads(starter(RUNTIME, key).event), **changed}


def one(
    key: str, about: str, expect: Any, *, environment: Mapping[str, str] | None = None, **changed: Any
) -> Case:
    """A case of one event: the starter's own with members replaced."""
    return Case(key, about, lambda: [own_event(key, **changed)], expect, environment or {})


def status(number: int, body: Any = None) -> Event:
    """An answer of this status, and this body."""
    return {"statusCode": number} if body is None else {"statusCode": number, "body": body}


def compact(content: Any) -> str:
    """JSON as JSON.stringify writes it."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)


def webhook(about: str, expect: Any, body: str, *, secret: str = "change-me", **headers: str) -> Case:
    signature = "sha256=" + hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    sent = {"x-github-event": "push", "x-hub-signature-256": signature, **headers}
    return one("signed-webhook", about, expect, headers=sent, body=body)


def converter(about: str, expect: Any, body: str, **headers: str) -> Case:
    sent = {"content-type": "text/csv", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return one("file-converter", about, expect, headers=sent, body=body)


def command(text: str, *, age_s: float = 0, secret: str = "right") -> Event:
    """A slash command as Slack signs and a function URL hands it over."""
    form = urlencode({"command": "/functory", "text": text, "user_name": "ada"})
    stamp = str(int(time.time() - age_s))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{form}".encode(), hashlib.sha256).hexdigest()
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={digest}"}
    return {"headers": headers, "body": base64.b64encode(form.encode()).decode(), "isBase64Encoded": True}


def chat(about: str, expect: Any, event: Callable[[], Event]) -> Case:
    return Case("chat-ops", about, lambda: [event()], expect, {"CHAT_SECRET": "right"})


def get(path: str) -> Event:
    return {"rawPath": path, "requestContext": {"http": {"method": "GET", "path": path}}, "headers": {}}


def _own() -> list[Case]:
    return [one(each.key, "its own event", each.expect) for each in PLAIN]


def _webhooks() -> list[Case]:
    key, ping = "signed-webhook", {"x-github-event": "ping"}
    body = own_event(key)["body"]
    encoded = base64.b64encode(body.encode()).decode()
    return [
        one(key, "a changed body", status(401), body=body + " "),
        one(key, "the same body in base64", status(200), body=encoded, isBase64Encoded=True),
        one(key, "no signature", status(401), headers={"x-github-event": "push"}),
        one(key, "no body", status(401), body=""),
        webhook("a signature that is no hash", status(401), body, **{"x-hub-signature-256": "sha256=é"}),
        webhook("another secret", status(401), body, secret="guess"),
        webhook("a ping", status(200, compact({"zen": "Speak."})), '{"zen": "Speak."}', **ping),
        webhook("an unknown event", status(202), "{}", **{"x-github-event": "constructor"}),
        webhook("a body that is no JSON", status(400), "payload=%7B%7D"),
        one(key, "no secret", {"errorType": "Error"}, environment={"WEBHOOK_SECRET": ""}),
    ]


def _links() -> list[Case]:
    key = "url-shortener"
    wrong = ["javascript:alert(1)", "file:///etc/passwd", "https://", "", 7, None, f"https://x/{'y' * 2048}"]
    code = json.loads(starter(RUNTIME, key).expect["body"])["code"]
    there = {"statusCode": 301, "headers": {"location": json.loads(own_event(key)["body"])["url"]}}
    return [
        *(
            one(key, f"the address {str(url)[:20]!r}", status(400), body=json.dumps({"url": url}))
            for url in wrong
        ),
        one(key, "no JSON", status(400), body="url=https://example.com"),
        one(key, "no body", status(400), body=None),
        Case(key, "a code that was given", lambda: [own_event(key), get(f"/{code}")], there),
        Case(key, "the same address twice", lambda: [own_event(key)] * 2, starter(RUNTIME, key).expect),
        Case(key, "a code that was not given", lambda: [get("/unknown")], status(404)),
        Case(key, "no code", lambda: [get("/")], status(405)),
    ]


def _conversions() -> list[Case]:
    json_type = {"content_type": "application/json; charset=utf-8"}
    wrong = status(400, compact({"error": "1 fields where the heading has 2", "line": 4}))
    quote = "a quotation mark is never closed, or stands where none may be"
    return [
        converter("a row that is too short, after a field of two lines", wrong, 'a,b\n"1\n2",3\n4\n'),
        converter("an open quote", status(400, compact({"error": quote, "line": 2})), 'a\n"x'),
        converter("text after a quote", status(400, compact({"error": quote, "line": 3})), 'a\nx\n"x"y'),
        converter("a quote inside a field", status(400, compact({"error": quote, "line": 2})), 'a\nx"y'),
        converter("nothing", status(400), ""),
        converter("one name twice", status(400), "a,a\n1,2\n"),
        converter(
            "doubled quotes", status(200, compact([{"a": 'say "hi"', "b": ""}])), 'a,b\r\n"say ""hi""",\r\n'
        ),
        converter("a byte order mark", status(200, compact([{"a": "1"}])), "\ufeffa\n1"),
        converter("no JSON", status(400), "[1,", **json_type),
        converter("JSON that is no list", status(400), "{}", **json_type),
        converter("a list of other things", status(400), "[1]", **json_type),
        converter("an object that is not flat", status(400), '[{"a": []}]', **json_type),
        converter(
            "JSON", status(200, 'a,b\r\n1,\r\n,"x,""y"\r\n'), '[{"a": 1}, {"b": "x,\\"y"}]', **json_type
        ),
        converter("an image", status(415), "", content_type="image/png"),
        converter("the wish for an image", status(406), "a\n1\n", accept="image/png"),
    ]


def _commands() -> list[Case]:
    return [
        chat("a signed command", status(200), lambda: command("help")),
        chat("one that took a while", status(200), lambda: command("help", age_s=240)),
        chat("an expired timestamp", status(401), lambda: command("help", age_s=310)),
        chat("a timestamp of the future", status(401), lambda: command("help", age_s=-310)),
        chat("another secret", status(401), lambda: command("help", secret="guess")),
        chat("no signature", status(401), lambda: own_event("chat-ops")),
        chat("a changed body", status(401), lambda: {**command("help"), "body": command("time")["body"]}),
        chat(
            "an unknown command",
            status(
                200,
                compact(
                    {"response_type": "ephemeral", "text": "There is no such command; *help* lists them."}
                ),
            ),
            lambda: command("constructor"),
        ),
    ]


def _others() -> list[Case]:
    early = {"weeks": ["2026-W45"], "cents": 2500}
    return [
        one("scheduled-report", "a run a week earlier", early, time="2026-11-09T07:00:00Z"),
        one("queue-worker", "an order without an amount", {"errorType": "CannotDo"}, order="A-18", amount=0),
        one("http-api", "no text", status(400), body="{}"),
    ]


CASES = (*_own(), *_webhooks(), *_links(), *_conversions(), *_commands(), *_others())
