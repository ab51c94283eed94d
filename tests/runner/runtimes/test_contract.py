"""What every runtime owes a function, the same for all: events in, answers and errors out, output, limits."""

import json

import pytest

from functions.limits import SYNC_PAYLOAD
from functions.states import Outcome

pytestmark = pytest.mark.docker

PYTHON = """
import os, time
print("cold")
def handler(event, context):
    match event["do"]:
        case "echo": return {"got": event, "env": os.environ.get("OWN"), "where": os.getcwd()}
        case "fail": raise ValueError("boom")
        case "exit": os._exit(3)
        case "answer": return "x" * event["size"]
        case "shout": raise ValueError("y" * event["size"])
        case "size": return len(event["text"])
        case "trace": return os.environ.get("_X_AMZN_TRACE_ID")
        case "sleep": time.sleep(60)
        case "eat":
            kept = bytearray()
            while True: kept += b"x" * 1_000_000
        case "write": open("/tmp/f", "w").write("x"); return open("/tmp/f").read()
        case "spoil": open("/var/task/f", "w")
        case "print":
            print("one"); os.system("echo two"); print("three", end=""); return 1
"""
NODE = """
import fs from "node:fs";
import { execSync } from "node:child_process";
console.log("cold");
export const handler = async (event) => {
  switch (event.do) {
    case "echo": return { got: event, env: process.env.OWN, where: process.cwd() };
    case "fail": { const e = new Error("boom"); e.name = "ValueError"; throw e; }
    case "exit": process.exit(3);
    case "answer": return "x".repeat(event.size);
    case "shout": throw new Error("y".repeat(event.size));
    case "size": return event.text.length;
    case "trace": return process.env._X_AMZN_TRACE_ID ?? null;
    case "sleep": await new Promise((done) => setTimeout(done, 60000));
    case "eat": { const kept = []; while (true) kept.push(Buffer.alloc(1000000, 1)); }
    case "write": fs.writeFileSync("/tmp/f", "x"); return fs.readFileSync("/tmp/f", "utf8");
    case "spoil": fs.writeFileSync("/var/task/f", "x");
    case "print": console.log("one"); execSync("echo two", { stdio: "inherit" }); process.stdout.write("three"); return 1;
  }
};
"""
LANGUAGES = {
    "python3.13": ({"app.py": PYTHON}, "app.handler"),
    "nodejs22.x": ({"app.mjs": NODE}, "app.handler"),
    "nodejs24.x": ({"app.mjs": NODE}, "app.handler"),
}


@pytest.fixture(scope="module", params=LANGUAGES)
def make(request, bench):
    def make(**more):
        files, handler = LANGUAGES[request.param]
        sandbox, bound = bench.bind(request.param, files, handler, environment={"OWN": "mine"}, **more)
        assert bound.outcome is Outcome.SUCCESS, bound
        return sandbox

    return make


def test_an_event_goes_in_and_its_answer_comes_out(bench, make):
    sandbox = make()
    for number in range(3):
        event = {"do": "echo", "n": number, "text": "äöü €"}
        ended = bench.call(sandbox, event)
        assert ended.outcome is Outcome.SUCCESS
        assert json.loads(ended.response) == {"got": event, "env": "mine", "where": "/var/task"}
        assert ended.memory_used > 1_000_000


def test_an_error_is_told_and_the_next_call_works(bench, make):
    sandbox = make()
    ended = bench.call(sandbox, {"do": "fail"})
    assert (ended.outcome, ended.error_type, ended.error_message) == (
        Outcome.FUNCTION_ERROR,
        "ValueError",
        "boom",
    )
    assert any("app." in line for line in ended.stack)
    assert b"boom" in ended.log
    assert bench.call(sandbox, {"do": "echo"}).outcome is Outcome.SUCCESS


def test_the_largest_event_and_answer_pass_and_a_larger_answer_is_an_error(bench, make):
    sandbox = make(memory_mb=512)
    assert bench.call(sandbox, {"do": "size", "text": "x" * (SYNC_PAYLOAD - 50)}).response == b"%d" % (
        SYNC_PAYLOAD - 50
    )
    ended = bench.call(sandbox, {"do": "answer", "size": SYNC_PAYLOAD})
    assert (ended.outcome, len(ended.response)) == (Outcome.SUCCESS, SYNC_PAYLOAD + 2)
    for size in (SYNC_PAYLOAD + 99, 20_000_000):  # the second would not fit into a frame
        ended = bench.call(sandbox, {"do": "answer", "size": size})
        assert (ended.outcome, ended.error_type) == (
            Outcome.FUNCTION_ERROR,
            "Function.ResponseSizeTooLarge",
        )
    assert bench.call(sandbox, {"do": "echo"}).outcome is Outcome.SUCCESS


def test_an_error_that_says_too_much_is_cut(bench, make):
    sandbox = make(memory_mb=512)
    ended = bench.call(sandbox, {"do": "shout", "size": 20_000_000})
    assert ended.outcome is Outcome.FUNCTION_ERROR
    assert ended.error_message.startswith("yyy")
    assert len(ended.response) < SYNC_PAYLOAD


def test_a_trace_is_its_own_calls(bench, make):
    sandbox = make()
    assert bench.call(sandbox, {"do": "trace"}, trace_id="Root=1-2-3").response == b'"Root=1-2-3"'
    assert bench.call(sandbox, {"do": "trace"}).response == b"null"


def test_output_of_the_start_and_of_children_is_the_first_calls(bench, make):
    sandbox = make()
    log = bench.call(sandbox, {"do": "print"}).log.decode()
    assert log.index("cold") < log.index("one") < log.index("two\n") < log.index("three")
    assert b"one" not in bench.call(sandbox, {"do": "echo"}).log


def test_an_exit_is_a_crash(bench, make):
    ended = bench.call(make(), {"do": "exit"})
    assert (ended.outcome, ended.error_type) == (Outcome.CRASH, "Runtime.ExitError")
    assert ended.error_message.endswith(" Error: Runtime exited with error: exit status 3")


def test_a_call_past_its_time_is_ended(bench, make):
    sandbox = make()
    assert bench.call(sandbox, {"do": "sleep"}, timeout_s=0.3).outcome is Outcome.TIMEOUT
    assert not sandbox.alive


def test_memory_past_the_limit_is_told_as_such(bench, make):
    ended = bench.call(make(memory_mb=128), {"do": "eat"})
    assert (ended.outcome, ended.error_type) == (Outcome.OUT_OF_MEMORY, "Runtime.OutOfMemory")


def test_tmp_is_writable_and_the_code_is_not(bench, make):
    sandbox = make()
    assert bench.call(sandbox, {"do": "write"}).response == b'"x"'
    assert "ead-only" in bench.call(sandbox, {"do": "spoil"}).error_message
