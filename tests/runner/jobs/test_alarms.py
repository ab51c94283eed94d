"""Telling a webhook that is here: in both shapes, and when it does not take it."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.utils import timezone

from functions.installation import vault
from functions.models import Alarm, AlarmChange
from functions.states import AlarmState, Comparison
from runner.jobs import alarms


@pytest.fixture
def hook():
    class Handler(BaseHTTPRequestHandler):
        status = 200
        told: list = []

        def do_POST(self):
            self.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(self.status)
            self.end_headers()

        def log_message(self, *_arguments):
            pass

    Handler.told = []
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Handler, f"http://127.0.0.1:{server.server_port}/T0/secret-token"
    server.shutdown()
    server.server_close()


@pytest.fixture
def change(project, function, hook, monkeypatch):
    monkeypatch.setattr(alarms, "PAUSE_S", 0)
    alarm = Alarm.objects.create(
        project=project, function=function, name="errors", metric="errors", comparison=Comparison.AT_LEAST,
        threshold=1, webhook=vault().seal(hook[1]),
    )  # fmt: skip
    return AlarmChange.objects.create(
        alarm=alarm, at=timezone.now(), before=AlarmState.OK, after=AlarmState.ALARM, reason="1 of 1 periods."
    )


def test_the_webhook_gets_cloudwatch_s_members(change, hook):
    alarms.run(str(change.pk))
    told = hook[0].told[0]
    assert (told["AlarmName"], told["NewStateValue"], told["FunctionName"]) == ("errors", "ALARM", "hello")
    assert told["Link"].endswith(f"/alarms/{change.alarm_id}")
    change.refresh_from_db()
    assert change.told_at is not None
    alarms.run(str(change.pk))
    assert len(hook[0].told) == 1


def test_slack_gets_a_text(change, hook):
    Alarm.objects.update(style="slack")
    alarms.run(str(change.pk))
    assert hook[0].told[0]["text"].startswith("errors: In alarm. hello: Errors at or above 1 in 5 minutes")


def test_one_that_does_not_take_it_is_tried_three_times_and_shown(change, hook, caplog):
    hook[0].status = 500
    alarms.run(str(change.pk))
    change.refresh_from_db()
    assert (change.told_at, change.trouble) == (None, "The webhook answered 500.")
    assert len(hook[0].told) == 3
    assert "secret-token" not in caplog.text


def test_one_that_is_not_there_is_shown(change):
    Alarm.objects.update(webhook=vault().seal("http://127.0.0.1:1/secret-token"))
    alarms.run(str(change.pk))
    change.refresh_from_db()
    assert change.trouble == "The webhook does not answer (ConnectError)."


def test_a_change_that_is_gone_is_no_error(databases):
    alarms.run("01a22793-ae2a-75d9-ab8a-faf043cb4fb9")
