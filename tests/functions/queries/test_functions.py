"""The list of functions, its filters and orders, and the header: two databases, few queries."""

from datetime import timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from functions.errors import InvalidParameterValue
from functions.models import Alias, Deployment, Function, FunctionUrl, Schedule
from functions.queries import functions as queries
from functions.queries.home import home
from functions.states import DeploymentState, FunctionState, Outcome, TriggerKind
from tests.support import rows
from tests.support.seed import NOW, Seed


def listed(project, marker="", size=50, **chosen):
    return queries.functions(
        project_id=project.id,
        chosen=queries.FunctionFilter(**chosen),
        now=NOW,
        marker=marker,
        size=size,
    )


def names(page):
    return [row.function.name for row in page.items]


def walked(project, size=2, **chosen):
    """All names, page by page."""
    found, marker = [], ""
    while True:
        page = listed(project, marker, size, **chosen)
        found += names(page)
        marker = page.next_marker
        if not marker:
            return found


@pytest.fixture
def three(project):
    return [rows.deploy(rows.make_function(project, name)) for name in ("alpha", "beta", "gamma")]


def seed_of(function) -> Seed:
    return Seed(project_id=function.project_id, function_id=function.id, name=function.name)


def test_pages_by_name_follow_each_other(project, three):
    assert walked(project) == ["alpha", "beta", "gamma"]
    assert walked(project, order="-name") == ["gamma", "beta", "alpha"]
    assert walked(project, order="-changed") == ["gamma", "beta", "alpha"]
    assert listed(project).approximate_total == 3


def test_other_projects_and_deleted_functions_stay_unseen(project, three):
    rows.make_function(rows.make_project("Other"), "delta")
    Function.objects.filter(name="beta").update(deleted_at=NOW)
    assert walked(project) == ["alpha", "gamma"]


def test_an_unknown_order_and_foreign_markers_are_refused(project, three):
    with pytest.raises(InvalidParameterValue):
        listed(project, order="colour")
    for order in ("name", "-errors"):
        for marker in ("W10", "nonsense", "WyJhIiwiYiJd", "eyJhIjoxfQ"):
            with pytest.raises(InvalidParameterValue):
                listed(project, marker, order=order)


def test_filters(project, three):
    rows.make_function(project, "sketch", runtime="nodejs24.x")
    Function.objects.filter(name="beta").update(paused_at=NOW, tags={"team": "blue", "a.b": "1"})
    assert names(listed(project, text="LPH")) == ["alpha"]
    assert names(listed(project, runtime="nodejs24.x")) == ["sketch"]
    assert names(listed(project, tag="team")) == ["beta"]
    assert names(listed(project, tag="team=blue")) == ["beta"]
    assert names(listed(project, tag="a.b=1")) == ["beta"]
    assert names(listed(project, tag="team=red")) == []
    assert names(listed(project, state="paused")) == ["beta"]
    assert names(listed(project, state="draft")) == ["sketch"]
    assert names(listed(project, state="active")) == ["alpha", "gamma"]
    assert names(listed(project, state="unheard of")) == []
    assert queries.runtimes_used(project_id=project.id) == ["nodejs24.x", "python3.13"]
    assert queries.tags_used(project_id=project.id) == ["a.b", "team"]


def test_a_deployment_under_way_is_a_state(project, three):
    deployment = Deployment.objects.create(project=project, function=three[0])
    assert listed(project).items[0].state == FunctionState.DEPLOYING
    assert names(listed(project, state="deploying")) == ["alpha"]
    deployment.state = DeploymentState.FAILED
    deployment.save()
    assert listed(project).items[0].state == FunctionState.ACTIVE


def test_triggers_that_are_off_do_not_show(project, three):
    FunctionUrl.objects.create(function=three[0], url_id="u1")
    Schedule.objects.create(function=three[0], name="s", expression="rate(1 minute)")
    Schedule.objects.create(function=three[1], name="s", expression="rate(1 minute)", enabled=False)
    shown = [row.triggers for row in listed(project).items]
    assert shown == [(TriggerKind.FUNCTION_URL, TriggerKind.SCHEDULE), (), ()]


def test_activity_of_a_page(project, three):
    seed = seed_of(three[1])
    seed.day(day=NOW.date(), cost_pico=5)
    seed.day(day=NOW.date() - timedelta(days=1), cost_pico=7)
    seed.day(day=NOW.date().replace(month=2), cost_pico=1000)
    seed.minute(at=NOW - timedelta(hours=1), durations_ms=[10] * 20, errors=2, throttles=1)
    seed.minute(at=NOW - timedelta(hours=2), durations_ms=[10] * 10, errors=1)
    seed.minute(at=NOW - timedelta(days=2), durations_ms=[9000], errors=50)
    seed.invocation(at=NOW - timedelta(hours=3))
    seed.invocation(at=NOW - timedelta(hours=1), outcome=Outcome.TIMEOUT)
    quiet, busy, _ = (row.activity for row in listed(project).items)
    assert (quiet.calls, quiet.last_call, quiet.p95_us, quiet.cost_month_pico) == (0, None, None, 0)
    assert (busy.calls, busy.errors, busy.throttles, busy.cost_month_pico) == (30, 3, 1, 12)
    assert busy.p95_us == pytest.approx(10_000, rel=0.02)
    assert (busy.last_call, busy.last_outcome) == (NOW - timedelta(hours=1), Outcome.TIMEOUT)


