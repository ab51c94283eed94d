"""The code of a function that calls AWS's endpoint as its own role, with nothing but the standard library: event
{"method", "path", "body", "form", "as", "token"}, where a form goes out as it stands; gives back status, error type
and body. Deployed by tests as it stands."""

import hashlib
import hmac
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime

NAMES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def signed(method, address, body, key, secret, token):
    """Headers of signature version 4."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    day, host = stamp[:8], urllib.parse.urlsplit(address).netloc
    path = urllib.parse.quote(urllib.parse.urlsplit(address).path, safe="/~")  # encoded twice, as AWS has it
    headers = {"host": host, "x-amz-date": stamp, **({"x-amz-security-token": token} if token else {})}
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = "\n".join((method, path, "", lines, names, hashlib.sha256(body).hexdigest()))
    scope = f"{day}/us-east-1/lambda/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    derived = f"AWS4{secret}".encode()
    for part in (*scope.split("/"), text):
        derived = hmac.new(derived, part.encode(), "sha256").digest()
    claim = f"Credential={key}/{scope}, SignedHeaders={names}, Signature={derived.hex()}"
    return {**headers, "authorization": f"AWS4-HMAC-SHA256 {claim}"}


def lambda_handler(event, context):
    own = [os.environ[name] for name in NAMES]
    if event.get("reveal"):
        return own
    key, secret, token = event.get("as") or own
    body = event["form"].encode() if "form" in event else json.dumps(event.get("body", {})).encode()
    address = os.environ["AWS_ENDPOINT_URL"] + event["path"]
    method = event.get("method", "POST")
    headers = signed(method, address, body, key, secret, token if event.get("token", True) else "")
    request = urllib.request.Request(address, body if method == "POST" else None, headers, method=method)
    if method == "GET":
        headers = signed(method, address, b"", key, secret, token)
        request = urllib.request.Request(address, None, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return {"status": answer.status, "error": "", "body": answer.read().decode()}
    except urllib.error.HTTPError as refused:
        return {
            "status": refused.code,
            "error": refused.headers["x-amzn-errortype"],
            "body": refused.read().decode(),
        }
