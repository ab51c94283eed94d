"""Invoke over HTTP: signed by botocore, answered as Lambda does, each refusal beside its success."""

import base64
import json
import random

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth

from functions.errors import ServiceUnavailable
from functions.lineage import extended
from functions.policies import INVOKE, read_statement, statement_document
from functions.snapshots import Route
from functions.states import Outcome
from tests.runner.gateway.boxes import ACCOUNT, FUNCTION, ended, snapshot
from tests.runner.gateway.doors import FAR, Doors, error, principal, serve


@pytest.fixture
def run(tmp_path):
    def runner(body, **world):
        serve(lambda: Doors(tmp_path, **{"answer": echo, **world}), body)

    return runner


def echo(call):
    return ended(response=call.payload, log=b"a line\n")


def test_a_call(run):
    async def body(doors):
        status, headers, answer = await doors.invoke(b'{"n": 1}')
        assert (status, answer) == (200, b'{"n": 1}')
        assert headers["x-amz-executed-version"] == "$LATEST"
        assert headers["x-amzn-requestid"] == doors.world.boxes[0].calls[0].request_id
        assert "x-amz-function-error" not in headers
        assert "x-amz-log-result" not in headers
        assert headers["x-amzn-trace-id"].startswith("Root=1-")

    run(body)


def test_log_tail_trace_and_client_context(run):
    async def body(doors):
        context = base64.b64encode(b'{"custom": {"a": "b"}}').decode()
        headers = {"X-Amz-Log-Type": "Tail", "X-Amz-Client-Context": context, "X-Amzn-Trace-Id": "Root=1-2-3"}
        _, answer, _ = await doors.invoke(headers=headers)
        tail = base64.b64decode(answer["x-amz-log-result"]).decode()
        assert "a line\n" in tail
        assert tail.startswith("START RequestId: ")
        call = doors.world.boxes[0].calls[0]
        assert (call.client_context, call.trace_id) == ('{"custom": {"a": "b"}}', "Root=1-2-3")
        assert answer["x-amzn-trace-id"] == "Root=1-2-3"

    run(body)


def test_a_function_error(run):
    async def body(doors):
        status, headers, answer = await doors.invoke()
        assert (status, headers["x-amz-function-error"]) == (200, "Unhandled")
        assert json.loads(answer)["errorType"] == "ValueError"

    run(body, answer=lambda call: ended(Outcome.FUNCTION_ERROR, b"", error_type="ValueError"))


def test_names_arns_and_qualifiers(run):
    async def body(doors):
        live = Route("live", "live", ((snapshot(version="7"), 1.0),))
        doors.table.routes[("hello", "live")] = live
        arn = "arn:aws:lambda:us-east-1:000000000000:function:hello"
        for name, query in [
            ("hello:live", ""),
            ("hello", "?Qualifier=live"),
            (arn.replace(":", "%3A") + "%3Alive", ""),
            ("000000000000%3Ahello%3Alive", ""),
            ("hello:live", "?Qualifier=live"),
        ]:
            status, headers, _ = await doors.invoke(name=name, query=query)
            assert (status, headers["x-amz-executed-version"]) == (200, "7"), name
        for name, query, refusal in [
            ("hello:live", "?Qualifier=other", "InvalidParameterValueException"),
            ("he%20llo", "", "InvalidParameterValueException"),
            ("hello", "?Qualifier=%20", "InvalidParameterValueException"),
            ("other", "", "ResourceNotFoundException"),
            ("hello:9", "", "ResourceNotFoundException"),
            (arn.replace("000000000000", "111111111111").replace(":", "%3A"), "", "AccessDeniedException"),
            (arn.replace("us-east-1", "eu-west-1").replace(":", "%3A"), "", "AccessDeniedException"),
        ]:
            assert error(await doors.invoke(name=name, query=query))[1] == refusal, name

    run(body)


