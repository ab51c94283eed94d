"""Every link and every form of the console, as each kind of person: what is offered works, what is not theirs is
not offered, and a stranger is not even told that it exists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from msgspec.structs import replace

from functions.alarm_policy import Condition
from functions.archives import FileContent, pack
from functions.ids import new_id
from functions.installation import store
from functions.message_queues import redrive_text
from functions.models import AuditEntry, Draft, QueueMessage
from functions.release_policy import Step
from functions.services import deploys, functions, releases, triggers, versions
from functions.services.alarms import create_alarm
from functions.services.bucket_care import put_file
from functions.services.buckets import create_bucket
from functions.services.budgets import set_budget
from functions.services.event_sources import create_mapping_by_name
from functions.services.keys import create_access_key
from functions.services.layers import publish_layer_version
from functions.services.message_queues import create_queue
from functions.services.queue_care import send_one
from functions.services.queue_messages import Sending
from functions.services.secrets import create_secret
from functions.services.test_events import save_test_event
from functions.services.webhooks import create_webhook
from functions.states import Comparison, EventState, Outcome, Role
from runner.client import Health, HostView, LocalImage, SandboxesView, SandboxView, SupplyView
from tests.support import rows
from tests.support.crawl import Crawl
from tests.support.stand_in_gateway import HELD, stand_in_gateway
from tests.support.telemetry import make_record

SANDBOX = SandboxView(
    id="sb-1",
    function_id="",
    function_name="",
    version="1",
    runtime="python3.13",
    network="internet",
    state="idle",
    created_us=1_700_000_000_000_000,
    last_used_us=0,
    calls=3,
    memory_mb=128,
    memory_now=30 * 1024 * 1024,
    why="no warm one was free",
)
IMAGE = LocalImage(names=["shop:1"], id="sha256:1", size=10_000_000, created_us=1_700_000_000_000_000)
SUPPLY = SupplyView(runtime="python3.13", network="internet", waiting=2, wanted=2)
HOST = HostView(cpus=2, load=0.5, memory_mb=8000, memory_free_mb=6000, disk_free_mb=9000, committed_mb=128)
# The wizard shows its command on its last step; a password and an installation without project have none.
WITHOUT_COMMAND = {"wizard_new", "wizard_step", "change_password"}
# A request id is typed into the search; a runtime's image is asked after only while it is being made; undoing is
# offered by the page that follows a deletion; images are chosen for functions that are made of one.
UNLINKED = {"request", "wizard_image", "functions_restore", "function_image"}
pytestmark = pytest.mark.django_db(databases=["default", "telemetry"])


@pytest.fixture
def furnished(config, project, principal, user, function, seed):
    """A project in which every list has something to show, and a gateway that answers."""
    now = datetime.now(UTC) - timedelta(minutes=5)
    _telemetry(seed, now)
    _triggers(principal, function)
    Draft.objects.filter(function=rows.make_function(project, "a-draft")).update(wizard_step=5)
    functions.delete_function(acting=principal, function=rows.deploy(rows.make_function(project, "gone")))
    create_access_key(acting=principal, project=project, user=user)
    create_secret(acting=principal, project=project, name="db/password", value="a-value")
    rows.make_user(project, "somebody", Role.VIEWER)
    _releases(principal, project)
    _budgets(principal, project, function)
    create_alarm(
        acting=principal, project=project, function=function, name="errors", webhook="https://hooks.example.com/",
        condition=Condition("errors", Comparison.AT_LEAST, 1, 300, 1, 1),
    )  # fmt: skip
    _stores(principal, project)
    for name in ("shared", "shared"):
        publish_layer_version(acting=principal, project=project, name=name, artifact=_stored_code())
    with stand_in_gateway(config.gateway_socket) as gateway:
        gateway.answer = lambda asked: (200, _gateway_answer(asked.path, project, function))
        yield function


def _telemetry(seed, now):
    good = seed.invocation(at=now)
    seed.payload(good, '{"n": 1}', '{"n": 1}')
    seed.invocation(at=now, outcome=Outcome.FUNCTION_ERROR, error_type="KeyError", error_message="'name'")
    seed.minute(at=now)
    seed.day(day=now.date())
    seed.event(state=EventState.DEAD, attempts=3, accepted_at=now)
    seed.event(accepted_at=now)


def _triggers(principal, function):
    triggers.create_url(acting=principal, function=function)
    triggers.create_schedule(acting=principal, function=function, name="hourly", expression="rate(1 hour)")
    create_webhook(
        acting=principal, function=function, name="pushes", provider="github", secret="shared with it"
    )
    create_mapping_by_name(acting=principal, function=function, queue_name="orders")
    save_test_event(acting=principal, function=function, name="one", payload='{"n": 1}')
    rows.publish(function, function.latest)
    # As UpdateFunctionCode leaves it: $LATEST is newer than every version.
    function.latest = rows.make_revision(function, artifact=_stored_code())
    function.save()
    deploys.request_deploy(acting=principal, function=function)


def _stores(principal, project):
    """A queue with a dead letter that has somewhere to go back to, and a bucket with an object in a folder."""
    letters = create_queue(acting=principal, project=project, name="letters")
    policy = {"RedrivePolicy": redrive_text(letters.arn, 1) or ""}
    source = create_queue(acting=principal, project=project, name="source", attributes=policy)
    send_one(acting=principal, queue=letters, message=Sending("a dead letter"))
    QueueMessage.objects.update(source_arn=source.arn)
    bucket = create_bucket(acting=principal, project=project, name="photos")
    put_file(acting=principal, bucket=bucket, key="a/b.txt", body=[b"text"], content_type="text/plain")


def _releases(principal, project):
    """Two functions whose second version is on its way: a crawl ends one by each of the two buttons."""
    for name in ("on-its-way", "on-its-way-too"):
        first = rows.deploy(rows.make_function(project, name), artifact=_stored_code())
        going = rows.deploy(first, artifact=_stored_code())
        versions.roll_back(acting=principal, function=going, number=1)
        releases.start_release(acting=principal, function=going, number=2, steps=(Step(10, 300),))


def _budgets(principal, project, function):
    """One that holds calls back, to be lifted, and one to be removed."""
    for subject in (function, None):
        set_budget(acting=principal, project=project, function=subject, amount_pico=1, is_hard=True)


def _stored_code():
    package = pack({"lambda_function.py": FileContent(rows.CODE)})
    artifact = rows.make_artifact(package)
    blob = store().blob(artifact.sha256)
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(package)
    return artifact


def _gateway_answer(path, project, function):
    """What the gateway says of itself, of one idle sandbox and of any call."""
    if path == "/_functory/health":
        shown = Health(ok=True, engine="ok", sandboxes=1, journal_backlog=0, version="1")
    elif path.endswith("/held"):
        shown = HELD
    elif path == "/_functory/images":
        shown = [IMAGE]
    elif path == "/_functory/invoke":
        shown = make_record(project_id=str(project.id), function_id=str(function.id))
    else:
        box = replace(SANDBOX, function_id=str(function.id), function_name=function.name)
        shown = SandboxesView(sandboxes=[box], supply=[SUPPLY], host=HOST, recent_ends=[])
    return msgspec.to_builtins(shown)


def home(project) -> str:
    return reverse("home", args=[project.account])


def crawled(client, project) -> Crawl:
    """Everything that somebody is offered, opened and sent; nothing of it may fail."""
    crawl = Crawl(client).visit(home(project))
    assert "\n".join(crawl.faults) == ""
    # Functions, their tabs and the project's pages at least: an empty crawl would prove nothing.
    assert len(crawl.routes) > 25
    sent = crawl.send_all(but=frozenset({"logout"}))
    assert "\n".join(crawl.faults) == ""
    assert sum(sent.values()) > 5
    return crawl


def test_what_is_offered_works_and_a_viewer_is_offered_fewer_forms_than_a_developer(
    furnished, project, as_role
):
    viewer, developer = (crawled(as_role(role), project) for role in (Role.VIEWER, Role.DEVELOPER))
    assert set(viewer.forms) < set(developer.forms)


def test_what_is_offered_works_and_whoever_may_do_everything_finds_every_page(furnished, project, as_role):
    """By links, forms or the scripts of a page."""
    operator, all_powerful = (crawled(as_role(role), project) for role in (Role.OPERATOR, Role.ADMINISTRATOR))
    assert set(operator.forms) < set(all_powerful.forms)
    reached = set(all_powerful.routes) | set(all_powerful.forms) | all_powerful.told
    assert {name for name in project_routes() if name not in reached} == UNLINKED
    assert all_powerful.silent == WITHOUT_COMMAND


def project_routes() -> list[str]:
    """The names of every address below a project."""
    names = []
    for name in get_resolver().reverse_dict:
        if isinstance(name, str) and "account" in get_resolver().reverse_dict.getlist(name)[0][0][0][1]:
            names.append(name)
    return sorted(names)


def example(name: str, project, function) -> str:
    """An address of that route, of things that exist where the route names a function."""
    known = {"account": project.account, "name": function.name, "step": 1, "number": 1}
    parameters = get_resolver().reverse_dict.getlist(name)[0][0][0][1]
    values = {
        one: known.get(one, "some" if one in {"sandbox_id", "key_id"} else new_id()) for one in parameters
    }
    return reverse(name, kwargs=values)


def test_a_stranger_is_told_of_nothing(furnished, project, stranger):
    told = {}
    for name in project_routes():
        address = example(name, project, furnished)
        answers = {stranger.get(address).status_code, stranger.post(address).status_code}
        if not answers <= {404, 405}:
            told[name] = answers
    assert told == {}


def test_whoever_is_not_logged_in_is_sent_to_log_in(furnished, project):
    nobody = Client()
    for name in project_routes():
        answer = nobody.get(example(name, project, furnished))
        assert (answer.status_code, answer.url.split("?")[0]) == (302, reverse("login")), name


def test_a_viewer_changes_nothing(furnished, project, as_role):
    viewer, before = as_role(Role.VIEWER), AuditEntry.objects.count()
    for name in project_routes():
        assert viewer.post(example(name, project, furnished)).status_code < 500, name
    assert AuditEntry.objects.count() == before
