"""Layers as an unmodified SDK publishes them and a sandbox finds them at /opt."""

from __future__ import annotations

import httpx
import pytest

from tests.contract_api.refusals import refused
from tests.support.product import zipped

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]
FAST = {"Delay": 1, "MaxAttempts": 60}
CODE = """import os, subprocess
def lambda_handler(event, context):
    import words
    tool = subprocess.run(['tool'], capture_output=True, text=True).stdout.strip()
    try:
        open('/opt/written', 'w')
    except OSError as error:
        refused = error.strerror
    return {'word': words.WORD, 'more': words.more(), 'tool': tool, 'opt': sorted(os.listdir('/opt')), 'write': refused}
"""
FIRST = {
    "python/words.py": "WORD = 'first'\ndef more():\n    import more\n    return more.WORD\n",
    "python/more.py": "WORD = 'more'\n",
    "only-first": "",
}
SECOND = {"python/words.py": FIRST["python/words.py"].replace("first", "second")}
TOOL = {"bin/tool": "#!/bin/sh\necho from the layer\n"}


@pytest.fixture(scope="module")
def client(product):
    return product.client()


def publish(client, name: str, files: dict[str, str], **more) -> str:
    package = zipped(files, modes={"bin/tool": 0o100755})
    made = client.publish_layer_version(LayerName=name, Content={"ZipFile": package}, **more)
    assert httpx.get(made["Content"]["Location"], timeout=30).content == package
    return made["LayerVersionArn"]


def test_a_function_finds_its_layers_the_later_over_the_earlier(product, client):
    first, second = publish(client, "first", FIRST), publish(client, "second", SECOND)
    tool = publish(client, "tool", TOOL)
    product.create("layered", CODE, Layers=[first, tool])
    found = product.call("layered")["payload"]
    assert found == {
        "word": "first",
        "more": "more",
        "tool": "from the layer",
        "opt": ["bin", "only-first", "python"],
        "write": "Read-only file system",
    }
    client.update_function_configuration(FunctionName="layered", Layers=[first, tool, second])
    client.get_waiter("function_updated_v2").wait(FunctionName="layered", WaiterConfig=FAST)
    assert product.call("layered")["payload"]["word"] == "second"
    client.delete_layer_version(LayerName="second", VersionNumber=1)
    client.update_function_configuration(FunctionName="layered", MemorySize=256)
    client.get_waiter("function_updated_v2").wait(FunctionName="layered", WaiterConfig=FAST)
    assert product.call("layered")["payload"]["word"] == "second"
    gone = refused(client.create_function, **made_like(client, "other", [second]))
    assert gone[:2] == ("InvalidParameterValueException", 400)
    client.delete_function(FunctionName="layered")


def made_like(client, name: str, layers: list[str]) -> dict[str, object]:
    shown = client.get_function_configuration(FunctionName="layered")
    return {
        "FunctionName": name,
        "Code": {"ZipFile": zipped({"lambda_function.py": CODE})},
        "Layers": layers,
        **{key: shown[key] for key in ("Runtime", "Handler", "Role")},
    }


def test_node_finds_its_layer(product, client):
    module = {"nodejs/node_modules/words/index.js": "module.exports = 'from the layer';\n"}
    arn = publish(client, "modules", module, CompatibleRuntimes=["nodejs22.x"])
    code = "exports.handler = async () => require('words');\n"
    product.create(
        "node-layered",
        zipped({"index.js": code}),
        Runtime="nodejs22.x",
        Handler="index.handler",
        Layers=[arn],
    )
    assert product.call("node-layered")["payload"] == "from the layer"
    client.delete_function(FunctionName="node-layered")


def test_layers_are_listed_and_shared(product, client):
    publish(client, "shared", TOOL, CompatibleRuntimes=["python3.13"])
    arn = publish(client, "shared", TOOL)
    pages = client.get_paginator("list_layer_versions").paginate(
        LayerName="shared", PaginationConfig={"PageSize": 1}
    )
    assert [row["Version"] for page in pages for row in page["LayerVersions"]] == [2, 1]
    names = [row["LayerName"] for row in client.list_layers(CompatibleRuntime="python3.13")["Layers"]]
    assert "shared" in names
    grant = {"StatementId": "one", "Action": "lambda:GetLayerVersion", "Principal": "000000000003"}
    product.add_stranger("000000000003")
    stranger = product.client("000000000003")
    assert refused(stranger.get_layer_version_by_arn, Arn=arn)[:2] == ("AccessDeniedException", 403)
    client.add_layer_version_permission(LayerName="shared", VersionNumber=2, **grant)
    assert stranger.get_layer_version_by_arn(Arn=arn)["Version"] == 2
    assert (
        refused(product.client("viewer").delete_layer_version, LayerName="shared", VersionNumber=2)[1] == 403
    )
    client.remove_layer_version_permission(LayerName="shared", VersionNumber=2, StatementId="one")
    assert refused(stranger.get_layer_version_by_arn, Arn=arn)[1] == 403
