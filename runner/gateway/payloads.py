"""What an event must be before it is run or stored: JSON in UTF-8 within the limits of its kind. Pure."""

from __future__ import annotations

import base64
import binascii

import msgspec

from functions import limits
from functions.errors import InvalidRequestContent, RequestTooLarge
from functions.states import InvocationType

EMPTY = b"{}"


def checked(payload: bytes, kind: InvocationType) -> bytes:
    """The payload; an empty one is an empty object, as in Lambda. Raises RequestTooLarge or
    InvalidRequestContent."""
    if not payload:
        return EMPTY
    most = limits.EVENT_PAYLOAD if kind is InvocationType.EVENT else limits.SYNC_PAYLOAD
    if len(payload) > most:
        raise RequestTooLarge(f"Request must be smaller than {most} bytes for the InvokeFunction operation")
    try:
        msgspec.json.decode(payload, type=msgspec.Raw)
        if not payload.isascii():
            payload.decode()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequestContent(f"Could not parse request body into json: {error}") from None
    return payload


def client_context(header: str) -> str:
    """The X-Amz-Client-Context header (base64 of JSON) as JSON text; raises InvalidRequestContent."""
    if not header:
        return ""
    if len(header) > limits.CLIENT_CONTEXT:
        raise InvalidRequestContent(f"Client context must be no more than {limits.CLIENT_CONTEXT} bytes.")
    try:
        text = base64.b64decode(header, validate=True).decode()
        msgspec.json.decode(text, type=msgspec.Raw)
    except (binascii.Error, UnicodeDecodeError, msgspec.DecodeError):
        raise InvalidRequestContent("Client context must be a valid Base64-encoded JSON object.") from None
    return text


def invocation_type(header: str) -> InvocationType:
    """The X-Amz-Invocation-Type header, none means synchronous; raises InvalidRequestContent."""
    try:
        return InvocationType(header) if header else InvocationType.REQUEST_RESPONSE
    except ValueError:
        raise InvalidRequestContent(
            f"Invocation type {header[:40]!r} is not one of Event, RequestResponse, DryRun."
        ) from None
