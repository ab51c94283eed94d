"""AWS's contract for Node.js handlers, in a real sandbox."""

import json
import os

import pytest

from functions.states import Outcome

pytestmark = pytest.mark.docker

SOURCE = """
import fs from "node:fs"; import { execSync } from "node:child_process";
export const context = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis() });
export const callback = (event, context, callback) => setTimeout(() => callback(null, "later"), 20);
export const failing = (event, context, callback) => callback(new TypeError("boom"));
export const waiting = (event, context, callback) => { setTimeout(() => console.log("done"), 60); callback(null, 1); };
export const hasty = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = false; setTimeout(() => {}, 30000); callback(null, 2);
};
export const silent = (event, context, callback) => {};
export const plain = (event) => "ignored";
export const succeed = (event, context) => context.succeed("old");
export const rejected = async () => { Promise.reject(new Error("late")); await new Promise((r) => setTimeout(r, 5000)); };
export const thrown = () => { setTimeout(() => { throw new Error("outside"); }, 5); return new Promise(() => {}); };
export const string = async () => { throw "text"; };
export const circular = async () => { const a = {}; a.a = a; return a; };
export const log = async () => { console.log("one\\ntwo", { a: 1 }); console.error("bad"); };
export const streamed = awslambda.streamifyResponse(async (event, stream, context) => {
  stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 });
  stream.write("a"); stream.write("b"); stream.end();
});
export const nothing = async () => { throw Object.create(null); };
export const inherited = async () => {
  execSync("echo child", { stdio: "inherit" });
  process.stdout.write("own\\n"); console.table([{ a: 1 }]);
  return fs.readFileSync("/proc/self/fdinfo/1", "utf8").match(/flags:\\s+(\\d+)/)[1];
};
export const nested = { deep: async () => "deep" };
"""


@pytest.fixture(scope="module")
def bind(bench):
    def bind(handler, files=None, runtime="nodejs22.x", **more):
        return bench.bind(runtime, files or {"index.mjs": SOURCE}, handler, **more)

    return bind


def answer(bench, sandbox, event=None, **more):
    ended = bench.call(sandbox, event, **more)
    assert ended.outcome is Outcome.SUCCESS, ended
    return json.loads(ended.response)


def test_each_call_has_its_own_output_however_it_was_written(bench, bind):
    source = """
    import fs from "node:fs"; import { execSync } from "node:child_process";
    export const handler = async (event) => {
      if (event === "raw") fs.writeSync(1, "raw");
      if (event === "child") execSync("echo child", { stdio: "inherit" });
      if (event === "stream") process.stderr.write("stream");
    };
    """
    sandbox, _ = bind("index.handler", {"index.mjs": source})
    said = {"raw": b"raw", "child": b"child\n", "stream": b"stream", "": b""}
    for event in ("", "raw", "", "child", "stream", "", "", "child", "raw", "stream", ""):
        assert bench.call(sandbox, event).log == said[event]


def test_the_context_is_whole(bench, bind):
    sandbox, _ = bind("index.context")
    found = answer(bench, sandbox, client_context='{"custom": 1}')
    assert 0 < found.pop("left") <= 20_000
    assert len(found.pop("awsRequestId")) == 36
    assert found == {
        "callbackWaitsForEmptyEventLoop": True,
        "functionName": "hello",
        "functionVersion": "3",
        "memoryLimitInMB": "256",
        "logGroupName": "/aws/lambda/hello",
        "logStreamName": "2026/01/31/[3]0",
        "invokedFunctionArn": "arn:aws:lambda:us-east-1:000000000001:function:hello",
        "clientContext": {"custom": 1},
    }


@pytest.mark.parametrize(
    ("handler", "found"),
    [
        ("callback", "later"),
        ("waiting", 1),
        ("hasty", 2),
        ("silent", None),
        ("plain", None),
        ("succeed", "old"),
        ("nested.deep", "deep"),
    ],
)
def test_callbacks_answer_as_on_lambda(bench, bind, handler, found):
    sandbox, _ = bind(f"index.{handler}")
    for _ in range(2):
        assert answer(bench, sandbox) == found


def test_a_callback_waits_for_what_is_still_to_happen(bench, bind):
    sandbox, _ = bind("index.waiting")
    assert b"\tdone\n" in bench.call(sandbox, {}).log


