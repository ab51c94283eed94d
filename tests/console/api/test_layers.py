"""Layers as an SDK publishes, reads, shares and uses them."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from functions.queries.access import person_principal
from functions.states import Role
from tests.console.api.sdk import SDK, create, refused, sdk_of, settle, zipped
from tests.support import rows

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]
PACKAGE = zipped("WORD = 'layer'", "python/words.py")


def publish(sdk: SDK, name: str = "tools", **more: Any) -> dict[str, Any]:
    return sdk("PublishLayerVersion", LayerName=name, **{"Content": {"ZipFile": PACKAGE}, **more})


@pytest.fixture
def stranger(databases) -> SDK:
    project = rows.make_project("Other", "999999999999")
    return sdk_of(rows.principal_of(project, rows.make_user(project, "eve", Role.DEVELOPER), Role.DEVELOPER))


def test_layers_are_published_read_listed_and_deleted(sdk: SDK, project) -> None:
    made = publish(sdk, Description="words", LicenseInfo="MIT", CompatibleRuntimes=["python3.13"])
    assert made["LayerVersionArn"] == f"arn:aws:lambda:us-east-1:{project.account}:layer:tools:1"
    assert made["LayerArn"] == f"arn:aws:lambda:us-east-1:{project.account}:layer:tools"
    assert made["Content"]["CodeSize"] == len(PACKAGE)
    assert made["Content"]["CodeSha256"] == base64.b64encode(hashlib.sha256(PACKAGE).digest()).decode()
    assert (made["Version"], made["Description"], made["LicenseInfo"]) == (1, "words", "MIT")
    assert (made["CompatibleRuntimes"], "CompatibleArchitectures" in made) == (["python3.13"], False)
    assert publish(sdk)["Version"] == 2
    found = sdk("GetLayerVersion", LayerName="tools", VersionNumber=1)
    assert {**found, "Content": None} == {**made, "Content": None}
    by_arn = sdk("GetLayerVersionByArn", Arn=made["LayerVersionArn"])
    assert by_arn["LayerVersionArn"] == made["LayerVersionArn"]
    [listed] = sdk("ListLayers")["Layers"]
    assert (listed["LayerName"], listed["LatestMatchingVersion"]["Version"]) == ("tools", 2)
    [fitting] = sdk("ListLayers", CompatibleRuntime="python3.13")["Layers"]
    assert fitting["LatestMatchingVersion"]["Version"] == 1
    first = sdk("ListLayerVersions", LayerName=made["LayerArn"], MaxItems=1)
    rest = sdk("ListLayerVersions", LayerName="tools", Marker=first["NextMarker"])
    assert [row["Version"] for row in first["LayerVersions"] + rest["LayerVersions"]] == [2, 1]
    for _ in range(2):
        sdk("DeleteLayerVersion", LayerName="tools", VersionNumber=2)
    assert refused(lambda: sdk("GetLayerVersion", LayerName="tools", VersionNumber=2)).status == 404
    assert publish(sdk)["Version"] == 3


def test_a_function_shows_its_layers(sdk: SDK, principal) -> None:
    one, two = publish(sdk, "one")["LayerVersionArn"], publish(sdk, "two")["LayerVersionArn"]
    made = create(sdk, Layers=[one, two])
    assert made["Layers"] == [{"Arn": one, "CodeSize": len(PACKAGE)}, {"Arn": two, "CodeSize": len(PACKAGE)}]
    settle(principal)
    changed = sdk("UpdateFunctionConfiguration", FunctionName="hello", Layers=[two])
    assert [layer["Arn"] for layer in changed["Layers"]] == [two]
    settle(principal)
    sdk("DeleteLayerVersion", LayerName="two", VersionNumber=1)
    kept = sdk("UpdateFunctionConfiguration", FunctionName="hello", Timeout=9, Layers=[two])
    assert [layer["Arn"] for layer in kept["Layers"]] == [two]
    settle(principal)
    assert "Layers" not in sdk("UpdateFunctionConfiguration", FunctionName="hello", Layers=[])
    settle(principal)
    gone = refused(lambda: sdk("UpdateFunctionConfiguration", FunctionName="hello", Layers=[two]))
    assert (gone.status, gone.message) == (400, f"Layer version {two} does not exist.")


def test_a_layer_is_shared_with_another_account(sdk: SDK, stranger: SDK) -> None:
    arn = publish(sdk)["LayerVersionArn"]
    denied = refused(lambda: stranger("GetLayerVersionByArn", Arn=arn))
    assert (denied.status, denied.code) == (403, "AccessDeniedException")
    assert refused(lambda: create(stranger, Layers=[arn])).code == "AccessDeniedException"
    named = {"LayerName": "tools", "VersionNumber": 1}
    assert refused(lambda: sdk("GetLayerVersionPolicy", **named)).message == (
        "No policy is associated with the given resource."
    )
    grant = {**named, "StatementId": "all", "Action": "lambda:GetLayerVersion", "Principal": "999999999999"}
    shared = sdk("AddLayerVersionPermission", **grant)
    assert json.loads(shared["Statement"]) == {
        "Sid": "all",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
        "Action": "lambda:GetLayerVersion",
        "Resource": arn,
    }
    policy = sdk("GetLayerVersionPolicy", **named)
    assert json.loads(policy["Policy"])["Statement"] == [json.loads(shared["Statement"])]
    assert policy["RevisionId"] == shared["RevisionId"]
    assert refused(lambda: sdk("AddLayerVersionPermission", **grant)).code == "ResourceConflictException"
    assert create(stranger, Layers=[arn])["Layers"][0]["Arn"] == arn
    assert stranger("ListLayers") == {"Layers": []}
    gone = {**named, "StatementId": "all"}
    stale = refused(lambda: sdk("RemoveLayerVersionPermission", **gone, RevisionId="x"))
    assert stale.status == 412
    sdk("RemoveLayerVersionPermission", **gone)
    assert refused(lambda: stranger("GetLayerVersionByArn", Arn=arn)).status == 403


def test_what_cannot_be_a_layer(sdk: SDK, project, user) -> None:
    assert refused(lambda: publish(sdk, Content={"ZipFile": b"no zip"})).status == 400
    assert refused(lambda: publish(sdk, Content={})).code == "InvalidParameterValueException"
    assert refused(lambda: publish(sdk, "a b")).code == "ValidationException"
    viewer = sdk_of(person_principal(user, project, Role.VIEWER))
    assert refused(lambda: publish(viewer)).code == "AccessDeniedException"
    assert refused(lambda: viewer("DeleteLayerVersion", LayerName="x", VersionNumber=1)).status == 403
    for number in (0, -1):
        wrong = refused(lambda n=number: sdk("GetLayerVersion", LayerName="x", VersionNumber=n))
        assert wrong.message == "Layer Version Cannot be less than 1."
    assert refused(lambda: sdk("GetLayerVersion", LayerName="x", VersionNumber=2**40)).status == 404
    far = "arn:aws:lambda:us-east-1:888888888888:layer:x:1"
    assert refused(lambda: sdk("GetLayerVersionByArn", Arn=far)).status == 404
