"""The journal: order of write and answer, replay after a crash, torn tails, a full disk, Redis away."""

import asyncio
import errno
import os

import pytest
import redis.exceptions

from functions.records import InvocationRecord, decode_records
from runner.gateway.journal import Journal, frame, split_frames
from runner.gateway.shipper import RecordStream, Shipper, StreamBusy


def record(number, **more):
    return InvocationRecord(
        request_id=str(number), project_id="p", function_id="f", function_name="hello", **more
    )


def run(main):
    return asyncio.run(main())


def journal_at(path, **more):
    return Journal(path, asyncio.get_running_loop(), **more)


def read_all(journal):
    ids = []
    while (batch := journal.read(200)) is not None:
        ids += [one.request_id for one in decode_records(batch.data)]
        journal.shipped(batch)
    return ids


def test_one_write_per_tick_before_its_answers(tmp_path, monkeypatch):
    async def main():
        happened = []
        real = os.write
        monkeypatch.setattr(os, "write", lambda fd, data: (happened.append("write"), real(fd, data))[1])
        journal = journal_at(tmp_path)
        for number in range(3):
            journal.add(record(number), lambda n=number: happened.append(n))
        assert happened == []
        await asyncio.sleep(0)
        assert happened == ["write", 0, 1, 2]
        assert read_all(journal) == ["0", "1", "2"]
        assert journal.backlog == 0

    run(main)


def test_a_broken_answer_does_not_hold_back_others(tmp_path):
    async def main():
        sent = []
        journal = journal_at(tmp_path)
        journal.add(record(1), lambda: 1 / 0)
        journal.add(record(2), lambda: sent.append(2))
        journal.flush()
        assert sent == [2]

    run(main)


def test_what_was_not_shipped_is_read_after_a_crash(tmp_path):
    async def before():
        journal = journal_at(tmp_path, segment_bytes=300)
        for number in range(10):
            journal.add(record(number))
            journal.flush()
        batch = journal.read(20)
        journal.shipped(batch)
        return len(decode_records(batch.data))

    async def after():
        journal = journal_at(tmp_path, segment_bytes=300)
        journal.add(record("new"))
        journal.flush()
        return read_all(journal), journal.backlog

    assert run(before) == 1
    ids, backlog = run(after)
    # The segment that was only partly shipped comes again: the recorder tells by the id.
    assert ids == [str(number) for number in range(10)] + ["new"]
    assert backlog == 0
    assert len(list(tmp_path.iterdir())) == 1


def test_a_torn_tail_is_skipped(tmp_path):
    async def before():
        journal = journal_at(tmp_path)
        journal.add(record("whole"))
        journal.flush()

    run(before)
    segment = next(tmp_path.iterdir())
    segment.write_bytes(segment.read_bytes() + frame(b"[1,2,3]")[:-2])

    async def after():
        journal = journal_at(tmp_path)
        journal.add(record("new"))
        journal.flush()
        return read_all(journal), journal.backlog

    assert run(after) == (["whole", "new"], 0)


def test_damage_is_told_by_the_checksum():
    good = frame(b"[1]")
    assert split_frames(good * 2) == ([b"[1]", b"[1]"], 2 * len(good))
    assert split_frames(good + good[:-1] + b"x") == ([b"[1]"], len(good))


def test_a_frame_larger_than_the_window(tmp_path):
    async def main():
        journal = journal_at(tmp_path)
        journal.add(record(1, log="x" * 5000))
        journal.flush()
        assert read_all(journal) == ["1"]

    run(main)


def test_a_full_disk_keeps_records_in_memory_and_answers(tmp_path, monkeypatch):
    async def main():
        journal = journal_at(tmp_path, memory_bytes=1000)
        real, answered = os.write, []

        def full(*_):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "write", full)
        for number in range(20):
            journal.add(record(number), lambda n=number: answered.append(n))
            journal.flush()
        assert answered == list(range(20))
        assert journal.trouble.startswith("Records of calls cannot be written: No space left on device.")
        assert 0 < journal.lost < 20
        monkeypatch.setattr(os, "write", real)
        journal.add(record("later"))
        journal.flush()
        ids = read_all(journal)
        assert journal.trouble == ""
        assert ids[-1] == "later"
        assert len(ids) == 21 - journal.lost

    run(main)


def test_a_short_write_leaves_no_half_frame(tmp_path, monkeypatch):
    async def main():
        journal = journal_at(tmp_path)
        real = os.write
        monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:10]))
        journal.add(record(1))
        journal.flush()
        monkeypatch.setattr(os, "write", real)
        journal.add(record(2))
        journal.flush()
        assert read_all(journal) == ["1", "2"]

    run(main)


def test_where_no_other_file_has_room_the_segment_goes_on_and_answers_leave(tmp_path, monkeypatch):
    async def main():
        journal = journal_at(tmp_path, segment_bytes=200)
        real, answered = os.open, []

        def full(path, *rest, **more):
            if str(path).startswith(str(tmp_path)):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(path, *rest, **more)

        monkeypatch.setattr(os, "open", full)
        for number in range(3):
            journal.add(record(number), lambda n=number: answered.append(n))
            journal.flush()
        assert answered == [0, 1, 2]
        monkeypatch.setattr(os, "open", real)
        for number in range(3, 6):
            journal.add(record(number))
            journal.flush()
        assert len(list(tmp_path.glob("*.log"))) > 1
        assert read_all(journal) == [str(number) for number in range(6)]

    run(main)


def test_the_backlog_is_bounded(tmp_path):
    async def main():
        journal = journal_at(tmp_path, backlog_bytes=500, memory_bytes=0)
        for number in range(20):
            journal.add(record(number))
            journal.flush()
        assert journal.backlog <= 500
        assert journal.lost > 0
        assert "too many of them wait for Redis" in journal.trouble

    run(main)


def test_the_shipper_waits_for_redis_and_loses_nothing(tmp_path):
    async def main():
        journal = journal_at(tmp_path)
        sent, troubles = [], [redis.exceptions.ConnectionError("refused"), StreamBusy(), None, None]

        async def send(data):
            trouble = troubles.pop(0)
            if trouble:
                raise trouble
            sent.extend(one.request_id for one in decode_records(data))

        shipper = Shipper(journal, send)
        journal.add(record(1))
        journal.flush()
        assert not await shipper.ship_once()
        assert shipper.trouble.startswith("Redis does not answer.")
        assert not await shipper.ship_once()
        assert shipper.trouble == "The recorder is behind; records wait in the journal."
        assert journal.backlog > 0
        await shipper.drain(5)
        assert (sent, shipper.trouble, journal.backlog) == (["1"], "", 0)
        journal.close()
        assert list(tmp_path.iterdir()) == []

    run(main)


@pytest.mark.redis
def test_records_reach_a_real_stream(tmp_path, redis_url):
    async def main():
        client = redis.asyncio.Redis.from_url(redis_url)
        journal = journal_at(tmp_path)
        journal.add(record(7))
        journal.flush()
        await Shipper(journal, RecordStream(client, "records").send).drain(10)
        entries = await client.xrange("records")
        await client.aclose()
        return decode_records(entries[0][1][b"d"])[0].request_id

    assert run(main) == "7"
