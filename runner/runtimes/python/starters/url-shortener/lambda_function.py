"""A URL shortener: POST / takes {"url": "..."} and gives a short code, GET /<code> leads there.

It keeps its links in SQLite under /tmp, which lives as long as this execution environment and is seen by no
other. That is enough to read and to try; for links that last, give Links a database to talk to and leave the rest.
"""

import base64
import hashlib
import json
import sqlite3
from urllib.parse import urlsplit


class Links:
    """Where the links are kept: the one part to replace."""

    def __init__(self, path):
        # Each statement is its own transaction: a call that is cut short leaves nothing half done.
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("CREATE TABLE IF NOT EXISTS links (code TEXT PRIMARY KEY, url TEXT NOT NULL)")

    def add(self, code, url):
        # The same address gives the same code, so adding it twice is no error.
        self.db.execute("INSERT OR IGNORE INTO links VALUES (?, ?)", (code, url))

    def find(self, code):
        row = self.db.execute("SELECT url FROM links WHERE code = ?", (code,)).fetchone()
        return row[0] if row else None


links = Links("/tmp/links.db")


def lambda_handler(event, context):
    method = event["requestContext"]["http"]["method"]
    code = event["rawPath"].strip("/")
    if method == "POST" and not code:
        return shorten(event)
    if method == "GET" and code:
        return lead(code)
    return answer(405, {"error": "POST / with a url, or GET /<code>."})


def shorten(event):
    url = url_of(event)
    if url is None:
        return answer(400, {"error": "Send {\"url\": \"https://...\"}."})
    code = code_of(url)
    links.add(code, url)
    print(f"{code} leads to {url}")
    return answer(201, {"code": code, "url": url})


def lead(code):
    url = links.find(code)
    if url is None:
        return answer(404, {"error": f"Nothing is at {code}."})
    return {"statusCode": 301, "headers": {"location": url}}


def url_of(event):
    """The address in the body; None unless it is one of the web. A shortener that led to javascript: or file:
    would be a gift to whoever wants to trick its users."""
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        body = base64.b64decode(body)
    try:
        url = json.loads(body)["url"]
        parts = urlsplit(url)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def code_of(url):
    """Seven letters that the address always gives: no counter to share, and none to guess the next one from."""
    digest = hashlib.sha256(url.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:7]


def answer(status, content):
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(content),
    }
