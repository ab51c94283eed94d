"""A small HTTP API. A function URL sends each request as an event (payload format 2.0)."""

import base64
import json

# Lives as long as this execution environment, and each has its own: fine for trying things out, but
# anything to keep belongs in a database.
notes = ["read the code of this function"]


def list_notes(event):
    return answer(200, {"notes": notes})


def add_note(event):
    text = read_json(event).get("text", "")
    if not isinstance(text, str) or not text.strip():
        return answer(400, {"error": "Send {\"text\": \"...\"}."})
    notes.append(text.strip())
    return answer(201, {"notes": notes})


ROUTES = {
    ("GET", "/"): list_notes,
    ("GET", "/notes"): list_notes,
    ("POST", "/notes"): add_note,
}


def lambda_handler(event, context):
    method = event["requestContext"]["http"]["method"]
    path = event["rawPath"]
    route = ROUTES.get((method, path))
    print(f"{method} {path}: {route.__name__ if route else 'no route'}")
    if route is None:
        return answer(404, {"error": f"Nothing is at {method} {path}."})
    return route(event)


def read_json(event):
    """The request's body as JSON; {} if there is none or it is not an object."""
    body = event.get("body") or "{}"
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body)
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def answer(status, content):
    """What a function URL turns into an HTTP response."""
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(content),
    }
