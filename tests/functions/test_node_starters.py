"""The Node.js starters as code: each answers its own event as it says, and refuses what it says it refuses. By the
node of this machine; by those that functions run on in tests/runner/runtimes/test_node_starters.py."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from functions.config import REPOSITORY
from functions.starters import starters
from tests.support.node_starters import CASES, PLAIN, RUNTIME, Case, own_event
from tests.support.starters import holds

FOLDER = REPOSITORY / "runner" / "runtimes" / "nodejs" / "starters"
NODE = shutil.which("node")
SQLITE_SINCE = 22
IN_SANDBOXES = "tests/runner/runtimes/test_node_starters.py has it in a sandbox"
# Reads {path, events}, writes the last answer, or what was thrown as a runtime reports it.
PROGRAM = """
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
const { path, events } = JSON.parse(readFileSync(0, "utf8"));
console.log = console.warn = console.error;
const context = { awsRequestId: "8c1a3a0e", getRemainingTimeInMillis: () => 3000 };
let answer;
try {
  const { handler } = await import(pathToFileURL(path));
  for (const event of events) answer = await handler(event, context);
} catch (error) {
  answer = { errorType: error.name, errorMessage: error.message };
}
process.stdout.write(JSON.stringify(answer));
"""


@pytest.fixture(scope="module")
def major():
    """The major version of the node that is here."""
    if NODE is None:
        pytest.skip(f"no node on this machine; {IN_SANDBOXES}")
    said = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.match(r"v(\d+)\.", said)
    assert found is not None
    return int(found[1])


@pytest.fixture
def answer(major, tmp_path):
    """Gives a function that runs a case in a node of its own and reads the last answer."""

    def answer(case):
        if case.key == "url-shortener" and major < SQLITE_SINCE:
            pytest.skip(f"Node.js {major} has no node:sqlite; {IN_SANDBOXES}")
        order = {"path": str(FOLDER / case.key / "index.mjs"), "events": case.events()}
        ended = subprocess.run(
            [NODE, "--input-type=module", "--eval", PROGRAM],
            input=json.dumps(order),
            env={"TMPDIR": str(tmp_path), **case.variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return answer


def test_most_starters_need_no_package():
    assert len(starters(RUNTIME)) >= 10
    assert len(PLAIN) >= 9


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_answers_as_it_says(answer, case):
    found = answer(case)
    assert holds(found, case.expect), found


def test_packages_are_pinned():
    for each in starters(RUNTIME):
        manifest = dict(each.files).get("package.json")
        wanted = json.loads(manifest.content)["dependencies"] if manifest else {}
        assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())


@pytest.fixture
def receiver():
    """Takes reports: its address, what it got, and the status that it answers, which a test may set."""

    class Receiver(BaseHTTPRequestHandler):
        got: list[str] = []
        status = 204

        def do_POST(self):
            self.got.append(self.rfile.read(int(self.headers["content-length"])).decode())
            self.send_response(self.status)
            self.end_headers()

        def log_message(self, *_words):
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", Receiver
        server.shutdown()


def report_to(address):
    return Case(
        "scheduled-report", "sent", lambda: [own_event("scheduled-report")], {}, {"REPORT_URL": address}
    )


def test_a_report_is_sent_where_the_variable_says(answer, receiver):
    address, kept = receiver
    found = answer(report_to(address))
    assert found["sent"] is True
    assert kept.got == [found["report"]]
    assert "| cocoa | 4 | 12.00 |" in found["report"]


def test_a_report_that_is_refused_fails_the_call(answer, receiver):
    address, kept = receiver
    kept.status = 503
    assert answer(report_to(address))["errorMessage"] == "the receiver refused the report with 503"
