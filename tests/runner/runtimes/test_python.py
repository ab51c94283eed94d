"""AWS's contract for Python handlers, in a real sandbox."""

import json
import re

import pytest

from functions.states import Outcome

pytestmark = pytest.mark.docker

SOURCE = """
import decimal, json, logging, sys
from datetime import datetime
def context(event, context):
    return {
        "repr": repr(context)[:15], "name": context.function_name, "version": context.function_version,
        "memory": context.memory_limit_in_mb, "group": context.log_group_name,
        "stream": context.log_stream_name, "arn": context.invoked_function_arn,
        "id": context.aws_request_id, "left": context.get_remaining_time_in_millis(),
        "client": context.client_context and context.client_context.custom,
    }
def log(event, context):
    logging.getLogger().setLevel("INFO")
    logging.getLogger().info("informed")
    print("printed", file=sys.stderr)
def number(event, context): return {"d": decimal.Decimal("1.5"), "i": decimal.Decimal("2")}
def unserialisable(event, context): return datetime(2026, 1, 1)
def leave(event, context): sys.exit(1)
class Silent(Exception):
    def __str__(self): raise ValueError
def silent(event, context): raise Silent
def deep(event, context):
    return 1 + event["a"]["b"]
"""


@pytest.fixture(scope="module")
def bind(bench):
    def bind(handler, files=None, **more):
        return bench.bind("python3.13", files or {"app.py": SOURCE}, handler, **more)

    return bind


def answer(bench, sandbox, event=None, **more):
    ended = bench.call(sandbox, event, **more)
    assert ended.outcome is Outcome.SUCCESS, ended
    return json.loads(ended.response)


def test_the_context_is_whole(bench, bind):
    sandbox, _ = bind("app.context")
    found = answer(bench, sandbox, client_context='{"custom": {"a": 1}}')
    assert 0 < found.pop("left") <= 20_000
    assert len(found.pop("id")) == 36
    assert found == {
        "repr": "LambdaContext([",
        "name": "hello",
        "version": "3",
        "memory": "256",
        "group": "/aws/lambda/hello",
        "stream": "2026/01/31/[3]0",
        "arn": "arn:aws:lambda:us-east-1:000000000001:function:hello",
        "client": {"a": 1},
    }


def test_logging_has_lambdas_lines(bench, bind):
    sandbox, _ = bind("app.log")
    log = bench.call(sandbox, {}).log.decode()
    assert log.startswith("[INFO]\t20")
    assert "Z\t" in log
    assert log.splitlines()[0].endswith("\tinformed")
    assert log.splitlines()[1] == "printed"


def test_each_call_has_its_own_output_however_it_was_written(bench, bind):
    source = (
        "import os, subprocess, sys\n"
        "def handler(event, context):\n"
        "    if event == 'raw': os.write(1, b'raw')\n"
        "    if event == 'child': subprocess.run(['echo', 'child'])\n"
        "    if event == 'print': print('printed', end='')\n"
        "    if event == 'bytes': sys.stderr.buffer.write(b'bytes')\n"
    )
    sandbox, _ = bind("app.handler", {"app.py": source})
    said = {"raw": b"raw", "child": b"child\n", "print": b"printed", "bytes": b"bytes", "": b""}
    for event in ("", "raw", "", "child", "print", "", "", "bytes", "child", "raw", "print", ""):
        assert bench.call(sandbox, event).log == said[event]


def test_decimals_are_numbers_and_other_objects_are_refused(bench, bind):
    sandbox, _ = bind("app.number")
    assert answer(bench, sandbox) == {"d": 1.5, "i": 2}
    sandbox, _ = bind("app.unserialisable")
    ended = bench.call(sandbox, {})
    assert ended.error_type == "Runtime.MarshalError"
    assert (
        ended.error_message == "Unable to marshal response: Object of type datetime is not JSON serializable"
    )


def test_a_stack_has_lambdas_shape(bench, bind):
    sandbox, _ = bind("app.deep")
    ended = bench.call(sandbox, {})
    assert (ended.error_type, ended.error_message) == ("KeyError", "'a'")
    (frame,) = json.loads(ended.response)["stackTrace"]
    assert re.fullmatch(
        r'  File "/var/task/app\.py", line \d+, in deep\n    return 1 \+ event\["a"\]\["b"\]\n', frame
    )


def test_an_error_that_cannot_be_said_is_still_an_error(bench, bind):
    sandbox, _ = bind("app.silent")
    ended = bench.call(sandbox, {})
    assert (ended.outcome, ended.error_type) == (Outcome.FUNCTION_ERROR, "Silent")


def test_an_exit_of_python_is_a_crash(bench, bind):
    sandbox, _ = bind("app.leave")
    assert bench.call(sandbox, {}).outcome is Outcome.CRASH


@pytest.mark.parametrize(
    ("handler", "source", "error_type", "message"),
    [
        ("nothing.f", "", "Runtime.ImportModuleError", "Unable to import module 'nothing': No module named"),
        ("app.f", "import missing", "Runtime.ImportModuleError", "Unable to import module 'app': No module"),
        ("app.f", "x = 1", "Runtime.HandlerNotFound", "Handler 'f' missing on module 'app'"),
        ("app.f", "def f(:", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app': invalid syntax"),
        ("app", "x = 1", "Runtime.MalformedHandlerName", "Bad handler 'app'"),
        ("app.f", "raise KeyError('k')", "KeyError", "'k'"),
        ("sys.exit", "", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys"),
    ],
)
def test_a_start_that_fails_says_why(bind, handler, source, error_type, message):
    _, bound = bind(handler, {"app.py": source})
    assert (bound.outcome, bound.error_type) == (Outcome.INIT_FAILURE, error_type)
    assert bound.error_message.startswith(message)
    assert error_type.encode() in bound.log


def test_a_function_that_leaves_at_its_start_has_failed(bind):
    _, bound = bind("app.f", {"app.py": "import os; os._exit(1)"})
    assert bound.outcome is Outcome.CRASH


def test_handlers_in_folders_and_packages(bench, bind):
    files = {
        "src/app.py": "def f(e, c): return 'folder'",
        "pkg/__init__.py": "",
        "pkg/mod.py": "def f(e, c): return 'pkg'",
    }
    for handler, found in (("src/app.f", "folder"), ("pkg.mod.f", "pkg")):
        sandbox, _ = bind(handler, files)
        assert answer(bench, sandbox) == found


def test_a_module_named_like_one_of_the_library_is_the_functions_own(bench, bind):
    sandbox, _ = bind("uuid.f", {"uuid.py": "def f(e, c): return 'own'"})
    assert answer(bench, sandbox) == "own"


def test_dependencies_are_imported_and_the_functions_own_files_win(bench, bind):
    files = {"app.py": "import lib, other\ndef f(e, c): return [lib.x, other.x]", "other.py": "x = 'own'"}
    sandbox, _ = bind("app.f", files, dependencies={"lib.py": "x = 'dep'", "other.py": "x = 'dep'"})
    assert answer(bench, sandbox) == ["dep", "own"]
