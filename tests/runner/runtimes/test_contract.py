"""What every runtime owes a function, the same for all and for container images: events in, answers and errors out,
output, limits. Python, Node.js, custom runtimes and an image with a program of its own are part of `make test`; all of
them, with AWS's runtime clients in images, of `make test-runtimes`, which makes what is missing."""

import json

import pytest

from functions.limits import SYNC_PAYLOAD
from functions.runtimes import RUNTIMES
from functions.states import Outcome
from runner.gateway.url_event import answer_of
from tests.support.programs import IMAGES, files_of, program_of

pytestmark = pytest.mark.docker

# Of each language that is made at every start the first of the table, which is the newest.
NEWEST = {row.language: row.identifier for row in reversed(RUNTIMES.values()) if row.eager}
QUICK = {*NEWEST.values(), "provided.al2023", "image"}
ALL = [
    pytest.param(identifier, marks=() if identifier in QUICK else pytest.mark.on_demand)
    for identifier in (*RUNTIMES, *IMAGES)
]


@pytest.fixture(scope="module", params=ALL)
def runtime(request, on_demand):
    on_demand(request.param)
    return request.param


@pytest.fixture
def program(request, runtime):
    """What the runtime's function is like; skips what does not apply to it."""
    found = program_of(runtime)
    if request.function.__name__ in found.lacks:
        pytest.skip(f"{runtime}: {found.lacks[request.function.__name__]}")
    return found


@pytest.fixture
def start(bench, runtime, program):
    """Binds the program to a fresh sandbox."""

    def start(environment=None, memory_mb=0):
        return bench.bind_built(
            runtime,
            files_of(runtime),
            program.handler,
            environment={"OWN": "mine", **(environment or {})},
            memory_mb=max(memory_mb, program.memory_mb),
        )

    return start


@pytest.fixture
def make(start):
    def make(**more):
        sandbox, bound = start(**more)
        assert bound.outcome is Outcome.SUCCESS, bound
        return sandbox

    return make


def answer(bench, sandbox, event, **more):
    ended = bench.call(sandbox, event, **more)
    assert ended.outcome is Outcome.SUCCESS, ended
    return json.loads(ended.response)


def test_an_event_goes_in_and_its_answer_comes_out(bench, make, program):
    sandbox = make()
    inner = {} if program.drops_nulls else {"a": None}
    for number in range(3):
        event = {"do": "echo", "n": number, "text": "äöü € 🙂", "deep": [inner, 1.5, True, '\\ " \n']}
        assert answer(bench, sandbox, event) == {"got": event, "env": "mine", "where": "/var/task"}


def test_memory_is_measured(bench, make):
    assert bench.call(make(), {"do": "echo"}).memory_used > 100_000


def test_the_context_is_whole(bench, make):
    found = answer(bench, make(), {"do": "context"})
    assert 0 < found.pop("left") <= 20_000
    assert len(found.pop("id")) == 36
    assert found == {
        "name": "hello",
        "version": "3",
        "memory": "256",
        "group": "/aws/lambda/hello",
        "stream": "2026/01/31/[3]0",
        "arn": "arn:aws:lambda:us-east-1:000000000001:function:hello",
    }


def test_an_error_is_told_and_the_next_call_works(bench, make, program):
    sandbox = make()
    ended = bench.call(sandbox, {"do": "fail"})
    assert (ended.outcome, ended.error_type, ended.error_message) == (
        Outcome.FUNCTION_ERROR,
        program.error,
        "boom",
    )
    assert b"boom" in ended.log or not program.logs_errors
    assert answer(bench, sandbox, {"do": "count"}) == 1


def test_an_error_has_its_stack(bench, make):
    assert any("app." in line.lower() for line in bench.call(make(), {"do": "fail"}).stack)


def test_a_start_that_fails_says_why(start, program):
    _, bound = start(environment={"BREAK": "1"})
    assert (bound.outcome, bound.error_type) == program.start_failure
    assert "broken at start" in bound.error_message + bound.log.decode()


def test_the_largest_event_and_answer_pass(bench, make):
    sandbox = make(memory_mb=512)
    text = "x" * (SYNC_PAYLOAD - 50)
    assert answer(bench, sandbox, {"do": "size", "text": text}) == len(text)
    asked = {"do": "answer", "text": "x", "size": SYNC_PAYLOAD, "bytes": SYNC_PAYLOAD}
    assert len(answer(bench, sandbox, asked)) == SYNC_PAYLOAD