def test_alias_weights_are_kept(run):
    async def body(doors):
        random.seed(7)
        split = ((snapshot("r1", "1"), 0.75), (snapshot("r2", "2"), 0.25))
        doors.table.routes[("hello", "live")] = Route("live", "live", split)
        versions = [
            (await doors.invoke(query="?Qualifier=live"))[1]["x-amz-executed-version"] for _ in range(60)
        ]
        assert 5 <= versions.count("2") <= 28

    run(body)


def test_dry_run_runs_nothing(run):
    async def body(doors):
        dry = {"X-Amz-Invocation-Type": "DryRun"}
        status, _, answer = await doors.invoke(headers=dry)
        assert (status, answer) == (204, b"")
        assert doors.world.boxes == []
        assert error(await doors.invoke(headers=dry, key="AKIVIEW"))[1] == "AccessDeniedException"

    run(body)


def test_events_are_stored_before_they_are_accepted(run):
    async def body(doors):
        event = {"X-Amz-Invocation-Type": "Event"}
        status, headers, answer = await doors.invoke(b'{"e": 1}', headers=event)
        assert (status, answer) == (202, b"")
        stored = doors.events.accepted[0]
        assert (stored.payload, stored.event_id) == ('{"e": 1}', headers["x-amzn-requestid"])
        assert doors.world.boxes == []
        large = b'"' + b"x" * (1024 * 1024) + b'"'
        assert error(await doors.invoke(large, headers=event))[:2] == (413, "RequestTooLargeException")
        assert (await doors.invoke(large))[0] == 200
        doors.events.refusal = ServiceUnavailable("Redis does not answer.")
        assert error(await doors.invoke(headers=event))[0] == 503

    run(body)


@pytest.mark.parametrize(
    ("payload", "good"),
    [
        (b"", True),
        (b"null", True),
        ('"ä"'.encode(), True),
        (b"{", False),
        (b"{}x", False),
        (b'"\xff"', False),
        (b"NaN", False),
    ],
)
def test_payloads_must_be_json(run, payload, good):
    async def body(doors):
        answer = await doors.invoke(payload)
        if good:
            assert (answer[0], answer[2]) == (200, payload or b"{}")
        else:
            status, kind, message = error(answer)
            assert (status, kind) == (400, "InvalidRequestContentException")
            assert message.startswith("Could not parse request body into json")

    run(body)


def test_six_megabytes_and_no_more(run):
    async def body(doors):
        full = b'"' + b"x" * (6 * 1024 * 1024 - 2) + b'"'
        assert (await doors.invoke(full))[0] == 200
        for excess in (1, 200_000):
            refused = error(await doors.invoke(full + b" " * excess))
            assert refused[:2] == (413, "RequestTooLargeException")
            assert "6291456 bytes" in refused[2]

    run(body)


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"X-Amz-Invocation-Type": "Later"}, "InvalidRequestContentException"),
        ({"X-Amz-Client-Context": "%%%"}, "InvalidRequestContentException"),
        ({"X-Amz-Client-Context": base64.b64encode(b"{").decode()}, "InvalidRequestContentException"),
    ],
)
def test_bad_headers_are_refused(run, headers, kind):
    async def body(doors):
        assert error(await doors.invoke(headers=headers))[1] == kind

    run(body)


class Unsigned(SigV4Auth):
    """Leaves the payload out of the signature."""

    def add_auth(self, request):
        request.headers["X-Amz-Content-SHA256"] = "UNSIGNED-PAYLOAD"
        super().add_auth(request)


