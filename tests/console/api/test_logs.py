"""CloudWatch Logs as an SDK sees it: events read, searched and put."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from functions.installation import config
from functions.log_streams import stream_of
from functions.models import LogEvent
from functions.queries import log_events, log_groups
from tests.console.api.logs import GROUP, OWN, YESTERDAY, call, messages, ms
from tests.console.api.neighbours import neighbour_of, refused

pytestmark = [
    pytest.mark.django_db(databases=["default", "telemetry"]),
    pytest.mark.urls("console.api.urls"),
]


def test_a_functions_logs_are_events_of_its_group(logs, seed) -> None:
    call(seed, YESTERDAY, "START\nhello\nEND\n", took_s=2, sandbox_id="ab12", version="3")
    (group,) = logs("DescribeLogGroups", logGroupNamePrefix="/aws/lambda/he")["logGroups"]
    assert group["logGroupName"] == GROUP
    assert group["arn"] == f"{group['logGroupArn']}:*"
    assert "retentionInDays" not in group
    answer = logs("FilterLogEvents", logGroupName=GROUP)
    assert messages(answer) == ["START", "hello", "END"]
    stream = stream_of(YESTERDAY, "3", "ab12")
    first = answer["events"][0]
    assert (first["logStreamName"], first["timestamp"]) == (stream, ms(YESTERDAY) + 2000)
    assert len({event["eventId"] for event in answer["events"]}) == 3
    assert {len(event["eventId"]) for event in answer["events"]} == {56}
    assert "nextToken" not in answer
    (shown,) = logs("DescribeLogStreams", logGroupName=GROUP)["logStreams"]
    assert (shown["logStreamName"], shown["lastEventTimestamp"]) == (stream, ms(YESTERDAY) + 2000)
    read = logs("GetLogEvents", logGroupName=GROUP, logStreamName=stream)
    assert messages(read) == ["START", "hello", "END"]
    by_arn = logs("FilterLogEvents", logGroupIdentifier=group["logGroupArn"])
    assert messages(by_arn) == ["START", "hello", "END"]


def test_events_come_by_when_their_call_was_over(logs, seed) -> None:
    call(seed, YESTERDAY, "long\n", took_s=600)
    call(seed, YESTERDAY + timedelta(seconds=1), "short\n")
    call(seed, YESTERDAY + timedelta(seconds=605), "last\n")
    assert messages(logs("FilterLogEvents", logGroupName=GROUP)) == ["short", "long", "last"]
    later = ms(YESTERDAY) + 300_000
    assert messages(logs("FilterLogEvents", logGroupName=GROUP, startTime=later)) == ["long", "last"]
    assert messages(logs("FilterLogEvents", logGroupName=GROUP, endTime=later)) == ["short"]
    until = {"startTime": later, "endTime": ms(YESTERDAY) + 600_000}
    assert messages(logs("FilterLogEvents", logGroupName=GROUP, **until)) == []


def test_who_follows_sees_every_event_once(logs, seed) -> None:
    """As `aws logs tail --follow` asks: from the newest event's time on, without the ids that it has seen."""
    start, seen, shown = ms(YESTERDAY), set(), []

    def poll():
        nonlocal start
        for event in logs("FilterLogEvents", logGroupName=GROUP, startTime=start)["events"]:
            if event["eventId"] not in seen:
                seen.add(event["eventId"])
                shown.append(event["message"].strip())
            start = max(start, event["timestamp"])

    call(seed, YESTERDAY + timedelta(seconds=5), "one\ntwo\n")
    poll()
    # It began before what was shown already, and has only now ended.
    call(seed, YESTERDAY, "began early\n", took_s=20)
    poll()
    poll()
    assert shown == ["one", "two", "began early"]


def test_pages_of_any_size_are_the_same_events(logs, seed, monkeypatch) -> None:
    for number in range(9):
        call(seed, YESTERDAY + timedelta(seconds=number), f"{number}a\n{number}b\n", took_s=number % 4)
    whole = [event["eventId"] for event in logs("FilterLogEvents", logGroupName=GROUP)["events"]]
    assert whole == sorted(whole)
    assert len(whole) == 18
    for stretch, window in ((20_000, 1000), (20_000, 2), (7, 7), (7, 1)):
        monkeypatch.setattr(log_events, "STRETCH", stretch)
        monkeypatch.setattr(log_events, "WINDOW", window)
        for size in (1, 3, 100):
            found, token = [], {}
            while True:
                answer = logs("FilterLogEvents", logGroupName=GROUP, limit=size, **token)
                assert len(answer["events"]) <= size
                found += [event["eventId"] for event in answer["events"]]
                if "nextToken" not in answer:
                    break
                token = {"nextToken": answer["nextToken"]}
            assert found == whole