def test_text_of_many_bytes_passes_both_ways(bench, make):
    sandbox = make(memory_mb=512)
    text = "ü€" * 200_000
    event = json.dumps({"do": "size", "text": text}, ensure_ascii=False).encode()
    assert answer(bench, sandbox, event) == len(text)
    asked = {"do": "answer", "text": "ü", "size": 300_000, "bytes": 600_000}
    event = json.dumps(asked, ensure_ascii=False).encode()
    assert answer(bench, sandbox, event) == "ü" * 300_000


def test_a_larger_answer_is_an_error(bench, make):
    sandbox = make(memory_mb=512)
    for size in (SYNC_PAYLOAD + 99, 20_000_000):  # the second would not fit into a frame
        ended = bench.call(sandbox, {"do": "answer", "text": "x", "size": size})
        assert (ended.outcome, ended.error_type) == (
            Outcome.FUNCTION_ERROR,
            "Function.ResponseSizeTooLarge",
        )
    assert answer(bench, sandbox, {"do": "count"}) == 1


def test_an_error_that_says_too_much_is_cut(bench, make):
    ended = bench.call(make(memory_mb=512), {"do": "shout", "size": 5_000_000})
    assert ended.outcome is Outcome.FUNCTION_ERROR
    assert ended.error_message.startswith("yyy")
    assert len(ended.response) < SYNC_PAYLOAD


def test_a_binary_answer_passes_a_function_url(bench, make):
    answered = answer_of(bench.call(make(), {"do": "binary"}).response)
    assert (answered.status, answered.body) == (200, bytes(range(256)))


def test_a_trace_is_its_own_calls(bench, make):
    sandbox = make()
    assert answer(bench, sandbox, {"do": "trace"}, trace_id="Root=1-2-3") == "Root=1-2-3"
    assert answer(bench, sandbox, {"do": "trace"}) is None


def test_output_of_the_start_and_of_children_is_the_first_calls(bench, make):
    sandbox = make()
    log = bench.call(sandbox, {"do": "show"}).log.decode()
    assert log.index("cold") < log.index("one") < log.index("two\n") < log.index("three")
    assert b"one" not in bench.call(sandbox, {"do": "echo"}).log


@pytest.mark.parametrize(
    ("how", "words"),
    [("exit", "exit status 3"), ("abort", "signal: aborted"), ("segfault", "signal: segmentation fault")],
)
def test_a_crash_is_told_and_what_was_said_before_is_kept(bench, make, program, how, words):
    if how in program.lacks:
        pytest.skip(program.lacks[how])
    ended = bench.call(make(), {"do": "leave", "how": how})
    assert (ended.outcome, ended.error_type) == (Outcome.CRASH, "Runtime.ExitError")
    assert ended.error_message.endswith(f" Error: Runtime exited with error: {words}")
    assert b"last words" in ended.log


def test_a_call_past_its_time_is_ended(bench, make):
    sandbox = make()
    assert bench.call(sandbox, {"do": "sleep"}, timeout_s=0.5).outcome is Outcome.TIMEOUT
    assert not sandbox.alive


def test_memory_past_the_limit_is_told_as_such(bench, make, program):
    ended = bench.call(make(), {"do": "eat"})
    assert (ended.outcome, ended.error_type) == program.out_of_memory


def test_tmp_is_writable_and_has_its_limit(bench, make):
    sandbox = make()
    assert answer(bench, sandbox, {"do": "write"}) == "x"
    ended = bench.call(sandbox, {"do": "fill", "megabytes": 600})
    assert ended.outcome is Outcome.FUNCTION_ERROR
    assert "space" in ended.error_message.lower()


def test_the_code_is_read_only(bench, make):
    assert "read-only" in bench.call(make(), {"do": "spoil"}).error_message.lower()


def test_globals_are_kept_in_one_sandbox_and_are_its_own(bench, make):
    first, second = make(), make()
    assert [answer(bench, first, {"do": "count"}) for _ in range(3)] == [1, 2, 3]
    assert answer(bench, second, {"do": "count"}) == 1


def test_calls_at_the_same_time_run_in_sandboxes_of_their_own(bench, make):
    pair = [(make(), {"do": "sleep", "seconds": 1}) for _ in range(2)]
    ends = bench.call_together(pair)
    assert [json.loads(ended.response) for ended in ends] == ["slept", "slept"]
    started = [ended.duration_us for ended in ends]
    assert all(duration >= 1_000_000 for duration in started)


def test_nothing_is_reached_without_a_network(bench, make):
    ended = bench.call(make(), {"do": "connect", "host": "203.0.113.1"})
    assert ended.outcome is Outcome.FUNCTION_ERROR
