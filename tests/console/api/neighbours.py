"""botocore as a caller of Lambda's neighbours: its own serializer and parser, without a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from django.conf import settings
from django.test import Client

from functions.keys import read_or_create_key
from functions.tokens import sign_principal

Neighbour = Callable[..., dict[str, Any]]


class NeighbourError(Exception):
    """What an SDK would raise."""

    def __init__(self, status: int, error: dict[str, Any]) -> None:
        super().__init__(error)
        self.status, self.code, self.message = status, error["Code"], error.get("Message", "")


def model_of(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def neighbour_of(principal, service: str) -> Neighbour:
    key = read_or_create_key(settings.FUNCTORY.keys / "relay")
    client, model = Client(), model_of(service)
    protocol = model.metadata["protocol"]

    def call(name: str, **parameters: Any) -> dict[str, Any]:
        operation = model.operation_model(name)
        serializer = create_serializer(protocol, include_validation=False)
        request = serializer.serialize_to_request(parameters, operation)
        body = request["body"]
        response = client.generic(
            "POST",
            "/",
            urlencode(body) if isinstance(body, dict) else body,
            content_type="application/x-www-form-urlencoded; charset=utf-8",
            headers={**request["headers"], "x-functory-principal": sign_principal(key, principal)},
        )
        seen = {"status_code": response.status_code, "headers": response.headers, "body": response.content}
        parsed = create_parser(protocol).parse(seen, operation.output_shape)
        if response.status_code >= 300:
            raise NeighbourError(response.status_code, parsed["Error"])
        assert parsed.pop("ResponseMetadata")["RequestId"]
        return parsed

    return call


def refused(call: Callable[[], Any]) -> NeighbourError:
    with pytest.raises(NeighbourError) as caught:
        call()
    return caught.value
