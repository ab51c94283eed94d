"""Function URLs over HTTP: both kinds of address, who may call, answers whole and streamed."""

import asyncio
import json
from urllib.parse import urlsplit

import pytest
from botocore.auth import HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from functions.config import Config
from functions.policies import INVOKE, INVOKE_URL, public_url_statement, read_statement, statement_document
from functions.snapshots import Route, UrlSnapshot
from functions.states import Outcome
from runner.gateway.url_api import UrlApi
from tests.runner.gateway.boxes import FUNCTION, ended, snapshot, until
from tests.runner.gateway.doors import FAR, SECRET, Doors, serve

SANDBOXED = "sandbox allow-scripts allow-forms"


def url(**more):
    values = {
        "url_id": "abc", "trigger_id": "t-1", "function_id": FUNCTION, "qualifier": "live", "auth": "NONE",
        "invoke_mode": "BUFFERED", "cors": None, "enabled": True,
    }  # fmt: skip
    return UrlSnapshot(**{**values, **more})


def route_of(snapshot, *statements):
    stated = statements or (public_url_statement(),)
    return Route("live", "live", ((snapshot, 1.0),), tuple(map(read_statement, stated)))


@pytest.fixture
def run(tmp_path):
    def runner(body, answer=None, **changes):
        def make():
            doors = Doors(tmp_path, answer=answer)
            doors.table.routes[("hello", "live")] = route_of(snapshot(version="3"))
            doors.table.urls["abc"] = url(**changes)
            config = Config.from_environ({"FUNCTORY_HOME": str(tmp_path)})
            api = UrlApi(doors.authorizer, doors.catalog, doors.world.dispatcher, doors.refusals, config)
            doors.parts["url"] = api.handle
            return doors

        serve(make, body)

    return runner


def says(result):
    return lambda call: ended(response=json.dumps(result).encode())


def echo(call):
    return ended(response=json.dumps({"statusCode": 200, "body": call.payload.decode()}).encode())


def test_a_host_of_its_own_and_a_path(run):
    async def body(doors):
        host = {"Host": f"abc.localhost:{doors.port}"}
        status, headers, answer = await doors.request("POST", "/x/y?q=1", b"{}", host)
        assert status == 200
        assert "content-security-policy" not in headers
        event = json.loads(answer)
        assert (event["rawPath"], event["requestContext"]["domainName"]) == ("/x/y", "abc.localhost")
        assert headers["x-amzn-requestid"] == event["requestContext"]["requestId"]
        status, headers, answer = await doors.request("GET", "/url/abc/x/y?q=1")
        assert (status, headers["content-security-policy"]) == (200, SANDBOXED)
        assert json.loads(answer)["rawPath"] == "/x/y"

    run(body, echo)


def test_the_record_names_the_trigger(run):
    async def body(doors):
        seen = []
        doors.world.dispatcher.on_finished = lambda finished: seen.append(finished.record)
        await doors.request("GET", "/url/abc/")
        assert (seen[0].trigger, seen[0].trigger_id, seen[0].alias) == ("function_url", "t-1", "live")

    run(body, echo)


def test_unknown_and_disabled_addresses(run):
    async def body(doors):
        assert (await doors.request("GET", "/url/other/"))[0] == 404
        assert (await doors.request("GET", "/url//"))[0] == 404
        assert (await doors.request("GET", "/", headers={"Host": "other.localhost"}))[0] == 404
        assert (await doors.request("GET", "/url/abc/"))[0] == 403
        assert doors.world.boxes == []

    run(body, echo, enabled=False)


@pytest.mark.parametrize("outcome", [Outcome.FUNCTION_ERROR, Outcome.TIMEOUT, Outcome.CRASH])
def test_the_functions_failures_are_bad_gateways(run, outcome):
    async def body(doors):
        status, headers, answer = await doors.request("GET", "/url/abc/")
        assert (status, answer) == (502, b"Internal Server Error")
        assert headers["content-security-policy"] == SANDBOXED

    run(body, lambda call: ended(outcome, b'{"errorMessage": "secret"}'))


def test_a_malformed_answer_is_a_bad_gateway(run):
    async def body(doors):
        assert (await doors.request("GET", "/url/abc/"))[0] == 502

    run(body, says({"statusCode": 200, "body": 5}))


def test_throttling_is_told(run):
    async def body(doors):
        limited = snapshot(version="3", reserved_concurrency=0)
        doors.table.routes[("hello", "live")] = route_of(limited)
        status, _, answer = await doors.request("GET", "/url/abc/")
        assert (status, json.loads(answer)["Message"]) == (429, "Rate Exceeded.")

    run(body, echo)


def test_an_address_of_s3_is_no_key_to_functions(run):
    """Version 2 signs no host: what was presigned for an object of that name would open the URL as well."""

    async def body(doors):
        request = AWSRequest("GET", f"http://127.0.0.1:{doors.port}/photos/k")
        HmacV1QueryAuth(Credentials("AKIDEV", SECRET), expires=60).add_auth(request)
        query = urlsplit(request.url).query
        status, _, answer = await doors.request(
            "GET", f"/photos/k?{query}", headers={"Host": "abc.localhost"}
        )
        assert (status, json.loads(answer)) == (403, {"Message": "Forbidden"})
        assert not doors.world.boxes

    run(body, echo, auth="AWS_IAM")


def test_a_query_like_one_of_s3_reaches_a_function(run):
    async def body(doors):
        status, _, answer = await doors.request("GET", "/url/abc/x?AWSAccessKeyId=a&Signature=b&Expires=1")
        assert (status, json.loads(answer)["rawPath"]) == (200, "/x")

    run(body, echo)