def test_activity_counts_the_last_24_hours_to_the_minute(project, three):
    seed = seed_of(three[0])
    seed.minute(at=NOW - timedelta(hours=24) + timedelta(minutes=1), durations_ms=[10])
    seed.minute(at=NOW - timedelta(hours=24, minutes=1), durations_ms=[10])
    assert listed(project).items[0].activity.calls == 1


def test_orders_by_what_the_other_database_knows(project, three):
    alpha, beta, gamma = (seed_of(function) for function in three)
    beta.minute(at=NOW - timedelta(minutes=5), errors=3)
    gamma.minute(at=NOW - timedelta(minutes=2), errors=1)
    alpha.day(day=NOW.date() - timedelta(days=3), cost_pico=9)
    beta.day(day=NOW.date() - timedelta(days=1), cost_pico=1)
    gamma.day(day=NOW.date(), cost_pico=4)
    for size in (1, 2, 50):
        assert walked(project, size, order="-errors")[:2] == ["beta", "gamma"]
        assert walked(project, size, order="-cost")[:2] == ["alpha", "gamma"]
        assert walked(project, size, order="-last_call") == ["gamma", "beta", "alpha"]
        assert len(walked(project, size, order="-errors")) == 3


def test_the_number_of_queries_does_not_grow_with_the_page(project):
    def count() -> int:
        with CaptureQueriesContext(connections["default"]) as control:
            with CaptureQueriesContext(connections["telemetry"]) as telemetry:
                listed(project)
        return len(control) + len(telemetry)

    def more(number: int) -> None:
        for place in range(number):
            function = rows.deploy(rows.make_function(project, f"f{number}-{place}"))
            FunctionUrl.objects.create(function=function, url_id=f"u{number}-{place}")
            seed_of(function).day(day=NOW.date())
            seed_of(function).minute(at=NOW - timedelta(hours=1))
            seed_of(function).invocation(at=NOW)

    more(1)
    few = count()
    more(12)
    assert count() == few
    assert few <= 11  # one for each kind of trigger among them


def test_the_header_tells_the_split(function):
    first = function.aliases.get().version
    second = rows.publish(function, function.latest)
    shown = queries.header(function=function)
    assert shown.split == ((1, 1.0),)
    assert (shown.state, shown.runtime) == (FunctionState.ACTIVE, "python3.13")
    Alias.objects.update(version=first, second_version=second, second_weight=0.1)
    assert queries.header(function=function).split == ((1, 0.9), (2, 0.1))


def test_the_header_of_a_draft(draft):
    shown = queries.header(function=draft)
    assert (shown.state, shown.split, shown.last_deployment) == (FunctionState.DRAFT, (), None)
    deployment = Deployment.objects.create(project=draft.project, function=draft)
    assert queries.header(function=draft).last_deployment == deployment


def test_home_of_an_empty_project(project):
    summary = home(project_id=project.id, now=timezone.now())
    assert summary.is_empty
    assert (summary.failing, summary.month_pico, summary.deployments) == ((), 0, ())


def test_home_names_what_fails_worst_first(project, three):
    rows.make_function(project, "sketch")
    for function, errors in zip(three, (1, 5, 0), strict=True):
        seed_of(function).minute(at=NOW - timedelta(minutes=30), errors=errors, cost_pico=0)
        seed_of(function).minute(at=NOW - timedelta(hours=3), errors=9, cost_pico=0)
    seed_of(three[0]).day(day=NOW.date(), cost_pico=1500)
    Function.objects.filter(name="gamma").update(paused_at=NOW)
    Deployment.objects.create(project=project, function=three[2])
    summary = home(project_id=project.id, now=NOW)
    assert (summary.functions, summary.drafts, summary.paused, summary.failing_count) == (4, 1, 1, 2)
    assert [(row.function.name, row.errors) for row in summary.failing] == [("beta", 5), ("alpha", 1)]
    assert (summary.month_pico, summary.forecast_pico) == (1500, 3100)
    assert [row.function.name for row in summary.deployments] == ["gamma"]


def test_home_forgets_deleted_functions(project, three):
    seed_of(three[0]).minute(at=NOW - timedelta(minutes=1), errors=1)
    Deployment.objects.create(project=project, function=three[0])
    Function.objects.filter(name="alpha").update(deleted_at=NOW)
    summary = home(project_id=project.id, now=NOW)
    assert (summary.functions, summary.failing_count, summary.deployments) == (2, 0, ())
