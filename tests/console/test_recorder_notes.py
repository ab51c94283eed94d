"""Pages of numbers and logs say when they are behind, and why."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from console.recorder_notes import note
from functions.queries.recorder import Standing

NOW = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


def said(behind_s=0, silent_s=0, **fields):
    return Standing(
        caught_up=NOW - timedelta(seconds=behind_s), said=NOW - timedelta(seconds=silent_s), **fields
    )


@pytest.mark.parametrize("standing", [None, said(), said(20, waiting=5), said(silent_s=5)])
def test_nothing_is_said_while_all_is_well(standing):
    assert note(standing, NOW) == ""


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        (said(150, waiting=9), "Numbers and logs are 2 min behind"),
        (said(90, trouble="database or disk is full"), "(database or disk is full). They are kept"),
        (said(8000, trouble="locked"), "end 2 h ago"),
        (said(silent_s=100), "The recorder has not run for 100 s"),
    ],
)
def test_what_is_wrong_is_said_with_how_far_it_is_behind(standing, words):
    assert words in note(standing, NOW)


@pytest.mark.parametrize("page", ["metrics", "logs"])
def test_the_pages_carry_the_note(admin, project, monkeypatch, page):
    address = reverse(page, args=[project.account])
    assert b"The recorder" not in admin.get(address).content
    monkeypatch.setattr("console.templatetags.recorder.standing", lambda: said(silent_s=100))
    assert b"The recorder has not run for" in admin.get(address).content


def test_the_monitor_tab_carries_the_note(admin, function, project, monkeypatch):
    monkeypatch.setattr("console.templatetags.recorder.standing", lambda: said(silent_s=100))
    address = reverse("function_monitor", args=[project.account, function.name])
    assert b"The recorder has not run for" in admin.get(address).content
