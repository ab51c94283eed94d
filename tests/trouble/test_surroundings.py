"""Trouble with what Functory stands on: a disk that is really full, an engine that is really away, a Redis that does
not answer. Each is said in words in the API and on the console, and what can go on goes on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from uuid import uuid4

import botocore.exceptions
import httpx
import pytest

from functions.limits import MB
from tests.support.faulty_stack import FaultyStack
from tests.support.product import Product, zipped
from tests.support.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.redis, pytest.mark.slow]
NOTICED_S = 60
BACK_S = 90
PAGES = (
    "", "functions", "functions/naps/code", "functions/naps/test", "functions/naps/configuration",
    "events", "logs", "metrics", "billing", "sandboxes", "settings/about",
)  # fmt: skip
RAW = ("Connection aborted", "Errno", "FileNotFoundError", "Traceback", "OperationalError")
CODE = zipped({"lambda_function.py": "def lambda_handler(event, context):\n    return 'new'\n"})


def refused(call, **parameters) -> tuple[str, int, str]:
    """An operation's refusal as an SDK reads it; "" and 0 when there is none now."""
    try:
        call(**parameters)
    except botocore.exceptions.ClientError as error:
        found = error.response["Error"]
        return found["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"], found.get("Message", "")
    return "", 0, ""


def runs(product: Product) -> bool:
    """Whether a call that somebody waits for is answered now."""
    try:
        return bool(product.call("naps", {"n": 1})["payload"] == {"n": 1})
    except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError):
        return False


def takes_events(product: Product) -> bool:
    return refused(product.client().invoke, FunctionName="naps", InvocationType="Event")[1] == 0


def prove_in_words(text: str, *words: str) -> None:
    for word in words:
        assert word in text
    for raw in RAW:
        assert raw not in text


@pytest.fixture(scope="class")
def full_disk(faulty: Product, stack: FaultyStack) -> Iterator[None]:
    stack.fill_disk()
    yield
    stack.free_disk()
    wait_for("events are taken again", lambda: takes_events(faulty), BACK_S)
    wait_for("calls run", lambda: runs(faulty), BACK_S)


@pytest.mark.usefixtures("full_disk")
class TestFullDisk:
    """What goes on first, then what is refused."""

    def test_calls_go_on(self, faulty):
        for _ in range(3):
            assert faulty.call("naps", {"n": 1})["payload"] == {"n": 1}

    @pytest.mark.parametrize("page", PAGES)
    def test_pages_can_be_read(self, faulty, page):
        answer = faulty.page(page)
        assert answer.status_code == 200
        prove_in_words(answer.text)

    def test_logging_in_works(self, faulty):
        assert faulty.log_in("admin").get("/", follow_redirects=True).status_code == 200

    def test_an_event_is_refused_by_name(self, faulty, stack):
        def found() -> tuple[str, int, str] | None:
            said = refused(faulty.client().invoke, FunctionName="naps", InvocationType="Event")
            return said if said[1] else None  # the last page of Redis' log may take some more

        code, status, message = wait_for("an event is refused", found, NOTICED_S)
        assert (code, status) == ("ServiceUnavailableException", 503)
        prove_in_words(message, f"The disk of `{stack.home}` is full", "nothing was stored", "df -h")

    def test_a_deploy_by_a_program_is_refused_by_name(self, faulty, stack):
        code, status, message = refused(
            faulty.client().update_function_code, FunctionName="naps", ZipFile=CODE
        )
        assert (code, status) == ("ServiceUnavailableException", 503)
        prove_in_words(message, f"The disk of `{stack.home}` is full", "go on answering", "df -h")

    def test_an_upload_and_a_deploy_on_the_console_are_refused_by_name(self, faulty):
        large = zipped({"lambda_function.py": "", "data.bin": os.urandom(20 * MB)})
        uploaded = faulty.post("functions/naps/upload", files={"zip": ("code.zip", large)})
        for answer in (uploaded, faulty.post("functions/naps/deploy")):
            assert answer.status_code == 503
            prove_in_words(answer.text, "is full: nothing was stored", "df -h")

    def test_the_health_dot_says_so(self, faulty):
        wait_for("the dot tells", lambda: "is full" in faulty.page("health").text, NOTICED_S)
        prove_in_words(faulty.page("health").text, "Functions can run, but:", "is full")


