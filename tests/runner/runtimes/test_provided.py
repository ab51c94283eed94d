"""A custom runtime: a `bootstrap` of the function's own that speaks the HTTP Runtime API."""

import json

import pytest

from functions.states import Outcome

pytestmark = pytest.mark.docker

BOOTSTRAP = """#!/bin/bash
echo "starting $_HANDLER for $OWN"
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
while true; do
  headers=/tmp/headers
  event=$(curl -sS -D $headers "$api/invocation/next")
  id=$(grep -i lambda-runtime-aws-request-id $headers | tr -d '[:space:]' | cut -d: -f2)
  echo "got $event"
  case "$event" in
    *fail*) curl -sS -o /dev/null -d '{"errorType":"E","errorMessage":"m"}' "$api/invocation/$id/error" ;;
    *exit*) exit 7 ;;
    *) curl -sS -o /dev/null -d "{\\"echo\\": $event}" "$api/invocation/$id/response" ;;
  esac
done
"""


@pytest.fixture
def bind(bench):
    def bind(files):
        return bench.bind("provided.al2023", files, "own.handler", environment={"OWN": 'a "b" ä\n€'})

    return bind


def test_events_go_round_and_errors_are_told(bench, bind):
    sandbox, bound = bind({"bootstrap": BOOTSTRAP})
    assert bound.outcome is Outcome.SUCCESS, bound
    ended = bench.call(sandbox, {"a": "ü"})
    assert json.loads(ended.response) == {"echo": {"a": "ü"}}
    assert 'starting own.handler for a "b" ä\n€\n' in ended.log.decode()
    ended = bench.call(sandbox, {"fail": 1})
    assert (ended.outcome, ended.error_type, ended.error_message) == (Outcome.FUNCTION_ERROR, "E", "m")
    assert bench.call(sandbox, 2).outcome is Outcome.SUCCESS


def test_an_exit_is_a_crash(bench, bind):
    sandbox, _ = bind({"bootstrap": BOOTSTRAP})
    ended = bench.call(sandbox, "exit")
    assert ended.outcome is Outcome.CRASH
    assert ended.error_message.endswith("exit status 7")


def test_code_without_a_bootstrap_says_so(bind):
    _, bound = bind({"other": ""})
    assert bound.outcome is Outcome.CRASH
    assert b"Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]" in bound.log


def test_a_start_error_is_told(bind):
    source = """#!/bin/bash
curl -sS -d '{"errorType":"Own.Init","errorMessage":"no"}' http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/init/error
exit 1
"""
    _, bound = bind({"bootstrap": source})
    assert (bound.outcome, bound.error_type, bound.error_message) == (Outcome.INIT_FAILURE, "Own.Init", "no")