def test_signatures(run):
    async def body(doors):
        assert (await doors.invoke(sign=SigV4Auth))[0] == 200
        assert (await doors.invoke(sign=Unsigned))[0] == 200
        assert error(await doors.invoke(secret="other"))[:2] == (403, "InvalidSignatureException")
        assert error(await doors.invoke(key="AKINONE"))[:2] == (403, "UnrecognizedClientException")
        assert error(await doors.invoke(key="AKIOLD"))[:2] == (403, "UnrecognizedClientException")
        assert error(await doors.invoke(key="AKIVIEW"))[:2] == (403, "AccessDeniedException")
        assert error(await doors.invoke(key="AKIOTHER"))[:2] == (403, "AccessDeniedException")
        path = "/2015-03-31/functions/hello/invocations"
        unsigned = await doors.request("POST", path, b"{}")
        assert error(unsigned)[:2] == (403, "MissingAuthenticationTokenException")
        nonsense = await doors.request("POST", path, b"{}", {"Authorization": "Basic abc"})
        assert error(nonsense)[:2] == (403, "IncompleteSignatureException")

    run(body)


def allowing(*statements, version="7"):
    return Route("", "", ((snapshot(version=version), 1.0),), tuple(map(read_statement, statements)))


def test_another_account_invokes_what_a_policy_lets_it(run):
    async def body(doors):
        arn = "arn:aws:lambda:us-east-1:000000000000:function:hello".replace(":", "%3A")
        refusal = error(await doors.invoke(name=arn, key="AKIFAR"))
        assert refusal[:2] == (403, "AccessDeniedException")
        assert "because no resource-based policy allows the lambda:InvokeFunction action" in refusal[2]
        assert error(await doors.invoke(name=f"{arn}x", key="AKIFAR"))[1] == "AccessDeniedException"
        doors.table.routes[("hello", "")] = allowing(statement_document("s", INVOKE, FAR))
        doors.catalog.function_changed(FUNCTION)
        assert (await doors.invoke(name=arn, key="AKIFAR"))[0] == 200
        assert (await doors.invoke(name="000000000000%3Ahello", key="AKIFAR"))[0] == 200
        assert error(await doors.invoke(name="000000000000%3Ahello", key="AKIOTHER"))[0] == 403
        event = {"X-Amz-Invocation-Type": "Event"}
        assert (await doors.invoke(name=arn, key="AKIFAR", headers=event))[0] == 202
        assert doors.events.accepted[0].project_id == "p"

    run(body)


def test_a_viewer_invokes_what_a_policy_lets_them_by_name(run):
    async def body(doors):
        ada = principal().arn
        for stated, status in [(ada, 200), ("*", 200), (ACCOUNT, 403), ("s3.amazonaws.com", 403)]:
            doors.table.routes[("hello", "")] = allowing(statement_document("s", INVOKE, stated))
            doors.catalog.function_changed(FUNCTION)
            assert (await doors.invoke(key="AKIVIEW"))[0] == status, stated

    run(body)


@pytest.mark.parametrize("event", [{}, {"X-Amz-Invocation-Type": "Event"}])
def test_a_chain_of_functions_ends_unless_the_function_allows_it(run, event):
    async def body(doors):
        trace, calls = "Root=1-2-3", 0
        for _ in range(16):
            trace, calls = extended(trace, FUNCTION)
        looped = {**event, "X-Amzn-Trace-Id": trace}
        assert calls == 16
        refusal = error(await doors.invoke(key="AKIROLE", headers=looped))
        assert refusal[:2] == (400, "RecursiveInvocationException")
        assert (await doors.invoke(key="AKIROLE", headers=event))[0] < 300
        assert (await doors.invoke(headers=looped))[0] < 300
        may = snapshot(version="7", may_recur=True)
        doors.table.routes[("hello", "")] = Route("", "", ((may, 1.0),))
        doors.catalog.function_changed(FUNCTION)
        assert (await doors.invoke(key="AKIROLE", headers=looped))[0] < 300

    run(body)


def test_the_use_of_a_key_is_noted_and_misuse_is_not(run):
    async def body(doors):
        await doors.invoke(secret="other")
        assert doors.authorizer.uses() == {}
        await doors.invoke()
        uses = doors.authorizer.uses()
        assert list(uses) == ["AKIDEV"]
        assert doors.authorizer.uses() == {}
        await doors.catalog.note_uses(uses)
        assert doors.table.uses == uses

    run(body)


