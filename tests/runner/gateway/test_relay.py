"""Control-plane calls passed on to a web server on a unix socket, which is a plain HTTP server here."""

import asyncio
import gzip
import json
import socketserver
import tempfile
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from botocore.auth import S3SigV4Auth

from functions.object_files import ObjectFiles, slices_of
from functions.tokens import read_principal
from runner.gateway.relay import Relay
from runner.gateway.wire import Limits
from tests.runner.gateway.doors import Doors, error

KEY = b"k" * 32


class Web(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        return

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append((self.command, self.path, headers, body))
        reply = b'{"FunctionName": "hello"}'
        squeezed = self.path.endswith("/squeezed")
        reads = self.path.startswith("/s3/photos/read")
        reply = json.dumps(self.server.slices.pop(0)).encode() if reads else reply
        reply = gzip.compress(reply) if squeezed else reply
        self.send_response(201)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "1234" if self.command == "HEAD" else str(len(reply)))
        self.send_header("x-amzn-requestid", "r-1")
        if reads:
            self.send_header("x-functory-files", "1")
        if self.server.empty:  # nothing yet, and the caller wants to wait
            self.server.empty -= 1
            self.send_header("x-functory-wait", "20")
        if squeezed:
            self.send_header("content-encoding", "gzip")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply)

    do_GET = do_POST = do_PUT = do_HEAD = answer  # noqa: N815 - names of http.server


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@pytest.fixture
def run(tmp_path):
    def runner(body, up=True, limits=None):
        async def main():
            with tempfile.TemporaryDirectory() as short:
                path = Path(short, "web.sock")
                server = Server(str(path), Web) if up else None
                if server:
                    server.seen, server.empty = [], 0
                    threading.Thread(target=server.serve_forever, daemon=True).start()
                doors = Doors(tmp_path)
                doors.limits = limits
                relay = Relay(doors.authorizer, path, KEY, ObjectFiles(tmp_path / "objects"))
                doors.parts["relay"] = relay.handle
                await doors.open()
                try:
                    await asyncio.wait_for(body(doors, server), 30)
                finally:
                    await doors.close()
                    await relay.close()
                    if server:
                        server.shutdown()
                        server.server_close()

        asyncio.run(main())

    return runner


def test_a_signed_call_reaches_web_with_its_caller_vouched_for(run):
    async def body(doors, server):
        target = "/2015-03-31/functions/he%20llo?Qualifier=a%2Fb"
        forged = {"X-Functory-Principal": "forged", "X-Functory-Path": "/forged", "X-Custom": "1"}
        status, headers, answer = await doors.signed("PUT", target, b'{"a":1}', forged)
        assert (status, answer) == (201, b'{"FunctionName": "hello"}')
        assert headers["x-amzn-requestid"] == "r-1"
        method, path, sent, received = server.seen[0]
        assert (method, path, received) == ("PUT", target, b'{"a":1}')
        assert sent["x-custom"] == "1"
        assert sent["x-functory-path"] == "/2015-03-31/functions/he%20llo"
        assert read_principal(KEY, sent["x-functory-principal"]).name == "ada"

    run(body)


def test_the_answer_is_passed_on_as_it_is(run):
    async def body(doors, server):
        _, headers, answer = await doors.signed("GET", "/2015-03-31/functions/squeezed")
        assert headers["content-encoding"] == "gzip"
        assert json.loads(gzip.decompress(answer)) == {"FunctionName": "hello"}

    run(body)


def test_a_large_body_passes(run):
    async def body(doors, server):
        large = b"x" * (20 * 1024 * 1024)
        assert (await doors.signed("POST", "/2015-03-31/functions", large))[0] == 201
        assert server.seen[0][3] == large

    run(body)


def test_nobody_passes_without_a_good_signature(run):
    async def body(doors, server):
        target = "/2015-03-31/functions/hello"
        assert error(await doors.signed("GET", target, secret="other"))[1] == "InvalidSignatureException"
        assert error(await doors.signed("GET", target, key="AKINONE"))[1] == "UnrecognizedClientException"
        assert error(await doors.request("GET", target))[1] == "MissingAuthenticationTokenException"
        assert server.seen == []

    run(body)


QUEUE = {"x-amz-target": "AmazonSQS.ReceiveMessage", "content-type": "application/x-amz-json-1.0"}


@pytest.mark.parametrize("address", ["/", "/000000000001/orders"])
def test_who_waits_for_a_message_is_answered_once_there_is_one(run, address):
    async def body(doors, server):
        server.empty = 3
        status, headers, _ = await doors.signed("POST", address, b"{}", QUEUE)
        assert (status, len(server.seen)) == (201, 4)
        assert "x-functory-wait" not in headers

    run(body)


def test_nobody_waits_when_too_many_do(run, monkeypatch):
    monkeypatch.setattr("runner.gateway.relay.MOST_WAITING", 0)

    async def body(doors, server):
        server.empty = 3
        status, headers, _ = await doors.signed("POST", "/", b"{}", QUEUE)
        assert (status, len(server.seen)) == (201, 1)
        assert "x-functory-wait" not in headers

    run(body)


def test_web_being_down_is_said(run):
    async def body(doors, server):
        answer = await doors.signed("GET", "/2015-03-31/functions/hello")
        status, _, message = error(answer)
        assert status == 503
        assert "control plane is not running" in message

    run(body, up=False)


FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_lambdas_neighbours_are_asked_on_the_root(run):
    async def body(doors, server):
        form = b"Action=GetCallerIdentity&Version=2011-06-15"
        assert (await doors.signed("POST", "/", form, FORM))[0] == 201
        assert (await doors.signed("POST", "/", b"{}", {"x-amz-target": "Logs_20140328.X"}))[0] == 201
        assert (await doors.signed("GET", "/?Action=GetCallerIdentity&Version=2011-06-15"))[0] == 201
        assert [(method, path, sent) for method, path, _, sent in server.seen[:2]] == [
            ("POST", "/", form),
            ("POST", "/", b"{}"),
        ]
        large = b"x" * 1024 * 1024
        assert (await doors.signed("POST", "/", large, {"x-amz-target": "Logs_20140328.X"}))[0] == 201

    run(body)


def test_they_refuse_in_their_own_protocols(run):
    async def body(doors, server):
        status, headers, answer = await doors.request("POST", "/", b"Action=X", FORM)
        assert (status, headers["content-type"]) == (403, "text/xml")
        assert b"<Code>MissingAuthenticationToken</Code>" in answer
        status, _, answer = await doors.signed("POST", "/", b"Action=X", FORM, secret="other")
        assert (status, b"<Code>SignatureDoesNotMatch</Code>" in answer) == (403, True)
        target = {"x-amz-target": "Logs_20140328.X"}
        status, _, answer = await doors.signed("POST", "/", b"{}", target, key="AKINONE")
        assert (status, json.loads(answer)["__type"]) == (400, "UnrecognizedClientException")
        assert (await doors.request("GET", "/"))[0] == 404
        assert (await doors.signed("POST", "/", b"x"))[0] == 404
        assert server.seen == []

    run(body)


def s3(doors, method, target, body=b"", **more):
    return doors.signed(
        method, target, body, sign=lambda key, _, region: S3SigV4Auth(key, "s3", region), **more
    )


def test_what_is_signed_for_s3_goes_to_its_door(run):
    async def body(doors, server):
        status, headers, answer = await s3(doors, "PUT", "/photos/a%20b?x=1", b"bytes")
        assert (status, answer, headers["content-length"]) == (201, b'{"FunctionName": "hello"}', "25")
        _, path, sent, received = server.seen[0]
        assert (path, received) == ("/s3/photos/a%20b?x=1", b"bytes")
        assert sent["x-functory-path"] == "/photos/a%20b"
        head = await s3(doors, "HEAD", "/photos/k")
        assert (head[1]["content-length"], head[2]) == ("1234", b"")
        await doors.signed("GET", "/2015-03-31/functions/hello")
        assert server.seen[-1][1] == "/2015-03-31/functions/hello"
        status, headers, answer = await s3(doors, "GET", "/photos/k", secret="other")
        assert (status, headers["content-type"]) == (403, "application/xml")
        assert b"<Code>SignatureDoesNotMatch</Code>" in answer

    run(body)


def test_an_object_is_sent_from_its_files(run, tmp_path):
    files = ObjectFiles(tmp_path / "objects")
    written = [files.write([letter * 3_000_000]) for letter in (b"a", b"b")]
    pieces = [(one.name, one.size) for one in written]

    async def body(doors, server):
        whole, gone = slices_of(pieces, 0, 6_000_000), [["0" * 32, 0, 4]]
        server.slices = [whole, slices_of(pieces, 2_999_999, 2), gone, whole, gone, gone]
        status, headers, answer = await s3(doors, "GET", "/photos/read")
        assert (status, headers["content-length"]) == (201, "6000000")
        assert answer == b"a" * 3_000_000 + b"b" * 3_000_000
        assert "x-functory-files" not in headers
        assert (await s3(doors, "GET", "/photos/read"))[2] == b"ab"
        assert (
            len((await s3(doors, "GET", "/photos/read"))[2]) == 6_000_000
        )  # replaced since, and asked again
        assert (await s3(doors, "GET", "/photos/read"))[0] == 404
        files.remove([pieces[1][0]])
        server.slices = [whole]
        cut = await s3(doors, "GET", "/photos/read")
        assert (cut[1]["content-length"], len(cut[2])) == ("6000000", 3_000_000)

    run(body)


@pytest.mark.parametrize("size", [4000, 3 * 1024 * 1024 + 1])
def test_what_is_too_large_to_be_held_is_passed_on_from_its_file(run, tmp_path, size):
    limits, content = Limits(spool_folder=tmp_path / "spool"), bytes(range(256)) * (size // 256) + b"!"

    async def body(doors, server):
        assert (await s3(doors, "PUT", "/photos/k", content))[0] == 201
        assert (await doors.signed("POST", "/2015-03-31/functions", content))[0] == 201
        assert [(seen[2]["content-length"], seen[3] == content) for seen in server.seen] == [
            (str(len(content)), True),
            (str(len(content)), True),
        ]
        assert "transfer-encoding" not in server.seen[0][2]
        forged = await s3(doors, "PUT", "/photos/k", content, secret="other")
        assert forged[0] == 403
        assert len(server.seen) == 2

    run(body, limits=limits)


def test_too_much_at_once_is_refused_as_s3_does(run):
    async def body(doors, server):
        status, _, answer = await s3(doors, "PUT", "/photos/k", bytes(52 * 1024 * 1024))
        assert status == 400
        assert b"<Code>EntityTooLarge</Code>" in answer
        assert server.seen == []

    run(body)
