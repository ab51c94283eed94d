"""Queues on the Triggers tab: bound, shown with what waits, paused and let go."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from functions.models import EventSourceMapping, MessageQueue
from functions.services import event_sources, message_queues, queue_messages
from functions.services.queue_messages import Sending
from functions.states import Role


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    """No Redis here."""
    for module in ("queue_messages", "event_sources"):
        monkeypatch.setattr(f"functions.services.{module}.enqueue_drain", lambda: None)


def url_of(project, name, *args):
    return reverse(name, args=[project.account, "hello", *args])


def page(client, project):
    return client.get(url_of(project, "function_triggers")).content.decode()


def test_a_queue_is_made_bound_paused_and_let_go(admin, project, function):
    assert "No queues" in page(admin, project)
    typed = {"queue": "orders", "batch_size": "5", "window_s": "0", "reports_failures": "1"}
    assert admin.post(url_of(project, "queue_save"), typed).status_code == 302
    mapping, queue = EventSourceMapping.objects.get(), MessageQueue.objects.get()
    assert (mapping.qualifier, mapping.batch_size, mapping.reports_failures) == ("live", 5, True)
    assert (queue.name, queue.visibility_s) == ("orders", 30)
    queue_messages.send(queue=queue, messages=[Sending("a")] * 7)
    shown = page(admin, project)
    assert "orders" in shown
    assert "<td>7</td>" in shown
    assert "Active" in shown
    listed = admin.get(reverse("functions", args=[project.account])).content.decode()
    assert '<span title="Queue">' in listed
    admin.post(url_of(project, "queue_pause", mapping.pk), {"enabled": "0"})
    mapping.refresh_from_db()
    assert not mapping.enabled
    assert "Resume queue orders" in page(admin, project)
    gone = url_of(project, "queue_delete", mapping.pk)
    assert b"Nothing was changed" in admin.post(gone, follow=True).content
    admin.post(gone, {"typed_name": "orders"})
    assert not EventSourceMapping.objects.exists()
    assert MessageQueue.objects.exists()


def test_what_is_wrong_with_a_queue_is_said(admin, project, function, principal):
    mapping = event_sources.create_mapping_by_name(acting=principal, function=function, queue_name="orders")
    words = "PROBLEM: Function call failed: no"
    event_sources.note_result(mapping_id=mapping.pk, result=words, now=timezone.now())
    shown = page(admin, project)
    assert words in shown
    assert "Failing" in shown
    message_queues.delete_queue(acting=principal, queue=MessageQueue.objects.select_related("project").get())
    assert "Queue deleted" in page(admin, project)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"batch_size": "0"}, "batch_size"),
        ({"batch_size": "x"}, "batch_size"),
        ({"batch_size": "50"}, "window_s"),
        ({"queue": "a b"}, "queue"),
        ({"queue": ""}, "queue"),
        ({"queue": "line.fifo", "window_s": "5"}, "window_s"),
    ],
)
def test_a_refused_queue_says_why_beside_its_field(admin, project, function, changed, field):
    typed = {"queue": "orders", "batch_size": "10", "window_s": "0", **changed}
    answer = admin.post(url_of(project, "queue_save"), typed)
    assert answer.status_code == 400
    assert f'id="queue-{field}-problem"' in answer.content.decode()
    assert not EventSourceMapping.objects.exists()
    assert not MessageQueue.objects.exists()  # nor is the queue left behind


def test_binding_needs_the_role_developer(as_role, project, function, principal):
    mapping = event_sources.create_mapping_by_name(acting=principal, function=function, queue_name="orders")
    viewer = as_role(Role.VIEWER)
    assert "orders" in page(viewer, project)
    assert "New queue trigger" not in page(viewer, project)
    assert viewer.post(url_of(project, "queue_save"), {}).status_code == 403
    for name in ("queue_pause", "queue_delete"):
        assert viewer.post(url_of(project, name, mapping.pk)).status_code == 403
    assert EventSourceMapping.objects.get().enabled
