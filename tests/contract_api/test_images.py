"""Container images by an unmodified SDK in the whole product, from creating a function of one to what becomes of its
image; and images of runtimes made anew under load."""

from __future__ import annotations

import json
import subprocess
import threading
from typing import Any

import pytest

from functions.config import Config
from functions.runtimes import runtime
from runner.client import GatewayClient, GatewayRefused
from runner.images.catalog import image_reference
from tests.contract_api.refusals import refused
from tests.support.product import ECHO, ROLE, zipped
from tests.support.stack import wait_for
from tests.support.user_images import build_image, id_of, remove_image

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

NAME = "functory-test/echo"
DOCKERFILE = """ARG RUNTIME
FROM ${RUNTIME}
COPY app.py /app/app.py
WORKDIR /app
RUN mkdir -p /data && chmod 0777 /data && echo kept > /data/file
VOLUME /data
ENTRYPOINT ["/usr/bin/python3", "-u", "app.py"]
CMD ["first"]
"""
# A client of the Runtime API in a few lines, so that the image needs no registry.
PROGRAM = """import json, os, sys, time, urllib.request
EDITION = "@"
api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation/"

def write(path):
    try:
        open(path, "w").write("x")
        return "written"
    except OSError as error:
        return error.strerror

def act(event):
    if event.get("sleep"):
        time.sleep(event["sleep"])
    if event.get("exit"):
        print("last words")
        os._exit(event["exit"])
    if event.get("eat"):
        kept = bytearray()
        while True:
            kept += b"x" * 1_000_000
    return {
        "edition": EDITION, "words": sys.argv[1:], "where": os.getcwd(), "uid": os.getuid(),
        "handler": os.environ.get("_HANDLER"), "endpoint": os.environ.get("AWS_ENDPOINT_URL"),
        "own": os.environ.get("OWN"), "root": write("/app/x"), "tmp": write("/tmp/x"),
        "volume": write("/data/x"), "data": open("/data/file").read().strip(), "event": event,
    }

while True:
    with urllib.request.urlopen(api + "next") as answer:
        request, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.load(answer)
    print("a line")
    urllib.request.urlopen(api + request + "/response", data=json.dumps(act(event)).encode()).read()
"""
FAST = {"Delay": 1, "MaxAttempts": 60}


def build(edition: str, tag: str = "1") -> str:
    return build_image(f"{NAME}:{tag}", DOCKERFILE, {"app.py": PROGRAM.replace("@", edition)})


@pytest.fixture(scope="module")
def image():
    found = build("one")
    yield found
    remove_image(f"{NAME}:1")


@pytest.fixture(scope="module")
def client(product):
    return product.client()


def call(client: Any, name: str, event: Any, **more: Any) -> tuple[Any, Any]:
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event), **more)
    return json.loads(answer["Payload"].read()), answer.get("FunctionError")


def settled(client: Any, name: str) -> None:
    client.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=FAST)
    client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=FAST)


def test_an_image_is_a_function_and_stays_what_it_was(client, image):
    made = client.create_function(
        FunctionName="boxed",
        Role=ROLE,
        PackageType="Image",
        Code={"ImageUri": f"{NAME}:1"},
        Environment={"Variables": {"OWN": "mine"}},
        Timeout=2,
        Publish=True,
    )
    assert (made["PackageType"], made["CodeSha256"]) == ("Image", image.removeprefix("sha256:"))
    settled(client, "boxed")
    assert client.get_function(FunctionName="boxed")["Code"] == {
        "RepositoryType": "ECR", "ImageUri": f"{NAME}:1", "ResolvedImageUri": f"{NAME}@{image}",
    }  # fmt: skip
    found, error = call(client, "boxed", {"n": 1})
    assert error is None, found
    assert found.pop("uid") >= 60_000
    assert found == {
        "edition": "one", "words": ["first"], "where": "/app", "handler": "first", "own": "mine",
        "endpoint": "http://127.0.0.1:9000", "root": "Read-only file system", "tmp": "written",
        "volume": "Read-only file system", "data": "kept", "event": {"n": 1},
    }  # fmt: skip

    second = build("two")
    assert call(client, "boxed", {})[0]["edition"] == "one"
    client.update_function_configuration(
        FunctionName="boxed", ImageConfig={"Command": ["b", "c d"], "WorkingDirectory": "/"}, Timeout=2
    )
    settled(client, "boxed")
    shown = client.get_function_configuration(FunctionName="boxed")
    assert shown["CodeSha256"] == image.removeprefix("sha256:")
    assert shown["ImageConfigResponse"]["ImageConfig"] == {"Command": ["b", "c d"], "WorkingDirectory": "/"}
    assert call(client, "boxed", {})[1] == "Unhandled"  # app.py is not in /
    client.update_function_configuration(FunctionName="boxed", ImageConfig={"Command": ["b", "c d"]})
    settled(client, "boxed")
    assert call(client, "boxed", {})[0]["words"] == ["b", "c d"]

    client.update_function_code(FunctionName="boxed", ImageUri=f"{NAME}:1", Publish=True)
    settled(client, "boxed")
    assert call(client, "boxed", {})[0]["edition"] == "two"
    assert call(client, "boxed", {}, Qualifier="1")[0]["edition"] == "one"
    assert client.get_function(FunctionName="boxed")["Code"]["ResolvedImageUri"] == f"{NAME}@{second}"


