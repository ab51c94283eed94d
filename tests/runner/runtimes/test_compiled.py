"""Languages whose programs are compiled at deploy and bring AWS's own client: what is told when that fails, and that a
ready program needs no compiler."""

import json

import pytest

from functions.states import Outcome
from runner.build.builder import BuildFailed
from tests.support.functions_in_sandboxes import build_tree

pytestmark = [pytest.mark.docker, pytest.mark.on_demand]

CRATE = '[package]\nname = "a"\nversion = "0.1.0"\nedition = "2021"\n'
BROKEN = {
    "rust": (
        {"Cargo.toml": CRATE, "src/main.rs": "fn main() { undefined_thing(); }\n"},
        r"cannot find function `undefined_thing`",
    ),
    "go": ({"main.go": "package main\n\nfunc main() { undefinedThing() }\n"}, r"main\.go:3:15: undefined"),
}
UNKNOWN = {
    "rust": (
        {"Cargo.toml": f'{CRATE}[dependencies]\nserde = "99"\n', "src/main.rs": "fn main() {}\n"},
        r"serde",
    ),
    "go": (
        {"go.mod": "module a\n\ngo 1.23\n\nrequire example.invalid/nothing v1.0.0\n", "main.go": 'package main\n\nimport _ "example.invalid/nothing"\n\nfunc main() {}\n'},
        r"example\.invalid/nothing",
    ),
}  # fmt: skip
READY = """#!/bin/bash
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  event=$(curl -sS -D /tmp/h "$api/next"); id=$(grep -i aws-request-id /tmp/h | tr -d '[:space:]' | cut -d: -f2)
  curl -sS -o /dev/null -d "[$event]" "$api/$id/response"
done
"""


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize("identifier", BROKEN)
def test_a_compiler_says_what_is_wrong(config, on_demand, tmp_path, identifier):
    on_demand(identifier)
    files, words = BROKEN[identifier]
    write(tmp_path, files)
    with pytest.raises(BuildFailed, match=rf"(?s) failed\..*{words}"):
        build_tree(config, identifier, tmp_path)


@pytest.mark.parametrize("identifier", UNKNOWN)
def test_a_package_that_does_not_exist_is_named(config, on_demand, tmp_path, identifier):
    on_demand(identifier)
    files, words = UNKNOWN[identifier]
    write(tmp_path, files)
    with pytest.raises(BuildFailed, match=words):
        build_tree(config, identifier, tmp_path)


@pytest.mark.parametrize("identifier", BROKEN)
def test_a_ready_program_needs_no_compiler(bench, on_demand, identifier):
    on_demand(identifier)
    sandbox, bound = bench.bind_built(identifier, {"bootstrap": READY}, "bootstrap")
    assert bound.outcome is Outcome.SUCCESS, bound
    assert json.loads(bench.call(sandbox, {"a": 1}).response) == [{"a": 1}]
