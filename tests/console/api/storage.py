"""botocore as a caller of S3: its own serializer and parser, without a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from django.conf import settings
from django.test import Client

from functions.installation import object_files
from functions.keys import read_or_create_key
from functions.object_files import Slice
from functions.protocols import FILES
from functions.tokens import sign_principal
from tests.console.api.neighbours import model_of

S3 = Callable[..., dict[str, Any]]


class S3Error(Exception):
    """What an SDK would raise."""

    def __init__(self, status: int, error: dict[str, Any]) -> None:
        super().__init__(error)
        self.status, self.code, self.message = status, error.get("Code", ""), error.get("Message", "")


def s3_of(principal) -> S3:
    key = read_or_create_key(settings.FUNCTORY.keys / "relay")
    client, model = Client(), model_of("s3")

    def call(name: str, *, sent: dict[str, str] | None = None, **parameters: Any) -> dict[str, Any]:
        operation = model.operation_model(name)
        request = create_serializer("rest-xml", include_validation=False).serialize_to_request(
            parameters, operation
        )
        path, _, literal = request["url_path"].partition("?")
        query = "&".join(part for part in (literal, urlencode(request["query_string"])) if part)
        told = sign_principal(key, principal)
        headers = {
            "x-functory-principal": told,
            "x-functory-path": path,
            **request["headers"],
            **(sent or {}),
        }
        response = client.generic(
            request["method"],
            f"/s3{quote(path, safe='/%')}",
            request["body"] or b"",
            QUERY_STRING=query,
            headers=headers,
        )
        content = response.getvalue()
        if FILES in response.headers:  # what the gateway does
            content = b"".join(object_files().read([Slice(*one) for one in json.loads(content)]))
            response.headers["Content-Length"] = str(len(content))
        seen = {"status_code": response.status_code, "headers": response.headers, "body": content}
        if response.status_code >= 300:
            parsed = create_parser("rest-xml").parse(seen, operation.output_shape)
            raise S3Error(response.status_code, parsed["Error"])
        parsed = create_parser("rest-xml").parse(seen, operation.output_shape)
        parsed.pop("ResponseMetadata", None)
        return parsed

    return call


def refused(call: Callable[[], Any]) -> S3Error:
    with pytest.raises(S3Error) as caught:
        call()
    return caught.value