@pytest.fixture(scope="class")
def engine_away(faulty: Product, stack: FaultyStack) -> Iterator[None]:
    faulty.create("large", MemorySize=192)
    assert runs(faulty)
    stack.take_engine()
    wait_for("it is noticed", lambda: "Docker engine at" in faulty.page("health").text, NOTICED_S)
    yield
    stack.give_engine()
    health = f"{stack.gateway}/_functory/health"
    wait_for("it is well again", lambda: httpx.get(health).status_code == 200, BACK_S)
    wait_for("calls run", lambda: runs(faulty), BACK_S)


@pytest.mark.usefixtures("engine_away")
class TestEngineAway:
    """A warm sandbox goes on; whatever would start another says which engine is away and what to do."""

    WORDS = ("does not answer: it is not running", "systemctl start docker", "make up")

    def test_the_health_dot_says_it_in_words(self, faulty, stack):
        text = faulty.page("health").text
        prove_in_words(text, f"The Docker engine at {stack.engine} does not answer", "Start it with")

    def test_the_sandboxes_page_says_it_first_and_shows_what_runs(self, faulty, stack):
        text = faulty.page("sandboxes").text
        prove_in_words(text, f"The Docker engine at {stack.engine}", "<code>systemctl start docker</code>")
        assert text.index("No sandbox can be started") < text.index("Running now")

    def test_the_about_page_says_it(self, faulty, stack):
        prove_in_words(faulty.page("settings/about").text, f"The Docker engine at {stack.engine}")

    def test_a_warm_function_goes_on(self, faulty):
        assert faulty.call("naps", {"n": 1})["payload"] == {"n": 1}

    def test_a_call_that_needs_a_new_sandbox_says_it(self, faulty):
        found = self.first_refusal(faulty)
        assert found[:2] == ("ServiceUnavailableException", 503)
        prove_in_words(found[2], *self.WORDS)

    def test_a_deploy_says_it_and_what_is_live_goes_on(self, faulty):
        self.first_refusal(faulty)
        answer = faulty.post("functions/naps/upload", files={"zip": ("code.zip", CODE)})
        assert "code.zip is the code now" in answer.text
        started = faulty.post("functions/naps/deploy")
        assert started.status_code == 200, started.text[:300]
        place = started.url.path.split("/p/000000000001/")[1]
        wait_for("it ends", lambda: "does not answer" in faulty.page(place).text, NOTICED_S)
        prove_in_words(faulty.page(place).text, *self.WORDS[:1])
        assert faulty.call("naps", {"n": 1})["payload"] == {"n": 1}

    def first_refusal(self, product: Product) -> tuple[str, int, str]:
        """Cold starts use up the prewarmed sandboxes, which need no engine; then comes the refusal."""
        for _ in range(6):
            name = f"cold-{uuid4().hex}"
            product.create(name)
            found = refused(product.client().invoke, FunctionName=name, Payload=b"{}")
            if found[1] == 503:
                return found
        raise AssertionError(f"no call was refused: {found}")


@pytest.fixture(scope="class")
def redis_away(faulty: Product, stack: FaultyStack) -> Iterator[None]:
    stack.kill("redis", signal.SIGSTOP)
    yield
    stack.kill("redis", signal.SIGCONT)
    wait_for("events are taken again", lambda: takes_events(faulty), BACK_S)


@pytest.mark.usefixtures("redis_away")
class TestRedisAway:
    """Calls and pages go on; events are refused, and the dot warns."""

    def test_calls_and_pages_go_on(self, faulty):
        assert runs(faulty)
        for page in PAGES:
            assert faulty.page(page).status_code == 200, page

    def test_an_event_is_refused_by_name_and_the_dot_warns(self, faulty):
        code, status, message = refused(
            faulty.client().invoke, FunctionName="naps", InvocationType="Event", Payload=b"{}"
        )
        assert (code, status) == ("ServiceUnavailableException", 503)
        prove_in_words(message, "Redis does not answer", "Nothing was accepted")
        text = faulty.page("health").text
        prove_in_words(text, "Functions can run, but: Redis does not answer.", "make up")
        prove_in_words(faulty.page("settings/about").text, "Redis does not answer.")
