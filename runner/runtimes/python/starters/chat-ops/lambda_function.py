"""A slash command for a chat, in the form that Slack sends: /functory help, /functory time, /functory roll 6.

Set the app's command to this function's URL, and the environment variable CHAT_SECRET to its signing secret.
While that is empty nothing is checked, so that a test event works: anybody who knows the address can call.
"""

import base64
import hashlib
import hmac
import json
import os
import random
import time
from datetime import UTC, datetime
from urllib.parse import parse_qs

SECRET = os.environ.get("CHAT_SECRET", "").encode()
TOLERANCE_S = 300  # an older request may be a recorded one, played again


def lambda_handler(event, context):
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body).decode()
    if SECRET and not is_signed(event["headers"], body):
        return {"statusCode": 401, "body": "Bad signature."}
    if not SECRET:
        print("CHAT_SECRET is empty: this call is not checked")

    form = {name: values[0] for name, values in parse_qs(body).items()}
    word, _, rest = form.get("text", "").strip().partition(" ")
    print(f"{form.get('user_name', 'somebody')} asks for {word or 'help'}")
    command = COMMANDS.get(word or "help", unknown)
    # The chat waits three seconds for this answer. For longer work answer at once and post the outcome to
    # form["response_url"] from a function that is invoked asynchronously.
    return say(*command(rest.strip()))


def is_signed(headers, body):
    stamp = headers.get("x-slack-request-timestamp", "")
    if not stamp.isdecimal() or abs(time.time() - int(stamp)) > TOLERANCE_S:
        return False
    expected = "v0=" + hmac.new(SECRET, f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), headers.get("x-slack-signature", "").encode())


# Each command gives its text and whether the whole channel sees it.


def show_help(_rest):
    """what this can do"""
    return "\n".join(f"*{word}*: {command.__doc__}" for word, command in COMMANDS.items()), False


def tell_time(_rest):
    """the time in UTC"""
    return f"{datetime.now(UTC):%H:%M} UTC", False


def roll(rest):
    """a die with as many sides as you say, for all to see"""
    sides = int(rest) if rest.isdecimal() and 2 <= int(rest) <= 1000 else 6
    return f"A die with {sides} sides shows {random.randint(1, sides)}.", True


def unknown(_rest):
    return "There is no such command; *help* lists them.", False


COMMANDS = {"help": show_help, "time": tell_time, "roll": roll}


def say(text, to_all):
    message = {"response_type": "in_channel" if to_all else "ephemeral", "text": text}
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(message),
    }
