"""Logs are searched, unfolded, counted, downloaded and tailed; strangers see none."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from functions.states import Outcome
from tests.support.addresses import address


def test_logs_are_searched_and_unfold(project, seed, admin):
    now = timezone.now()
    hit = seed.invocation(at=now, log='[INFO]\tserved {"user": "ann"}\n')
    seed.invocation(at=now, log="something else\n")
    answer = admin.get(address("logs", project, q="user=ann"))
    assert [row.log.pk for row in answer.context["rows"]] == [hit.id]
    lines = admin.get(address("log_lines", project, hit.id)).content.decode()
    assert "log-info" in lines
    assert "&quot;user&quot;: &quot;ann&quot;" in lines


def test_logs_of_another_project_stay_unseen(project, seed, stranger):
    row = seed.invocation()
    assert stranger.get(address("log_lines", project, row.id)).status_code == 404
    other = stranger.get("/").wsgi_request.user.memberships.get().project
    assert stranger.get(address("log_lines", other, row.id)).status_code == 404


def test_a_search_without_hits_says_so(project, seed, admin):
    page = admin.get(address("function_logs", project, "hello", q="nothing-like-this")).content.decode()
    assert "No log matches" in page


def test_older_logs_follow_as_rows(project, seed, admin):
    now = timezone.now()
    for second in range(35):
        seed.invocation(at=now - timedelta(seconds=second), log=f"line {second}\n")
    older = admin.get(address("logs", project)).context["older"]
    rest = admin.get(older + "&part=rows", headers={"HX-Request": "true"}).content.decode()
    assert rest.count("<details") == 5
    assert "<html" not in rest


def test_the_histogram_counts_failures_apart(project, seed, admin):
    now = timezone.now()
    seed.invocation(at=now)
    seed.invocation(at=now, outcome=Outcome.TIMEOUT)
    seed.minute(at=now, durations_ms=[10] * 7, errors=3)
    for span in ("1h", "24h", "7d", "30d"):
        page = admin.get(address("logs_histogram", project, span=span)).content.decode()
        assert ("7 logs" in page, "3 did not succeed" in page) == (True, True), span
    # Once something is searched for, the logs themselves are counted.
    page = admin.get(address("logs_histogram", project, span="1h", q="hello")).content.decode()
    assert ("2 logs" in page, "1 did not succeed" in page) == (True, True)


def test_logs_download_as_text(project, seed, admin):
    seed.invocation(at=timezone.now(), log="the whole log\n")
    answer = admin.get(address("function_logs_download", project, "hello"))
    assert answer["Content-Type"].startswith("text/plain")
    assert "attachment" in answer["Content-Disposition"]
    assert b"the whole log" in b"".join(answer.streaming_content)


def test_a_tail_ticket_names_its_function_and_needs_a_post(project, function, admin, stranger):
    from functions import tokens
    from functions.installation import config
    from functions.keys import read_or_create_key

    url = address("function_tail_ticket", project, "hello")
    ticket = admin.post(url).json()["url"].partition("ticket=")[2]
    claims = tokens.read_ticket(read_or_create_key(config().keys / "relay"), ticket)
    assert claims["project"] == str(project.id)
    assert claims["function"] == str(function.id)
    assert claims["nonce"]
    assert admin.get(url).status_code == 405
    assert stranger.post(url).status_code == 404


def test_a_log_leads_to_what_else_was_logged_then(project, seed, admin):
    now = timezone.now() - timedelta(hours=30)
    seed.invocation(at=now, log="the needle\n")
    beside = seed.invocation(at=now - timedelta(seconds=20), log="other words\n")
    seed.invocation(at=now - timedelta(minutes=5), log="long before\n")
    found = admin.get(address("logs", project, q="needle", span="7d")).context["rows"]
    around = admin.get(f"{address('logs', project)}?{found[0].around}")
    assert [row.log.pk for row in around.context["rows"]] == [found[0].log.pk, beside.pk]
