"""Queues: made, looked into, sent to, redriven, purged and deleted, by whom it may be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from functions.models import AuditEntry, MessageQueue, QueueMessage
from functions.queries import queue_pages
from functions.services import event_sources, message_queues, queue_care, queue_messages
from functions.services.queue_messages import Sending
from functions.states import Role
from tests.support import rows

NEW = {"visibility_s": "30", "delay_s": "0", "retention_s": "345600", "dead_letters": "", "max_receives": "5"}


@pytest.fixture(autouse=True)
def woken(monkeypatch) -> list[str]:
    """Workers are not told: there is no Redis here."""
    told: list[str] = []
    for module in ("queue_messages", "queue_care", "event_sources"):
        monkeypatch.setattr(f"functions.services.{module}.enqueue_drain", lambda: told.append("drain"))
    return told


def url(name, project, *more):
    return reverse(name, args=[project.account, *more])


def make(principal, project, name: str, **attributes: str) -> MessageQueue:
    return message_queues.create_queue(
        acting=principal, project=project, name=name, attributes=attributes or None
    )


def text_of(answer) -> str:
    return answer.content.decode()


@pytest.fixture
def queue(principal, project) -> MessageQueue:
    return make(principal, project, "orders")


@pytest.fixture
def dead(principal, project) -> tuple[MessageQueue, MessageQueue]:
    """A queue, and the one that takes its dead letters and has two of them."""
    letters = make(principal, project, "letters")
    policy = f'{{"deadLetterTargetArn": "{letters.arn}", "maxReceiveCount": 1}}'
    source = make(principal, project, "source", RedrivePolicy=policy)
    queue_messages.send(queue=source, messages=[Sending("first"), Sending("second")])
    for _ in range(2):
        now = timezone.now() + timedelta(seconds=1)
        queue_messages.receive(queue=source, limit=10, hidden_s=0, now=now)
    assert QueueMessage.objects.filter(queue_id=letters.pk).update(visible_at=timezone.now()) == 2
    return source, letters


def test_an_empty_list_says_what_a_queue_is(admin, project):
    assert "No queues" in text_of(admin.get(url("queues", project)))


def test_one_is_made_with_what_was_typed(admin, project, principal):
    make(principal, project, "letters")
    typed = {**NEW, "name": "orders", "visibility_s": "60", "dead_letters": "letters", "max_receives": "3"}
    answer = admin.post(url("queues", project), typed)
    made = MessageQueue.objects.get(name="orders")
    assert answer.url == url("queue", project, made.pk)
    assert (made.visibility_s, made.max_receives, made.dead_letter_arn.rpartition(":")[2]) == (
        60,
        3,
        "letters",
    )
    assert AuditEntry.objects.filter(action="queue.create", target_name="orders").exists()
    listed = text_of(admin.get(url("queues", project)))
    assert url("queue", project, made.pk) in listed
    admin.post(url("queues", project), {**NEW, "name": "line.fifo"})
    line = MessageQueue.objects.get(name="line.fifo")
    assert (line.fifo, line.content_deduplication) == (True, True)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": "has space"}, "name"),
        ({"name": ""}, "name"),
        ({"visibility_s": "43201"}, "visibility_s"),
        ({"delay_s": "x"}, "delay_s"),
        ({"retention_s": "59"}, "retention_s"),
        ({"dead_letters": "none-such"}, "dead_letters"),
        ({"dead_letters": "letters", "max_receives": "0"}, "max_receives"),
    ],
)
def test_a_refusal_stands_beside_its_field(admin, project, changed, field):
    answer = admin.post(url("queues", project), {**NEW, "name": "orders", "delay_s": "7", **changed})
    assert answer.status_code == 400
    assert f'id="field-{field}-problem"' in text_of(answer)
    assert not MessageQueue.objects.exists()


def test_a_name_with_other_settings_is_refused(admin, project, queue):
    answer = admin.post(url("queues", project), {**NEW, "name": "orders", "visibility_s": "5"})
    assert answer.status_code == 400
    assert 'id="field-name-problem"' in text_of(answer)


def test_messages_are_looked_at_and_stay(admin, project, queue):
    now = timezone.now()
    queue_messages.send(queue=queue, messages=[Sending(f'{{"n": {n}}}') for n in range(23)])
    queue_messages.send(queue=queue, messages=[Sending("later", delay_s=900)])
    queue_messages.receive(queue=queue, limit=1, hidden_s=60, now=now + timedelta(seconds=1))
    shown = text_of(admin.get(url("queue", project, queue.pk)))
    assert "22 messages wait, 1 in flight, 1 delayed." in shown
    assert "{&quot;n&quot;: 0}" in shown
    assert "In flight" in shown
    assert "n&quot;: 20" not in shown
    page = queue_pages.messages_of(queue, marker="", now=now)
    rest = text_of(admin.get(url("queue", project, queue.pk), {"marker": page.next_marker}))
    assert "n&quot;: 20" in rest
    assert "Delayed" in rest
    assert "First page" in rest
    assert sorted(QueueMessage.objects.values_list("receives", flat=True)) == [0] * 23 + [1]
    assert admin.get(url("queue", project, queue.pk), {"marker": "nonsense"}).status_code == 400


def test_a_message_is_sent_and_another_refused(admin, project, queue):
    send = url("queue_send", project, queue.pk)
    assert admin.post(send, {"body": " kept as it is ", "delay": "5"}).status_code == 302
    [message] = QueueMessage.objects.all()
    assert message.body == " kept as it is "
    assert message.visible_at > timezone.now()
    for typed, field in (
        ({"body": ""}, "body"),
        ({"body": "a\x01"}, "body"),
        ({"body": "a", "delay": "901"}, "delay"),
        ({"body": "a", "delay": "x"}, "delay"),
    ):
        answer = admin.post(send, typed)
        assert (answer.status_code, f'id="message-{field}-problem"' in text_of(answer)) == (400, True)
    assert QueueMessage.objects.count() == 1
    assert AuditEntry.objects.filter(action="queue.send").count() == 1


def test_a_fifo_queue_asks_for_the_group(admin, project, principal):
    line = make(principal, project, "line.fifo", FifoQueue="true")
    send = url("queue_send", project, line.pk)
    assert b'id="message-group_id-problem"' in admin.post(send, {"body": "a"}).content
    without = admin.post(send, {"body": "a", "group_id": "g"})
    assert (without.status_code, b'id="message-deduplication_id-problem"' in without.content) == (400, True)
    assert admin.post(send, {"body": "a", "group_id": "g", "deduplication_id": "1"}).status_code == 302
    assert "group g" in text_of(admin.get(url("queue", project, line.pk)))


def test_a_message_is_deleted_once(admin, project, queue):
    queue_messages.send(queue=queue, messages=[Sending("a"), Sending("b")])
    first = QueueMessage.objects.order_by("number")[0]
    gone = url("queue_message_delete", project, queue.pk, first.message_id)
    assert admin.post(gone).status_code == 302
    assert admin.post(gone).status_code == 404
    assert [row.body for row in QueueMessage.objects.all()] == ["b"]
    assert AuditEntry.objects.filter(action="queue.message.delete").count() == 1


def test_settings_are_changed(admin, project, queue, principal):
    make(principal, project, "letters")
    typed = {**NEW, "retention_s": "60", "dead_letters": "letters", "max_receives": "9"}
    assert admin.post(url("queue", project, queue.pk), typed).status_code == 302
    queue.refresh_from_db()
    assert (queue.retention_s, queue.max_receives) == (60, 9)
    shown = text_of(admin.get(url("queue", project, queue.pk)))
    assert "go to letters after 9 receives" in shown
    admin.post(url("queue", project, queue.pk), NEW)
    queue.refresh_from_db()
    assert queue.dead_letter_arn == ""
    refused = admin.post(url("queue", project, queue.pk), {**NEW, "dead_letters": "orders"})
    assert (refused.status_code, b'id="field-dead_letters-problem"' in refused.content) == (400, True)


def test_dead_letters_go_back(admin, project, principal, function, dead, woken):
    source, letters = dead
    queue_messages.send(queue=letters, messages=[Sending("sent here")])
    shown = text_of(admin.get(url("queue", project, letters.pk)))
    assert "from source" in shown
    assert "Redrive" in shown
    assert "Redrive" not in text_of(admin.get(url("queue", project, source.pk)))
    event_sources.create_mapping_by_name(acting=principal, function=function, queue_name="source")
    woken.clear()
    before = QueueMessage.objects.filter(source_arn=source.arn).values_list("sent_at", flat=True)[0]
    told = text_of(admin.post(url("queue_redrive", project, letters.pk), follow=True))
    assert "Messages moved back to their queues: 2. With no queue to go back to: 1." in told
    rows = QueueMessage.objects.filter(queue_id=source.pk).order_by("number")
    assert [(row.body, row.receives, row.source_arn) for row in rows] == [("first", 0, ""), ("second", 0, "")]
    assert all(row.sent_at > before for row in rows)
    assert QueueMessage.objects.get(queue_id=letters.pk).body == "sent here"
    assert AuditEntry.objects.get(action="queue.redrive").after == {"moved": 2}


def test_a_redrive_goes_in_steps_and_ends(principal, dead, monkeypatch):
    source, letters = dead
    monkeypatch.setattr(queue_care, "MOVED_AT_ONCE", 1)
    monkeypatch.setattr(queue_care, "MOST_MOVED", 1)
    assert queue_care.redrive(acting=principal, queue=letters) == queue_care.Redriven(1, 1, 0)
    monkeypatch.setattr(queue_care, "MOST_MOVED", 10)
    assert queue_care.redrive(acting=principal, queue=letters) == queue_care.Redriven(1, 0, 0)
    assert QueueMessage.objects.filter(queue_id=source.pk).count() == 2


def test_what_somebody_holds_or_has_no_home_stays(principal, dead):
    source, letters = dead
    now = timezone.now()
    queue_messages.receive(queue=letters, limit=1, hidden_s=60, now=now)
    assert queue_care.redrive(acting=principal, queue=letters) == queue_care.Redriven(1, 1, 0)
    QueueMessage.objects.filter(queue_id=letters.pk).update(visible_at=timezone.now())
    message_queues.delete_queue(acting=principal, queue=source)
    assert queue_care.redrive(acting=principal, queue=letters) == queue_care.Redriven(0, 0, 1)


def test_purging_and_deleting_ask_for_the_name(admin, project, queue):
    queue_messages.send(queue=queue, messages=[Sending("a")])
    purge, delete = url("queue_purge", project, queue.pk), url("queue_remove", project, queue.pk)
    assert admin.post(purge, {"typed_purge": "order"}).status_code == 400
    assert admin.post(delete, {"typed_name": "order"}).status_code == 400
    assert QueueMessage.objects.exists()
    assert admin.post(purge, {"typed_purge": "orders"}).status_code == 302
    assert not QueueMessage.objects.exists()
    again = admin.post(purge, {"typed_purge": "orders"})
    assert "every 60 seconds" in text_of(again)
    assert admin.post(delete, {"typed_name": "orders"}).url == url("queues", project)
    assert not MessageQueue.objects.exists()


def test_viewers_look_and_strangers_do_not(as_role, stranger, project, dead):
    _, letters = dead
    viewer, address = as_role(Role.VIEWER), url("queue", project, letters.pk)
    shown = text_of(viewer.get(address))
    assert "first" in shown
    for word in ("Send a message", "Redrive", "Purge", "Save settings"):
        assert word not in shown
    assert "New queue" not in text_of(viewer.get(url("queues", project)))
    message = QueueMessage.objects.all()[0]
    posts = [
        url("queues", project),
        address,
        url("queue_message_delete", project, letters.pk, message.message_id),
    ]
    posts += [
        url(name, project, letters.pk)
        for name in ("queue_send", "queue_redrive", "queue_purge", "queue_remove")
    ]
    for post in posts:
        assert viewer.post(post, {"typed_name": "letters", "typed_purge": "letters"}).status_code == 403
        assert stranger.post(post).status_code == 404
    assert stranger.get(address).status_code == 404
    assert QueueMessage.objects.count() == 2


def test_another_projects_queue_is_not_there(admin, project):
    theirs = MessageQueue.objects.create(
        project=rows.make_project("Other"), region="us-east-1", name="theirs"
    )
    answer = admin.get(url("queue", project, theirs.pk))
    assert (answer.status_code, "theirs" in text_of(answer)) == (404, False)