def test_a_body_that_was_changed_is_refused(run):
    async def body(doors):
        class Changed(SigV4Auth):
            def add_auth(self, request):
                request.data, kept = b'{"other": 1}', request.data
                super().add_auth(request)
                request.data = kept

        assert error(await doors.invoke(sign=Changed))[1] == "InvalidSignatureException"
        large = b'"' + b"x" * 600_000 + b'"'
        assert (await doors.invoke(large))[0] == 200
        assert error(await doors.invoke(large, sign=Changed))[1] == "InvalidSignatureException"

    run(body)


def test_throttling_says_why(run):
    async def body(doors):
        limited = snapshot(version="$LATEST", reserved_concurrency=0)
        doors.table.routes[("hello", "")] = Route("", "", ((limited, 1.0),))
        answer = await doors.invoke()
        assert error(answer)[:2] == (429, "TooManyRequestsException")
        assert json.loads(answer[2])["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"

    run(body)


def test_the_order_of_routes(run):
    async def body(doors):
        async def part(method, path, **headers):
            status, found, answer = await doors.request(method, path, headers=headers)
            return found.get("x-part") or error((status, found, answer))[1]

        signed = {"Authorization": "AWS4-HMAC-SHA256 x"}
        assert await part("GET", "/2015-03-31/functions/hello", Host="abc.localhost:9000") == "url"
        assert await part("GET", "/", Host="abc.fn.example.org") == "url"
        assert await part("GET", "/", Host="abc.lambda-url.eu-west-1.on.aws") == "url"
        assert await part("GET", "/", Host="abc.execute-api.eu-west-1.on.aws") == "UnknownOperationException"
        assert await part("GET", "/", Host="lambda-url.eu-west-1.on.aws") == "UnknownOperationException"
        assert await part("GET", "/", Host="a.b.localhost") == "UnknownOperationException"
        assert await part("GET", "/2015-03-31/functions/", **signed) == "relay"
        assert await part("GET", "/2015-03-31/functions/") == "MissingAuthenticationTokenException"
        assert await part("GET", "/2015-03-31/functions/hello/invocations", **signed) == "relay"
        streaming = "/2021-11-15/functions/hello/response-streaming-invocations"
        assert await part("POST", streaming, **signed) == "stream"
        assert await part("GET", "/url/abc/x") == "url"
        assert await part("GET", "/_functory/health") == "own"
        for path in ("/", "/x", "*", "/2015-03-31x/", "/_functoryx"):
            assert await part("GET", path) == "UnknownOperationException"
        _, _, arguments = await doors.request("GET", "/url/abc/x/y?q=1")
        assert arguments == b"('abc', '/x/y', False)"
        _, _, arguments = await doors.request("GET", "/url/abc")
        assert arguments == b"('abc', '/', False)"

    run(body)


def test_only_signed_control_calls_may_be_large(run):
    async def body(doors):
        signed = {"Authorization": "AWS4-HMAC-SHA256 x"}
        large = b"x" * 7_000_000
        assert (await doors.request("POST", "/2015-03-31/functions", large, signed))[0] == 299
        assert (await doors.request("POST", "/2015-03-31/functions", large))[0] == 413
        assert (await doors.request("POST", "/url/abc/", large))[0] == 413

    run(body)


def test_a_presigned_address(run):
    async def body(doors):
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        url = f"http://127.0.0.1:{doors.port}/2015-03-31/functions/hello/invocations"
        request = AWSRequest("POST", url, headers={"host": f"127.0.0.1:{doors.port}"})
        SigV4QueryAuth(Credentials("AKIDEV", "s" * 40), "lambda", "us-east-1").add_auth(request)
        target = request.url.partition(str(doors.port))[2]
        status, _, answer = await doors.request("POST", target)
        assert (status, answer) == (200, b"{}")
        forged = target.replace("hello", "other")
        assert error(await doors.request("POST", forged))[1] == "InvalidSignatureException"

    run(body)
