"""Signature Version 2 in the query of an address, which SDKs for Python still make by default when they presign one
of S3's. Pure. https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

from functions.errors import IncompleteSignature, InvalidSignature

# What of the query is part of what is signed, where it is there (as botocore's HmacV1Auth has it).
_SIGNED_QUERY = frozenset(
    {
        "accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "inventory", "lifecycle", "location",
        "logging", "metrics", "notification", "object-lock", "partNumber", "policy", "replication", "requestPayment",
        "response-cache-control", "response-content-disposition", "response-content-encoding",
        "response-content-language", "response-content-type", "response-expires", "restore", "select", "select-type",
        "storageClass", "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
    }
)  # fmt: skip


def is_v2(query: str) -> bool:
    """Whether a query carries such a signature."""
    return "AWSAccessKeyId=" in query and "Signature=" in query


def read_v2(query: str) -> tuple[str, str, int]:
    """Key id, signature, and until when it holds in seconds since 1970; raises IncompleteSignature."""
    values = dict(parse_qsl(query))
    expires = values.get("Expires", "")
    if not expires.isdecimal() or len(expires) > 12 or not values.get("Signature"):
        raise IncompleteSignature(
            "An address signed with version 2 has AWSAccessKeyId, Signature and Expires."
        )
    return values.get("AWSAccessKeyId", ""), values["Signature"], int(expires)


def check_v2(
    method: str, path: str, query: str, headers: Mapping[str, str], *, secret: str, signature: str
) -> None:
    """Raises InvalidSignature unless `secret` signed just this address."""
    values = dict(parse_qsl(query, keep_blank_values=True))
    told = {name: headers.get(name) or values.get(name, "") for name in ("content-md5", "content-type")}
    amz = {name: value for name, value in headers.items() if name.startswith("x-amz-")}
    amz |= {name: value for name, value in values.items() if name.startswith("x-amz-")}
    lines = [method, told["content-md5"], told["content-type"], values.get("Expires", "")]
    lines += [f"{name}:{' '.join(amz[name].split())}" for name in sorted(amz)]
    text = "\n".join([*lines, _resource(path, query)])
    expected = base64.b64encode(hmac.digest(secret.encode(), text.encode(), hashlib.sha1)).decode()
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        raise InvalidSignature(
            "The request signature we calculated does not match the signature you provided. Check your key and "
            "signing method."
        )


def _resource(path: str, query: str) -> str:
    pairs = (part.partition("=") for part in query.split("&"))
    signed = sorted((name, equals, unquote(value)) for name, equals, value in pairs if name in _SIGNED_QUERY)
    inside = "&".join(f"{name}{equals}{value}" for name, equals, value in signed)
    return f"{path}?{inside}" if inside else path
