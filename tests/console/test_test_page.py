"""The Test tab: running through the gateway, the result in words and numbers, and saved events."""

import pytest
from django.urls import reverse

from functions import models
from functions.records import InvocationRecord
from functions.states import Outcome, Role, TriggerKind
from runner.client import GatewayClient

REQUEST_ID = "0190a000-0000-7000-8000-000000000001"


def url_of(project, name="function_test", function="hello"):
    return reverse(name, args=[project.account, function])


@pytest.fixture
def answer_with(monkeypatch, project, function):
    """Let the gateway answer with a record; returns the orders it got."""
    orders = []

    def prepare(**fields):
        record = InvocationRecord(
            **{
                "request_id": REQUEST_ID,
                "project_id": str(project.pk),
                "function_id": str(function.pk),
                "function_name": "hello",
                "version": "1",
                "duration_us": 12_300,
                "billed_ms": 13,
                "memory_mb": 128,
                "memory_used": 40 * 1024 * 1024,
                "cost_pico": 227_083,
                **fields,
            }
        )
        monkeypatch.setattr(GatewayClient, "invoke", lambda self, order: (orders.append(order), record)[1])
        return orders

    return prepare


def test_a_run_shows_response_log_and_numbers(admin, project, answer_with):
    orders = answer_with(
        response='{"a":1}', log=f"START RequestId: {REQUEST_ID}\nhi\n", cold=True, init_us=84_000
    )
    text = admin.post(url_of(project, "function_test_run"), {"payload": '{"n": 1}'}).content.decode()
    for shown in (
        "Succeeded",
        "&quot;a&quot;: 1",
        "hi",
        "12 ms",
        "13 ms",
        "84 ms",
        "cold",
        "40 MB of 128 MB",
    ):
        assert shown in text
    assert "$0.00000023" in text  # this call
    assert "$0.23" in text  # a million like it
    assert reverse("invocation", args=[project.account, "hello", REQUEST_ID]) in text
    assert orders[0].payload == b'{"n": 1}'
    assert orders[0].qualifier == "live"
    assert orders[0].trigger == TriggerKind.TEST


def test_an_error_links_to_its_line(admin, project, answer_with):
    stack = ['  File "/var/task/lib/prices.py", line 7, in total\n    return 1 / 0\n']
    answer_with(
        outcome=Outcome.FUNCTION_ERROR,
        error_type="ZeroDivisionError",
        error_message="<b>zero</b>",
        stack=stack,
    )
    text = admin.post(url_of(project, "function_test_run"), {"payload": "{}"}).content.decode()
    assert "ZeroDivisionError" in text
    assert "&lt;b&gt;zero" in text
    assert f"{url_of(project, 'function_code')}?file=lib%2Fprices.py&amp;line=7" in text


def test_an_event_that_is_no_json_says_where_it_breaks(admin, project, answer_with):
    orders = answer_with()
    answer = admin.post(url_of(project, "function_test_run"), {"payload": '{"a":\n oops}'})
    assert answer.status_code == 400
    assert b"line 2, column 2" in answer.content
    assert not orders


def test_what_was_never_deployed_has_no_test_tab_to_run_it_on(admin, project, draft):
    assert b"Nothing to run yet" in admin.get(url_of(project, function="sketch")).content


def test_an_event_is_saved_chosen_and_deleted(admin, project, function):
    save = url_of(project, "test_event_save")
    answer = admin.post(save, {"name": "order", "payload": '{"id": 7}'})
    assert answer.url == f"{url_of(project)}?event=order"
    assert "{&quot;id&quot;: 7}" in admin.get(answer.url).content.decode()
    admin.post(save, {"name": "order", "payload": '{"id": 8}'})
    assert models.TestEvent.objects.get().payload == '{"id": 8}'
    gone = url_of(project, "test_event_delete")
    assert b"Nothing was changed" in admin.post(gone, {"name": "order"}, follow=True).content
    admin.post(gone, {"name": "order", "typed_name": "order"})
    assert not models.TestEvent.objects.exists()


@pytest.mark.parametrize(
    ("name", "payload", "told"), [("", "{}", "1 to 64 characters"), ("x", "{", "not JSON")]
)
def test_a_refused_event_keeps_what_was_typed(admin, project, function, name, payload, told):
    answer = admin.post(url_of(project, "test_event_save"), {"name": name, "payload": payload})
    assert answer.status_code == 400
    text = answer.content.decode()
    assert told in text
    assert f'autocomplete="off" value="{name}"' in text
    assert not models.TestEvent.objects.exists()


def test_deleting_an_unknown_event_is_refused(admin, project, function):
    assert (
        admin.post(
            url_of(project, "test_event_delete"), {"name": "nothing", "typed_name": "nothing"}
        ).status_code
        == 404
    )


def test_a_function_with_a_url_begins_with_a_request(admin, project, function):
    models.FunctionUrl.objects.create(function=function, url_id="abc")
    assert "rawPath" in admin.get(url_of(project)).content.decode()


def test_running_and_saving_need_the_role_developer(as_role, stranger, project, answer_with):
    orders = answer_with()
    viewer = as_role(Role.VIEWER)
    assert viewer.post(url_of(project, "function_test_run"), {"payload": "{}"}).status_code == 403
    assert viewer.post(url_of(project, "test_event_save"), {"name": "x", "payload": "{}"}).status_code == 403
    assert b"needs the role developer" in viewer.get(url_of(project)).content
    assert stranger.post(url_of(project, "function_test_run"), {"payload": "{}"}).status_code == 404
    assert not orders
