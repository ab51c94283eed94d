"""Trouble with calls: each has a clear message in the API and on the console, what ran is recorded with its
class, and a second function on the same installation goes on answering."""

from __future__ import annotations

import botocore.exceptions
import pytest

from functions.limits import EVENT_PAYLOAD, SYNC_PAYLOAD
from tests.support.product import ECHO

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]

TROUBLES = {
    "unparsed": ("def lambda_handler(event, context)\n    return 1\n", "init_failure", "Runtime.UserCodeSyntaxError"),
    "unimported": (
        "import a_module_that_nobody_has\n" + ECHO, "init_failure", "Runtime.ImportModuleError",
    ),
    "endless": ("def lambda_handler(event, context):\n    while True:\n        pass\n", "timeout", "Sandbox.Timedout"),
    "leaves": (
        "import os\ndef lambda_handler(event, context):\n    print('last words', flush=True)\n    os._exit(3)\n",
        "crash", "Runtime.ExitError",
    ),
    "raises": ("def lambda_handler(event, context):\n    raise ValueError('as asked')\n", "function_error", "ValueError"),
    "grows": (
        "def lambda_handler(event, context):\n    kept = []\n    while True:\n        kept.append(bytearray(8 << 20))\n",
        "out_of_memory", "Runtime.OutOfMemory",
    ),
}  # fmt: skip
SAYS = {
    "unparsed": "lambda_function", "unimported": "a_module_that_nobody_has", "endless": "timed out after 1.00 seconds",
    "leaves": "exit", "raises": "as asked", "grows": "killed",
}  # fmt: skip
SHOWN = {
    "init_failure": "failed to start", "timeout": "did not finish within", "crash": "process ended before",
    "function_error": "raised an error", "out_of_memory": "of memory and was stopped",
}  # fmt: skip


@pytest.fixture(scope="module")
def neighbour(product) -> str:
    """The second function."""
    product.create("neighbour")
    return "neighbour"


@pytest.fixture(autouse=True)
def the_neighbour_answers(product, neighbour):
    yield
    assert product.call(neighbour, {"n": 1})["payload"] == {"n": 1}


def refused(product, call, **parameters) -> tuple[str, int, str]:
    """The error's code, status and message, which are also kept under the request id that was answered."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**parameters)
    response = caught.value.response
    error, about = response["Error"], response["ResponseMetadata"]
    kept = product.refusal(about["RequestId"])
    assert (kept["error_type"], kept["status"]) == (error["Code"], about["HTTPStatusCode"])
    assert kept["function_name"] == parameters["FunctionName"]
    assert about["RequestId"] in product.page(f"invocations/{about['RequestId']}").text
    return error["Code"], about["HTTPStatusCode"], error.get("Message", "")


@pytest.mark.parametrize("name", TROUBLES)
def test_a_function_in_trouble(product, name):
    code, outcome, error_type = TROUBLES[name]
    product.create(name, code, Timeout=1 if name == "endless" else 10)
    answer = product.call(name)
    assert (answer["status"], answer["error"]) == (200, "Unhandled")
    assert answer["payload"]["errorType"] == error_type
    assert SAYS[name] in answer["payload"]["errorMessage"]
    row = product.record(answer["id"])
    assert (row["outcome"], row["error_type"]) == (outcome, error_type)
    assert SHOWN[outcome] in product.seen(answer["id"]).lower()


def test_what_was_written_before_the_end_is_kept(product):
    product.create("speaks", TROUBLES["leaves"][0])
    answer = product.call("speaks")
    product.record(answer["id"])
    assert "last words" in product.seen(answer["id"])


def test_a_flood_of_output_is_cut_and_harms_nobody(product):
    code = "def lambda_handler(event, context):\n    for _ in range(64):\n        print('x' * 65536)\n    return 'done'\n"
    product.create("floods", code, Timeout=30)
    answer = product.call("floods")
    assert (answer["error"], answer["payload"]) == ("", "done")
    assert product.record(answer["id"])["outcome"] == "success"
    log = product.rows(
        "select truncated, length(text) size from functions_invocationlog l "
        "join functions_invocation i on i.id = l.invocation_id where i.function_name = 'floods'"
    )[0]
    assert log["truncated"]
    assert log["size"] < 2 * 1024 * 1024


def test_an_unknown_function(product):
    code, status, message = refused(product, product.client().invoke, FunctionName="nobody", Payload=b"{}")
    assert (code, status) == ("ResourceNotFoundException", 404)
    assert "nobody" in message
    page = product.page("functions/nobody/test")
    assert page.status_code == 404
    assert "Traceback" not in page.text


def test_bad_json(product, neighbour):
    code, status, message = refused(product, product.client().invoke, FunctionName=neighbour, Payload=b"{bad")
    assert (code, status) == ("InvalidRequestContentException", 400)
    assert "json" in message.lower()
    answer = product.post(f"functions/{neighbour}/test/run", payload="{bad")
    assert answer.status_code == 400
    assert "json" in answer.text.lower()


def test_payloads_that_are_too_large(product, neighbour):
    client = product.client()
    for kind, most in (("RequestResponse", SYNC_PAYLOAD), ("Event", EVENT_PAYLOAD)):
        large = b'"' + b"x" * (most - 1) + b'"'
        assert len(large) == most + 1
        code, status, message = refused(
            product, client.invoke, FunctionName=neighbour, InvocationType=kind, Payload=large
        )
        assert (code, status) == ("RequestTooLargeException", 413)
        assert str(most) in message
    largest = b'"' + b"x" * (EVENT_PAYLOAD - 2) + b'"'
    answer = client.invoke(FunctionName=neighbour, InvocationType="Event", Payload=largest)
    assert answer["StatusCode"] == 202
    answer = product.post(f"functions/{neighbour}/test/run", payload='"' + "x" * SYNC_PAYLOAD + '"')
    assert answer.status_code in {400, 413}
    assert "at most 6 MB" in answer.text


def test_wrong_names(product):
    client = product.client()
    for name in ("with space", "a" * 65, "ünlaut"):
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            product.create(name, wait=False)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert caught.value.response["Error"]["Message"]
    _, status, _ = refused(product, client.invoke, FunctionName="with space", Payload=b"{}")
    assert status == 400
    page = product.post("new", name="with space")
    assert page.status_code == 400
    assert "letters" in page.text.lower()
