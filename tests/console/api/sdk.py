"""botocore as the caller of the relay's door: what an SDK sends and how it reads the answer, without a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from django.conf import settings
from django.test import Client

from console.api.model import lambda_model
from functions.archives import FileContent, pack
from functions.keys import read_or_create_key
from functions.models import Deployment, Function
from functions.models.version import SEEN_FOR
from functions.services import deploys
from functions.states import DeploymentState
from functions.tokens import sign_principal

ROLE = "arn:aws:iam::000000000001:role/r"
SDK = Callable[..., dict[str, Any]]


class SdkError(Exception):
    """What an SDK would raise."""

    def __init__(self, status: int, headers: Any, document: dict[str, Any]) -> None:
        super().__init__(document)
        self.status = status
        self.code = headers["x-amzn-ErrorType"]
        self.message = document.get("message") or document.get("Message")


def zipped(source: str = "def handler(e, c): return e", name: str = "app.py") -> bytes:
    """The same bytes whenever it is called: a zip holds times."""
    return pack({name: FileContent(source.encode())})


def sdk_of(principal) -> SDK:
    key = read_or_create_key(settings.FUNCTORY.keys / "relay")
    client = Client()

    def call(name: str, **parameters: Any) -> dict[str, Any]:
        model = lambda_model().service.operation_model(name)
        request = create_serializer("rest-json", include_validation=False).serialize_to_request(
            parameters, model
        )
        path, _, literal = request["url_path"].partition("?")
        pairs = [
            f"{key}={item}"
            for key, value in request["query_string"].items()
            for item in (value if isinstance(value, list) else [value])
        ]
        response = client.generic(
            request["method"],
            path,
            request["body"],
            content_type="application/json",
            QUERY_STRING="&".join([literal, *pairs] if literal else pairs),
            HTTP_X_FUNCTORY_PRINCIPAL=sign_principal(key, principal),
        )
        if response.status_code >= 300:
            raise SdkError(response.status_code, response.headers, json.loads(response.content))
        parsed = create_parser("rest-json").parse(
            {"status_code": response.status_code, "headers": response.headers, "body": response.content},
            model.output_shape,
        )
        parsed.pop("ResponseMetadata", None)
        return parsed

    return call


def create(sdk: SDK, name: str = "hello", **more: Any) -> dict[str, Any]:
    values = {"Runtime": "python3.13", "Handler": "app.handler", "Role": ROLE, "Code": {"ZipFile": zipped()}}
    return sdk("CreateFunction", FunctionName=name, **{**values, **more})


def settle(principal, name: str = "hello") -> Deployment:
    """What a worker does with the open deployment, a moment after it was asked for."""
    made = work(principal, name)
    Deployment.objects.filter(pk=made.pk).update(created_at=made.created_at - SEEN_FOR)
    return made


def work(principal, name: str = "hello") -> Deployment:
    """What a worker does with the open deployment, at once."""
    deployment = deploys.open_deployment(Function.objects.get(name=name, deleted_at=None))
    assert deployment
    deploys.advance(deployment.pk, DeploymentState.SAVING)
    deploys.advance(deployment.pk, DeploymentState.STARTING)
    return deploys.finish(deployment_id=deployment.pk, acting=principal)


def refused(call: Callable[[], Any]) -> SdkError:
    with pytest.raises(SdkError) as caught:
        call()
    return caught.value
