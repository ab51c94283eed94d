"""Pure parts of pages: units, addresses, stack frames, progress, files as the editor has them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from console import progress, stack_frames
from console.addresses import url_address
from console.templatetags import headers, units
from console.terms import TERMS
from console.views.function_code import main_file
from functions.models import Deployment
from functions.states import DeploymentState


@pytest.mark.parametrize(
    ("us", "text"),
    [
        (None, "–"),
        (0, "0 µs"),
        (812, "812 µs"),
        (1_300, "1.3 ms"),
        (24_000, "24 ms"),
        (1_300_000, "1.3 s"),
        (125_000_000, "2 min 5 s"),
        (7_200_000_000, "2 h"),
    ],
)
def test_durations_read(us, text):
    assert units.duration(us) == text


@pytest.mark.parametrize(
    ("pico", "text"),
    [
        (None, "–"),
        (0, "$0"),
        (2_083, "$0.0000000021"),
        (227_083, "$0.00000023"),
        (420_000_000_000, "$0.42"),
        (400_000_000_000, "$0.40"),
        (1_234_567_890_000_000, "$1,234.57"),
        (12_000_000_000, "$0.012"),
    ],
)
def test_money_reads(pico, text):
    assert units.usd(pico) == text


@pytest.mark.parametrize(
    ("bytes_", "text"),
    [(None, "–"), (512, "512 B"), (1_229, "1.2 KB"), (40 * 1024**2, "40 MB"), (3 * 1024**3, "3 GB")],
)
def test_sizes_read(bytes_, text):
    assert units.size(bytes_) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "–"), (0, "0 %"), (0.0001, "< 0.1 %"), (0.031, "3.1 %"), (0.05, "5 %"), (1, "100 %")],
)
def test_shares_read(share, text):
    assert units.percent(share) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (0.00042, "0.00042"),
        (0.7049, "0.7"),
        (3.04, "3"),
        (9.96, "10"),
        (1234.5, "1,234"),
    ],
)
def test_quantities_below_ten_keep_what_counts(value, text):
    assert units.quantity(value) == text


def test_backticks_are_code_and_everything_is_escaped():
    assert units.ticks("run `make <up>` now") == "run <code>make &lt;up&gt;</code> now"
    assert units.ticks("a lone ` tick <b>") == "a lone ` tick &lt;b&gt;"


def test_moments_carry_utc():
    assert 'datetime="2026-03-15T12:00:00Z"' in units.moment(datetime(2026, 3, 15, 12, tzinfo=UTC))


def test_every_term_says_what_it_is():
    assert all(term.name and term.what.endswith(".") for term in TERMS.values())


def test_a_split_is_said_in_words():
    assert headers.split_words(((7, 1.0),)) == "Version 7 serves all calls"
    assert headers.split_words(((7, 0.9), (8, 0.1))) == "Version 7 serves 90 %, version 8 serves 10 %"


def test_a_url_is_below_the_gateway_or_on_a_host_of_its_own(config):
    assert url_address(config, "abc") == f"{config.gateway_public_url}/url/abc/"
    other = replace(
        config, base_domain="fn.example.org", gateway_public_url="https://gateway.example.org:8443"
    )
    assert url_address(other, "abc") == "https://abc.fn.example.org:8443/"


def test_frames_know_their_place():
    python = stack_frames.frames(
        [
            '  File "/var/runtime/x.py", line 1, in y\n',
            '  File "/var/task/app.py", line 4, in handler\n    go()\n',
        ]
    )
    assert [(frame.path, frame.line) for frame in python] == [("", 0), ("app.py", 4), ("", 0)]
    node = stack_frames.frames(
        [
            "Error: x",
            "    at handler (file:///var/task/index.mjs:7:9)",
            "    at f (/var/task/node_modules/a/b.js:1:1)",
        ]
    )
    assert stack_frames.innermost(node, language="javascript").line == 7
    assert stack_frames.innermost(python, language="python").path == "app.py"
    assert stack_frames.innermost([], language="python") is None


@pytest.mark.parametrize(
    ("handler", "default", "path"),
    [
        ("app.run", "lambda_function.py", "app.py"),
        ("src/index.handler", "index.mjs", "src/index.mjs"),
        ("x", "index.mjs", "index.mjs"),
        ("function.handler", "bootstrap", "bootstrap"),
        ("example.Handler::handleRequest", "Handler.java", "Handler.java"),
        ("shop.Orders$Take::run", "Handler.java", "Orders.java"),
        ("Function::Shop.Orders::Take", "Function.cs", "Orders.cs"),
    ],
)
def test_the_editor_opens_the_handler_s_file(handler, default, path):
    assert main_file(handler, default) == path


START = datetime(2026, 3, 15, 12, tzinfo=UTC)


def deployment(*states, ended=False):
    steps = [
        {"state": state, "at": (START + timedelta(seconds=place)).isoformat()}
        for place, state in enumerate(states)
    ]
    end = START + timedelta(seconds=len(states) - 1) if ended else None
    return Deployment(state=states[-1], steps=steps, created_at=START, ended_at=end)


def test_steps_tell_what_is_done_running_and_to_come():
    lines = progress.steps(deployment("queued", "saving"), START + timedelta(seconds=3))
    assert [line.state for line in lines] == ["done", "running", "waiting", "waiting", "waiting"]
    assert lines[0].took_us == 1_000_000
    assert lines[1].took_us == 2_000_000


def test_a_step_that_was_not_needed_is_skipped():
    found = progress.steps(deployment("queued", "saving", "starting", "succeeded", ended=True), START)
    assert [line.state for line in found] == ["done", "done", "skipped", "done", "done"]
    assert found[2].label == "No dependencies to install"


def test_a_failure_is_marked_where_it_happened():
    lines = progress.steps(
        deployment("queued", "saving", "building", DeploymentState.FAILED, ended=True), START
    )
    assert [line.state for line in lines] == ["done", "done", "failed", "waiting", "waiting"]