def test_what_holds_is_read_back_from_the_container(client, product, image):
    call(client, "boxed", {})
    with GatewayClient(Config.from_environ(product.stack.environment())) as gateway:
        own = [one for one in gateway.sandboxes().sandboxes if one.function_name == "boxed"]
        newest = max(own, key=lambda one: one.created_us)
        held = gateway.read_back(newest.id)
        with pytest.raises(GatewayRefused):
            gateway.read_back("none")
    assert held.image == id_of(f"{NAME}:1")
    assert (held.capabilities, held.no_new_privileges, held.seccomp) == (0, True, True)
    assert (held.root_read_only, held.writable) == (True, ["/tmp"])
    assert held.uid >= 60_000
    assert held.memory_bytes == newest.memory_mb * 1024 * 1024


def test_limits_hold_and_ends_are_told_as_for_every_function(client, image):
    assert "Task timed out after 2.00 seconds" in call(client, "boxed", {"sleep": 30})[0]["errorMessage"]
    ended, error = call(client, "boxed", {"exit": 3})
    assert (ended["errorType"], error) == ("Runtime.ExitError", "Unhandled")
    client.update_function_configuration(FunctionName="boxed", Timeout=60)
    settled(client, "boxed")
    assert call(client, "boxed", {"eat": True})[0]["errorType"] == "Runtime.OutOfMemory"
    assert call(client, "boxed", {})[1] is None


def test_an_image_that_is_not_there_and_a_registry_that_does_not_answer(client):
    wanted = {"FunctionName": "none", "Role": ROLE, "PackageType": "Image"}
    code, status, message = refused(client.create_function, **wanted, Code={"ImageUri": "sha256:" + "0" * 64})
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert "does not exist. Provide a valid source image." in message
    code, status, message = refused(client.create_function, **wanted, Code={"ImageUri": "127.0.0.1:9/app:1"})
    assert (code, status) == ("ServiceUnavailableException", 503)
    assert "registry does not answer" in message
    assert "127.0.0.1:9" in message


def test_no_call_fails_while_a_runtimes_image_is_made_anew(client, product):
    client.create_function(
        FunctionName="busy", Role=ROLE, Runtime="python3.13", Handler="app.lambda_handler",
        Code={"ZipFile": zipped({"app.py": ECHO})},
    )  # fmt: skip
    settled(client, "busy")
    reference = image_reference(runtime("python3.13").image)
    before, done, answers = id_of(reference), threading.Event(), []

    def load() -> None:
        mine = product.client()
        while not done.is_set():
            answers.append(call(mine, "busy", {"n": len(answers)}))

    callers = [threading.Thread(target=load) for _ in range(3)]
    for caller in callers:
        caller.start()
    try:
        wait_for("calls are answered", lambda: len(answers) > 20, 30)
        build_image(reference, "ARG RUNTIME\nFROM ${RUNTIME}\nLABEL made=anew\n", {})
        after = id_of(reference)
        assert after != before
        wait_for("no sandbox runs in the old image", lambda: before not in running(product), 120)
        wait_for("one runs in the new image", lambda: after in running(product), 60)
        count = len(answers)
        wait_for("calls go on", lambda: len(answers) > count + 20, 30)
    finally:
        done.set()
        for caller in callers:
            caller.join()
        subprocess.run(["docker", "tag", before, reference], check=True)
    assert [answer for answer in answers if answer[1] is not None] == []


def running(product: Any) -> set[str]:
    """The images of the installation's sandboxes of Python, by their ids."""
    label = f"label=functory.instance={product.stack.instance}"
    listed = subprocess.run(
        ["docker", "ps", "-q", "--no-trunc", "--filter", label, "--filter", "label=functory.sandbox"],
        check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    shown = subprocess.run(
        ["docker", "inspect", "--format", '{{.Image}} {{index .Config.Labels "functory.key"}}', *listed],
        check=False, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return {line.split()[0] for line in shown.splitlines() if "python3.13" in line}


def test_a_users_image_outlives_its_function(client, image):
    client.delete_function(FunctionName="boxed")
    assert id_of(image) == image
