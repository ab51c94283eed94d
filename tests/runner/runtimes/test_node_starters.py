"""The Node.js starters in real sandboxes of each version: what tests/functions/test_node_starters.py asks of them
with the node of this machine, which may be another version or missing."""

import json
from itertools import groupby

import pytest

from tests.support.node_starters import CASES
from tests.support.starters import holds

pytestmark = pytest.mark.docker

# One sandbox takes all cases of a starter with the same variables: environments live on in earnest, too.
GROUPS = [list(cases) for _, cases in groupby(sorted(CASES, key=lambda each: (each.key, str(each.variables))),
                                              key=lambda each: (each.key, each.variables))]  # fmt: skip


@pytest.mark.parametrize("runtime", [pytest.param("nodejs22.x", marks=pytest.mark.on_demand), "nodejs24.x"])
@pytest.mark.parametrize("cases", GROUPS, ids=lambda cases: f"{cases[0].key}-{len(cases)}")
def test_each_answers_as_it_says(bench, cases, runtime):
    first = cases[0]
    files = {path: file.content.decode() for path, file in first.starter.files}
    sandbox, bound = bench.bind(runtime, files, "index.handler", environment=first.variables)
    for case in cases:
        ended = [bench.call(sandbox, event) for event in case.events()][-1]
        assert holds(json.loads(ended.response), case.expect), (str(case), bound, ended)