def test_an_answer_has_about_a_megabyte(logs, seed) -> None:
    for number in range(4):
        call(seed, YESTERDAY + timedelta(seconds=number), "x" * 600_000)
    answer = logs("FilterLogEvents", logGroupName=GROUP)
    assert len(answer["events"]) == 2
    rest = logs("FilterLogEvents", logGroupName=GROUP, nextToken=answer["nextToken"])
    assert len(rest["events"]) == 2


def test_patterns_and_streams_choose(logs, seed) -> None:
    call(seed, YESTERDAY, "START\n[ERROR]\tno\nEND\n", sandbox_id="a")
    call(seed, YESTERDAY + timedelta(seconds=1), 'START\n{"level": "WARN", "n": 3}\nEND\n', sandbox_id="b")
    ask = {"logGroupName": GROUP}
    assert messages(logs("FilterLogEvents", **ask, filterPattern="ERROR")) == ["[ERROR]\tno"]
    assert messages(logs("FilterLogEvents", **ask, filterPattern="{ $.n > 2 }")) == [
        '{"level": "WARN", "n": 3}'
    ]
    assert messages(logs("FilterLogEvents", **ask, filterPattern="-START -END -WARN")) == ["[ERROR]\tno"]
    mine, other = (stream_of(YESTERDAY, "1", box) for box in "ab")
    assert len(logs("FilterLogEvents", **ask, logStreamNames=[mine])["events"]) == 3
    assert len(logs("FilterLogEvents", **ask, logStreamNames=[mine, other])["events"]) == 6
    assert len(logs("FilterLogEvents", **ask, logStreamNamePrefix=other)["events"]) == 3
    assert len(logs("FilterLogEvents", **ask, logStreamNamePrefix=f"{YESTERDAY:%Y/%m/}")["events"]) == 6
    assert logs("FilterLogEvents", **ask, logStreamNamePrefix="nothing")["events"] == []
    assert len(logs("DescribeLogStreams", **ask, logStreamNamePrefix=mine)["logStreams"]) == 1


def test_a_stream_is_read_to_both_sides(logs, seed) -> None:
    for number in range(5):
        call(seed, YESTERDAY + timedelta(seconds=number), f"{number}\n", sandbox_id="a")
    call(seed, YESTERDAY, "other\n", sandbox_id="b")
    ask = {"logGroupName": GROUP, "logStreamName": stream_of(YESTERDAY, "1", "a"), "limit": 2}
    last = logs("GetLogEvents", **ask)
    assert messages(last) == ["3", "4"]
    before = logs("GetLogEvents", **ask, nextToken=last["nextBackwardToken"])
    assert messages(before) == ["1", "2"]
    first = logs("GetLogEvents", **ask, nextToken=before["nextBackwardToken"])
    assert messages(first) == ["0"]
    ended = logs("GetLogEvents", **ask, nextToken=first["nextBackwardToken"])
    assert (ended["events"], ended["nextBackwardToken"]) == ([], first["nextBackwardToken"])
    head = logs("GetLogEvents", **ask, startFromHead=True)
    assert messages(head) == ["0", "1"]
    following = logs("GetLogEvents", **ask, nextToken=head["nextForwardToken"])
    assert messages(following) == ["2", "3"]
    tail = logs("GetLogEvents", **ask, nextToken=last["nextForwardToken"])
    assert (tail["events"], tail["nextForwardToken"]) == ([], last["nextForwardToken"])
    call(seed, YESTERDAY + timedelta(seconds=9), "new\n", sandbox_id="a")
    assert messages(logs("GetLogEvents", **ask, nextToken=last["nextForwardToken"])) == ["new"]
    ranged = logs("GetLogEvents", **ask, startTime=ms(YESTERDAY) + 1000, endTime=ms(YESTERDAY) + 2001)
    assert messages(ranged) == ["1", "2"]


def test_what_cannot_be_read(logs, seed, own) -> None:
    for operation in ("FilterLogEvents", "DescribeLogStreams", "DeleteLogGroup", "DeleteRetentionPolicy"):
        gone = refused(lambda name=operation: logs(name, logGroupName="/aws/lambda/nobody"))
        assert (gone.status, gone.code) == (400, "ResourceNotFoundException")
        assert gone.message == "The specified log group does not exist."
    ask = {"logGroupName": GROUP}
    for stream in ("nothing", stream_of(YESTERDAY, "1", "zz")):
        gone = refused(lambda stream=stream: logs("GetLogEvents", **ask, logStreamName=stream))
        assert gone.message == "The specified log stream does not exist."
    wrong = (
        lambda: logs("FilterLogEvents", **ask, filterPattern="[a, b]"),
        lambda: logs("FilterLogEvents", **ask, nextToken="%%%"),
        lambda: logs("FilterLogEvents", **ask, nextToken="YWJj"),
        lambda: logs("FilterLogEvents", **ask, logStreamNames=["a"], logStreamNamePrefix="a"),
        lambda: logs("FilterLogEvents", **ask, limit=0),
        lambda: logs("FilterLogEvents"),
        lambda: logs("GetLogEvents", **own, nextToken="x/1"),
        lambda: logs("GetLogEvents", **own, nextToken="f/1"),
        lambda: logs("DescribeLogGroups", logGroupNamePrefix="a", logGroupNamePattern="b"),
        lambda: logs("DescribeLogStreams", **OWN, orderBy="LastEventTime", logStreamNamePrefix="s"),
        lambda: logs("DescribeLogStreams", **OWN, nextToken="YWJj"),
        lambda: logs("PutRetentionPolicy", **OWN, retentionInDays=2),
        lambda: logs("CreateLogGroup", logGroupName="a b"),
        lambda: logs("PutLogEvents", **own, logEvents=[]),
    )
    for asked in wrong:
        assert (refused(asked).status, refused(asked).code) == (400, "InvalidParameterException")
    unknown = refused(lambda: logs("FilterLogEvents", **ask, logStreamNames=["nothing"]))
    assert unknown.code == "ResourceNotFoundException"


