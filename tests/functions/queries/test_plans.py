"""Which index a query takes: with a million rows a wrong one costs seconds, and tests with ten rows do not notice.
SQLite's planner has no statistics of ours, so that what it chooses here it chooses everywhere."""

from datetime import timedelta

import pytest
from django.db import connections

from functions.ids import new_id
from functions.log_query import parse
from functions.queries import deployments, invocations, logs, metrics
from functions.queries.log_windows import LogRange, ordered
from functions.queries.pages import marker_of
from tests.support.seed import NOW

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.skipif("connections['telemetry'].vendor != 'sqlite'", reason="plans are SQLite's"),
]
PROJECT, FUNCTION = new_id(), new_id()
START = NOW - timedelta(days=30)


def plans(run, database="telemetry") -> list[str]:
    """How SQLite reads for each query that `run` makes: one line for each step. With the parameters as they are
    bound: it plans otherwise when it sees them in the text."""
    asked = []

    def noted(execute, sql, parameters, many, context):
        asked.append((sql, parameters))
        return execute(sql, parameters, many, context)

    with connections[database].execute_wrapper(noted):
        run()
    found = []
    with connections[database].cursor() as cursor:
        for sql, parameters in asked:
            if sql.startswith("SELECT"):
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
                found.append("\n".join(row[-1] for row in cursor.fetchall()))
    assert found
    return found


def chosen(**only):
    return metrics.MetricRange(PROJECT, START, NOW, **only)


@pytest.mark.parametrize("only", [{}, {"function_id": FUNCTION}, {"function_id": FUNCTION, "version": "1"}])
def test_metrics_of_one_subject_are_read_by_it(only):
    for plan in plans(lambda: metrics.totals(chosen=chosen(**only))):
        # Both bounds in time are the index's, not a filter's.
        assert "(subject_id=? AND step_s=? AND start>? AND start<?)" in plan


def test_minutes_of_a_function_are_read_by_it():
    short = metrics.MetricRange(PROJECT, NOW - timedelta(minutes=30), NOW, FUNCTION)
    (plan,) = plans(lambda: metrics.series(chosen=short, step_s=60))
    assert "(function_id=? AND minute>? AND minute<?)" in plan


@pytest.mark.parametrize("function_id", [None, FUNCTION])
def test_logs_are_read_between_both_bounds(function_id):
    of = LogRange(PROJECT, START, NOW, function_id)
    index = "log_by_function (function_id" if function_id else "log_by_project (project_id"
    marker = marker_of([NOW - timedelta(days=3), new_id()])
    for rows in (ordered(of), ordered(of, marker)):
        (plan,) = plans(lambda rows=rows: list(rows.values_list("at", flat=True)[:5]))
        assert f"{index}=? AND at>? AND at<?)" in plan
        assert "TEMP B-TREE" not in plan.replace("USE TEMP B-TREE FOR RIGHT PART OF ORDER BY", "").replace(
            "USE TEMP B-TREE FOR LAST TERM OF ORDER BY", ""
        )


def test_calls_of_a_function_are_read_by_it():
    of = invocations.InvocationFilter(function_id=FUNCTION, start=START, end=NOW)
    (plan,) = plans(lambda: invocations.invocations(project_id=PROJECT, chosen=of))
    assert "invocation_by_function (function_id=? AND started_at>? AND started_at<?)" in plan


def test_a_call_is_found_by_its_request_id():
    (plan, *_) = plans(lambda: invocations.by_request_id(project_id=PROJECT, request_id=new_id()))
    assert "request_id" in plan


def test_an_error_is_looked_for_among_failures_only():
    of = invocations.InvocationFilter(function_id=FUNCTION, start=START, end=NOW, text="boom")
    (plan,) = plans(lambda: invocations.invocations(project_id=PROJECT, chosen=of))
    assert "invocation_by_function" not in plan
    assert "invocation_by_outcome (function_id=? AND outcome=? AND started_at>? AND started_at<?)" in plan


@pytest.mark.parametrize("function_id", [None, FUNCTION])
def test_deploy_marks_are_found_by_their_time_or_function(function_id):
    def marks():
        deployments.succeeded_between(project_id=PROJECT, start=START, end=NOW, function_id=function_id)

    (plan,) = plans(marks, "default")
    assert ("function_id=?" if function_id else "deployment_by_end (project_id=? AND ended_at>?") in plan


def test_a_search_without_logs_asks_for_no_chunk():
    found = plans(lambda: logs.logs(chosen=LogRange(PROJECT, START, NOW), query=parse("word")))
    assert not any("functions_logchunk" in plan for plan in found)