@pytest.mark.parametrize(
    ("handler", "error_type", "message", "alive"),
    [
        ("failing", "TypeError", "boom", True),
        ("string", "string", "text", True),
        ("nothing", "object", "[object Object]", True),
        ("circular", "Runtime.MarshalError", "Unable to stringify response body", True),
        ("rejected", "Runtime.UnhandledPromiseRejection", "late", False),
        ("thrown", "Error", "outside", False),
    ],
)
def test_errors_have_lambdas_shape(bench, bind, handler, error_type, message, alive):
    sandbox, _ = bind(f"index.{handler}")
    ended = bench.call(sandbox, {})
    assert (ended.outcome, ended.error_type) == (Outcome.FUNCTION_ERROR, error_type)
    assert ended.error_message.startswith(message)
    assert "trace" in json.loads(ended.response)
    assert sandbox.alive is alive


def test_the_console_has_lambdas_lines(bench, bind):
    sandbox, _ = bind("index.log")
    lines = bench.call(sandbox, {}).log.decode().split("\n")
    assert lines[0].count("\t") == 3
    assert lines[0].endswith("\tINFO\tone\rtwo { a: 1 }")
    assert lines[1].endswith("\tERROR\tbad")


@pytest.mark.parametrize("runtime", ["nodejs22.x", "nodejs24.x"])
def test_children_share_an_output_that_blocks(bench, bind, runtime):
    """One that does not loses what a child writes faster than it is read."""
    sandbox, _ = bind("index.inherited", runtime=runtime)
    ended = bench.call(sandbox, {})
    assert ended.outcome is Outcome.SUCCESS, ended
    assert not int(json.loads(ended.response), 8) & os.O_NONBLOCK
    assert ended.log.startswith(b"child\nown\n")


def test_modules_are_found_where_the_function_says(bench, bind):
    files = {
        "index.js": "exports.handler = async () => require('own')",
        "lib/own.js": "module.exports = 'found'",
    }
    sandbox, _ = bind("index.handler", files, environment={"NODE_PATH": "/var/task/lib"})
    assert answer(bench, sandbox) == "found"


def test_a_streamed_answer_is_collected_for_a_caller_who_wants_it_whole(bench, bind):
    sandbox, _ = bind("index.streamed")
    assert bench.call(sandbox, {}).response == b"ab"


@pytest.mark.parametrize("runtime", ["nodejs22.x", "nodejs24.x"])
@pytest.mark.parametrize(
    "files",
    [
        {"index.js": "exports.handler = async () => 'ok'"},
        {"index.cjs": "module.exports = { handler: async () => 'ok' }"},
        {"index.js": "export const handler = async () => 'ok'", "package.json": '{"type": "module"}'},
        {"index.mjs": "const x = await Promise.resolve('ok'); export const handler = async () => x"},
        {"index.js": "exports.handler = require('./lib/x').f", "lib/x.js": "exports.f = async () => 'ok'"},
    ],
)
def test_every_kind_of_module_is_loaded(bench, bind, runtime, files):
    sandbox, bound = bind("index.handler", files, runtime)
    assert bound.outcome is Outcome.SUCCESS, bound
    assert answer(bench, sandbox) == "ok"


@pytest.mark.parametrize(
    ("handler", "source", "error_type", "message"),
    [
        ("nothing.f", "", "Runtime.ImportModuleError", "Error: Cannot find module 'nothing'"),
        ("index.f", "import 'missing'", "Runtime.ImportModuleError", "Error: Cannot find package 'missing'"),
        ("index.f", "export const g = 1", "Runtime.HandlerNotFound", "index.f is undefined or not exported"),
        ("index.g", "export const g = 1", "Runtime.HandlerNotFound", "index.g is not a function"),
        ("index.f", "export const f = (", "Runtime.UserCodeSyntaxError", "SyntaxError: "),
        ("index", "", "Runtime.MalformedHandlerName", "Bad handler"),
        ("index.f", "throw new RangeError('r')", "RangeError", "r"),
    ],
)
def test_a_start_that_fails_says_why(bind, handler, source, error_type, message):
    _, bound = bind(handler, {"index.mjs": source})
    assert (bound.outcome, bound.error_type) == (Outcome.INIT_FAILURE, error_type)
    assert bound.error_message.startswith(message)


@pytest.mark.parametrize(
    "source",
    [
        {"index.js": "const lib = require('lib'); exports.handler = async () => lib.x"},
        {"index.mjs": "import lib from 'lib'; export const handler = async () => lib.x"},
    ],
)
def test_dependencies_are_found(bench, bind, source):
    installed = {
        "node_modules/lib/index.js": "exports.x = require('deep')",
        "node_modules/deep/index.js": "module.exports = 'dep'",
    }
    sandbox, _ = bind("index.handler", source, dependencies=installed)
    assert answer(bench, sandbox) == "dep"
