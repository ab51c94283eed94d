"""Starters of every runtime in real sandboxes: each answers its own event as it says. Node.js has more questions, in
test_node_starters.py; Python's are asked in tests/functions."""

import json

import pytest

from functions.runtimes import RUNTIMES
from functions.starters import starters
from functions.states import Outcome
from tests.support.starters import holds

pytestmark = [pytest.mark.docker, pytest.mark.on_demand]

CASES = [
    pytest.param(row.identifier, each, id=f"{row.identifier}-{each.key}")
    for row in RUNTIMES.values()
    if row.folder not in {"python", "nodejs"}
    for each in starters(row.identifier)
]


@pytest.mark.parametrize(("identifier", "starter"), CASES)
def test_each_answers_as_it_says(bench, on_demand, identifier, starter):
    on_demand(identifier)
    files = {path: file.content.decode() for path, file in starter.files}
    sandbox, bound = bench.bind_built(
        identifier,
        files,
        RUNTIMES[identifier].default_handler,
        environment=starter.environment,
        memory_mb=512,
    )
    assert bound.outcome is Outcome.SUCCESS, bound
    ended = bench.call(sandbox, json.loads(starter.event))
    assert holds(json.loads(ended.response), starter.expect), ended
