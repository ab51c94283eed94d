"""Functions whose code is a container image, in AWS's shapes. What an image's name means, the gateway says; here a
stand-in does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.models import Function, Revision
from tests.console.api.sdk import ROLE, SDK, create, refused, settle
from tests.support.stand_in_gateway import stand_in_gateway

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]
FIRST, SECOND = "a1" * 32, "b2" * 32


class Engine:
    """Names and the digests that they mean now."""

    def __init__(self) -> None:
        self.names = {"team/app:1": FIRST}

    def answer(self, asked: Any) -> tuple[int, dict[str, Any]]:
        uri = json.loads(asked.body)["uri"]
        if uri == "silent.example/app:1":
            return 503, {"message": "its registry does not answer: no such host"}
        if uri not in self.names:
            return 400, {"message": f"Source image {uri} does not exist. Provide a valid source image."}
        digest = f"sha256:{self.names[uri]}"
        command = {"entry_point": ["/run"], "command": ["app.handler"], "directory": "/srv"}
        return 200, {"uri": uri, "digest": digest, "reference": digest, "size": 12_000, **command}


@pytest.fixture
def engine(config):
    found = Engine()
    with stand_in_gateway(config.gateway_socket) as gateway:
        gateway.answer = found.answer
        yield found


def of_image(sdk: SDK, uri: str = "team/app:1", **more: Any) -> dict[str, Any]:
    values = {"FunctionName": "hello", "Role": ROLE, "PackageType": "Image", "Code": {"ImageUri": uri}}
    return sdk("CreateFunction", **{**values, **more})


def test_an_image_is_pinned_when_it_is_named(sdk: SDK, engine: Engine, principal) -> None:
    made = of_image(sdk, ImageConfig={"Command": ["b.c"], "WorkingDirectory": "/w"}, MemorySize=256)
    assert (made["PackageType"], made["CodeSha256"], made["CodeSize"]) == ("Image", FIRST, 0)
    assert made["ImageConfigResponse"] == {"ImageConfig": {"Command": ["b.c"], "WorkingDirectory": "/w"}}
    assert not {"Runtime", "Handler", "Layers", "RuntimeVersionConfig"} & made.keys()
    settle(principal)
    found = sdk("GetFunction", FunctionName="hello")
    assert found["Code"] == {
        "RepositoryType": "ECR",
        "ImageUri": "team/app:1",
        "ResolvedImageUri": f"team/app@sha256:{FIRST}",
    }
    assert found["Configuration"]["State"] == "Active"


def test_a_tag_that_moves_on_changes_no_version(sdk: SDK, engine: Engine, principal) -> None:
    of_image(sdk, Publish=True)
    settle(principal)
    engine.names["team/app:1"] = SECOND
    sdk("UpdateFunctionConfiguration", FunctionName="hello", Timeout=9)
    settle(principal)
    shown = sdk("GetFunctionConfiguration", FunctionName="hello")
    assert (shown["CodeSha256"], shown["Timeout"]) == (FIRST, 9)
    updated = sdk("UpdateFunctionCode", FunctionName="hello", ImageUri="team/app:1", Publish=True)
    assert updated["CodeSha256"] == SECOND
    settle(principal)
    versions = {
        row["Version"]: row["CodeSha256"]
        for row in sdk("ListVersionsByFunction", FunctionName="hello")["Versions"]
    }
    assert versions == {"$LATEST": SECOND, "1": FIRST, "2": SECOND}


def test_overrides_are_replaced_as_a_whole(sdk: SDK, engine: Engine, principal) -> None:
    of_image(sdk, ImageConfig={"Command": ["b.c"]})
    settle(principal)
    sdk("UpdateFunctionConfiguration", FunctionName="hello", ImageConfig={"EntryPoint": ["/e"]})
    settle(principal)
    shown = sdk("GetFunctionConfiguration", FunctionName="hello")
    assert shown["ImageConfigResponse"] == {"ImageConfig": {"EntryPoint": ["/e"]}}


def test_a_dry_run_pins_and_changes_nothing(sdk: SDK, engine: Engine, principal) -> None:
    of_image(sdk)
    settle(principal)
    engine.names["team/app:1"] = SECOND
    tried = sdk("UpdateFunctionCode", FunctionName="hello", ImageUri="team/app:1", DryRun=True)
    assert tried["CodeSha256"] == SECOND
    assert sdk("GetFunctionConfiguration", FunctionName="hello")["CodeSha256"] == FIRST
    assert Revision.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Code": {"ImageUri": "none:1"}}, "Source image none:1 does not exist"),
        ({"Code": {"ImageUri": "No Name"}}, "Provide a valid source image"),
        ({"Code": {"ZipFile": b"x"}}, "Please provide ImageUri"),
        ({"Runtime": "python3.13"}, "Please don't provide a Handler or Runtime or Layer"),
        ({"Handler": "app.handler"}, "Please don't provide a Handler or Runtime or Layer"),
        ({"Layers": ["arn:aws:lambda:us-east-1:000000000001:layer:l:1"]}, "Please don't provide a Handler"),
        ({"ImageConfig": {"WorkingDirectory": "relative"}}, "absolute path"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(
    sdk: SDK, engine: Engine, change: dict[str, Any], words: str
) -> None:
    refusal = refused(lambda: of_image(sdk, **change))
    assert (refusal.status, refusal.code) == (400, "InvalidParameterValueException")
    assert words in refusal.message
    assert not Function.objects.exists()


def test_a_registry_that_does_not_answer_is_said_as_such(sdk: SDK, engine: Engine) -> None:
    refusal = refused(lambda: of_image(sdk, "silent.example/app:1"))
    assert (refusal.status, refusal.code) == (503, "ServiceUnavailableException")
    assert "does not answer: no such host" in refusal.message


def test_without_a_gateway_an_image_cannot_be_pinned(sdk: SDK) -> None:
    refusal = refused(lambda: of_image(sdk))
    assert (refusal.status, refusal.code) == (503, "ServiceUnavailableException")
    assert not Function.objects.exists()


def test_code_stays_of_its_kind(sdk: SDK, engine: Engine, principal) -> None:
    of_image(sdk)
    settle(principal)
    create(sdk, "zipped")
    settle(principal, "zipped")
    with_zip = refused(lambda: sdk("UpdateFunctionCode", FunctionName="hello", ZipFile=b"x"))
    assert with_zip.message.startswith("Please provide ImageUri")
    with_image = refused(lambda: sdk("UpdateFunctionCode", FunctionName="zipped", ImageUri="team/app:1"))
    assert with_image.message.startswith("Please don't provide ImageUri")
    settings = refused(
        lambda: sdk("UpdateFunctionConfiguration", FunctionName="zipped", ImageConfig={"Command": ["x"]})
    )
    assert settings.message.startswith("Please don't provide an ImageConfig")
    layered = refused(lambda: sdk("UpdateFunctionConfiguration", FunctionName="hello", Handler="a.b"))
    assert layered.message.startswith("Please don't provide a Handler")


def test_what_stands_for_images_is_no_runtime_that_one_may_name(sdk: SDK) -> None:
    refusal = refused(lambda: create(sdk, Runtime="image"))
    assert refusal.message.startswith("Value image at 'runtime' failed to satisfy constraint")
