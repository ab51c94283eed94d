"""A webhook that only its sender can call: each request carries a signature made with a shared secret.

The header and the events are GitHub's; others differ in names alone. Put your own secret into the environment
variable WEBHOOK_SECRET here and into the settings of the sender.
"""

import base64
import hashlib
import hmac
import json
import os

SECRET = os.environ.get("WEBHOOK_SECRET", "").encode()


def lambda_handler(event, context):
    if not SECRET:  # with an empty one anybody could sign
        raise RuntimeError("Set the environment variable WEBHOOK_SECRET.")
    headers = event["headers"]  # a function URL gives their names in lower case
    body = raw_body(event)
    if not is_signed(body, headers.get("x-hub-signature-256", "")):
        print("refused: the signature does not fit the body")
        return answer(401, {"error": "Bad signature."})

    kind = headers.get("x-github-event", "")
    handle = EVENTS.get(kind)
    if handle is None:
        print(f"nothing to do for {kind!r}")
        return answer(202, {"ignored": kind})
    return answer(200, handle(json.loads(body)))


def raw_body(event):
    """The bytes as they were sent. The signature is over these: JSON that was read and written again would be
    other bytes with the same meaning, and would not fit."""
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()


def is_signed(body, signature):
    expected = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    # compare_digest takes as long for a wrong first letter as for a wrong last one, so that nobody can find
    # the signature letter by letter with a stop-watch. As bytes, since a header may hold anything.
    return hmac.compare_digest(expected.encode(), signature.encode())


def on_ping(payload):
    return {"zen": payload.get("zen", "")}


def on_push(payload):
    # Senders repeat a delivery that took too long. Answer soon: for long work, invoke another function with
    # invocation type Event, which keeps the event until it has succeeded.
    repository = payload["repository"]["full_name"]
    commits = payload.get("commits", [])
    print(f"{len(commits)} new on {payload['ref']} of {repository}")
    return {"repository": repository, "commits": len(commits)}


EVENTS = {"ping": on_ping, "push": on_push}


def answer(status, content):
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(content),
    }