def test_a_programs_own_events(logs, own, seed) -> None:
    now = ms(timezone.now())
    events = [{"timestamp": now - 5, "message": "one"}, {"timestamp": now, "message": "two\nlines"}]
    answer = logs("PutLogEvents", **own, logEvents=events)
    assert (answer["nextSequenceToken"], "rejectedLogEventsInfo" in answer) == ("0", False)
    assert messages(logs("GetLogEvents", **own)) == ["one", "two\nlines"]
    assert messages(logs("FilterLogEvents", **OWN, filterPattern="two")) == ["two\nlines"]
    (stream,) = logs("DescribeLogStreams", **OWN)["logStreams"]
    assert (stream["firstEventTimestamp"], stream["lastEventTimestamp"]) == (now - 5, now)
    # Also beside what a function has printed, in one order.
    call(seed, timezone.now() - timedelta(minutes=5), "printed\n")
    logs("CreateLogStream", logGroupName=GROUP, logStreamName="mine")
    mine = [{"timestamp": now - 600_000, "message": "before"}, {"timestamp": now, "message": "after"}]
    logs("PutLogEvents", logGroupName=GROUP, logStreamName="mine", logEvents=mine)
    assert messages(logs("FilterLogEvents", logGroupName=GROUP)) == ["before", "printed", "after"]
    by_one = logs("FilterLogEvents", logGroupName=GROUP, limit=2)
    rest = logs("FilterLogEvents", logGroupName=GROUP, nextToken=by_one["nextToken"])
    assert messages(by_one) + messages(rest) == ["before", "printed", "after"]


def test_what_cannot_be_put(logs, own, viewer, function) -> None:
    now = ms(timezone.now())

    def put(*times, message="m", to=own):
        return logs("PutLogEvents", **to, logEvents=[{"timestamp": at, "message": message} for at in times])

    assert "chronological" in refused(lambda: put(now, now - 1)).message
    assert "24 hours" in refused(lambda: put(now - 25 * 3600 * 1000, now)).message
    assert "Upload too large" in refused(lambda: put(now, now, message="x" * 600_000)).message
    missing = refused(lambda: put(now, to={**OWN, "logStreamName": "none"}))
    assert missing.code == "ResourceNotFoundException"
    day = 24 * 3600 * 1000
    old = put(now - 15 * day - 1, now - 15 * day)["rejectedLogEventsInfo"]
    assert old == {"tooOldLogEventEndIndex": 2}
    assert put(now, now + day // 2)["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    logs("PutRetentionPolicy", **OWN, retentionInDays=1)
    assert put(now - 3 * day)["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    assert LogEvent.objects.count() == 1
    looks = neighbour_of(viewer, "logs")
    assert looks("FilterLogEvents", **OWN)["events"]
    for change in (
        lambda: looks("PutLogEvents", **own, logEvents=[{"timestamp": now, "message": "m"}]),
        lambda: looks("CreateLogGroup", logGroupName="/x"),
        lambda: looks("CreateLogStream", **OWN, logStreamName="x"),
        lambda: looks("DeleteLogStream", **own),
        lambda: looks("DeleteLogGroup", **OWN),
        lambda: looks("PutRetentionPolicy", **OWN, retentionInDays=1),
        lambda: looks("DeleteRetentionPolicy", **OWN),
    ):
        assert (refused(change).status, refused(change).code) == (400, "AccessDeniedException")


def test_many_calls_are_found_without_reading_them_all(logs, seed, django_assert_num_queries) -> None:
    for number in range(30):
        call(seed, YESTERDAY + timedelta(seconds=number), f"{number}\n")
    with django_assert_num_queries(3, using="telemetry"):
        log_groups_asked = log_groups.group_named(_project(seed), config().region, GROUP)
        assert log_groups_asked.function_ids
        wanted = log_events.EventRange(0, ms(timezone.now()), log_events.FilterPattern())
        assert len(log_events.event_page(replace(log_groups_asked, row=None), wanted, 5).items) == 5


def _project(seed):
    from functions.models import Project

    return Project.objects.get(pk=seed.project_id)