def test_signed_urls(run):
    async def body(doors):
        status, _, answer = await doors.signed("POST", "/url/abc/x", b"{}")
        assert status == 200
        assert json.loads(answer)["requestContext"]["authorizer"]["iam"]["accessKey"] == "AKIDEV"
        for refused in (
            await doors.request("POST", "/url/abc/x", b"{}"),
            await doors.signed("POST", "/url/abc/x", b"{}", secret="other"),
            await doors.signed("POST", "/url/abc/x", b"{}", key="AKIVIEW"),
            await doors.signed("POST", "/url/abc/x", b"{}", key="AKIOTHER"),
        ):
            assert (refused[0], json.loads(refused[2])) == (403, {"Message": "Forbidden"})
        assert len(doors.world.boxes) == 1

    run(body, echo, auth="AWS_IAM")


@pytest.mark.parametrize(
    "statement",
    [
        statement_document("s", INVOKE, "*"),
        statement_document("s", INVOKE_URL, "*", FunctionUrlAuthType="AWS_IAM"),
        statement_document("s", INVOKE_URL, FAR),
    ],
)
def test_a_url_without_signatures_answers_only_if_its_policy_says_so(run, statement):
    async def body(doors):
        assert (await doors.request("GET", "/url/abc/"))[0] == 200
        doors.table.routes[("hello", "live")] = route_of(snapshot(), statement)
        doors.catalog.function_changed(FUNCTION)
        status, headers, answer = await doors.request("GET", "/url/abc/")
        assert (status, json.loads(answer)) == (403, {"Message": "Forbidden"})
        assert headers["x-amzn-errortype"] == "AccessDeniedException"

    run(body, echo)


def test_a_signed_url_of_another_account_answers_whom_its_policy_names(run):
    async def body(doors):
        far = statement_document("s", INVOKE_URL, FAR, FunctionUrlAuthType="AWS_IAM")
        assert (await doors.signed("GET", "/url/abc/", key="AKIFAR"))[0] == 403
        doors.table.routes[("hello", "live")] = route_of(snapshot(), far)
        doors.catalog.function_changed(FUNCTION)
        assert (await doors.signed("GET", "/url/abc/", key="AKIFAR"))[0] == 200
        assert (await doors.signed("GET", "/url/abc/", key="AKIVIEW"))[0] == 403
        assert (await doors.request("GET", "/url/abc/"))[0] == 403

    run(body, echo, auth="AWS_IAM")


def test_cors_is_answered_for_the_function(run):
    async def body(doors):
        origin = {"Origin": "https://a.example"}
        asks = {**origin, "Access-Control-Request-Method": "POST"}
        status, headers, _ = await doors.request("OPTIONS", "/url/abc/", headers=asks)
        assert (status, headers["access-control-allow-origin"]) == (204, "https://a.example")
        assert doors.world.boxes == []
        _, headers, _ = await doors.request("GET", "/url/abc/", headers=origin)
        assert headers["access-control-allow-origin"] == "https://a.example"
        _, headers, _ = await doors.request("GET", "/url/abc/", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in headers

    own = {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "https://evil.example"}}
    run(body, says(own), cors={"AllowOrigins": ["https://a.example"], "AllowMethods": ["*"]})


def test_without_rules_preflights_go_to_the_function(run):
    async def body(doors):
        asks = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
        status, headers, _ = await doors.request("OPTIONS", "/url/abc/", headers=asks)
        assert (status, headers["access-control-allow-origin"]) == (200, "*")

    run(body, says({"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}}))


async def streamed(doors, *steps):
    """Call the URL and let the sandbox do the steps."""
    request = asyncio.create_task(doors.request("GET", "/url/abc/"))
    await until(lambda: doors.world.boxes and doors.world.boxes[0].calls)
    for step in steps:
        step(doors.world.boxes[0])
    return await request


def test_a_streamed_answer(run):
    async def body(doors):
        prelude = {
            "statusCode": 203,
            "headers": {"content-type": "text/x"},
            "cookies": ["functory_csrf=1", "a=1"],
        }
        status, headers, answer = await streamed(
            doors,
            lambda box: box.chunk("H", json.dumps(prelude).encode()),
            lambda box: box.chunk("C", b"one"),
            lambda box: box.chunk("C", b"two"),
            lambda box: box.finish(ended(response=b"")),
        )
        assert (status, headers["content-type"], headers["set-cookie"]) == (203, "text/x", "a=1")
        assert headers["content-security-policy"] == SANDBOXED
        assert answer == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"

    run(body, invoke_mode="RESPONSE_STREAM")


def test_a_stream_without_a_prelude_and_one_that_fails(run):
    async def body(doors):
        status, headers, answer = await streamed(
            doors,
            lambda box: box.chunk("C", b"one"),
            lambda box: box.finish(ended(Outcome.FUNCTION_ERROR, b"")),
        )
        assert (status, headers["content-type"]) == (200, "application/octet-stream")
        assert answer == b"3\r\none\r\n"  # no last chunk: the client sees that it is not whole

    run(body, invoke_mode="RESPONSE_STREAM")


def test_a_streaming_url_with_a_plain_handler_and_with_a_broken_prelude(run):
    async def body(doors):
        plain = await streamed(doors, lambda box: box.finish(ended(response=b'{"statusCode": 201}')))
        assert plain[0] == 201
        doors.world.boxes.clear()
        broken = asyncio.create_task(doors.request("GET", "/url/abc/"))
        box = doors.world.fleet.lanes.placements()[0].sandbox
        await until(lambda: len(box.calls) == 2)
        box.chunk("H", b"[]")
        box.chunk("C", b"ignored")
        box.finish(ended(response=b""))
        status, _, answer = await broken
        assert (status, b"ignored" in answer) == (502, False)

    run(body, invoke_mode="RESPONSE_STREAM")
