"""The hub without connections: who gets what, and who is let go."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame as Reference
from websockets.frames import Opcode

from ncr.live.hub import MOST_BYTES, MOST_FRAMES, STALL_S, Backlog, Frame, Hub, Queue, Subscriber, leave


class Reader(Subscriber):
    """Reads at once, until it is told to be slow."""

    def __init__(self, name: str, journal: list[str], direct: bool = True) -> None:
        super().__init__((lambda wire: self.read(wire)) if direct else None)
        self.name = name
        self.journal = journal
        self.room = MOST_FRAMES
        self.behind = False
        self.on_write: Callable[[], None] | None = None

    def read(self, wire: bytes) -> None:
        self.journal.append(f"{self.name} {wire[2:].decode()}")
        if self.on_write:
            self.on_write()

    def push(self, frame: Frame) -> bool:
        self.room -= 1
        if self.room >= 0:
            self.read(frame.wire)
        return self.room >= 0

    def is_behind(self) -> bool:
        return self.behind

    def stalls(self, now: float) -> bool:
        return now > 100

    def end(self, last: Frame, code: int) -> None:
        self.journal.append(f"{self.name} ends {code}")


@pytest.fixture
def journal() -> list[str]:
    return []


@pytest.fixture
def hub() -> Hub:
    return Hub(lambda slow: slow.end(Frame(b"slow"), 4408))


@given(st.binary(max_size=300) | st.sampled_from([b"x" * 125, b"x" * 126, b"x" * 65535, b"x" * 65536]))
def test_a_frame_is_encoded_as_the_protocol_says(data: bytes) -> None:
    assert Frame(data).wire == Reference(Opcode.TEXT, data).serialize(mask=False)


def test_a_frame_reaches_its_channel_and_no_other(hub: Hub, journal: list[str]) -> None:
    ann, bo, cat = (Reader(name, journal) for name in ("ann", "bo", "cat"))
    hub.join("red", ann)
    hub.join("red", bo)
    hub.join("blue", cat)
    hub.publish("red", Frame(b"hi"))
    hub.publish("nobody", Frame(b"hi"))
    assert sorted(journal) == ["ann hi", "bo hi"]


def test_a_subscriber_is_on_one_channel_at_a_time_and_gone_after_leaving(hub: Hub, journal: list[str]) -> None:
    ann = Reader("ann", journal)
    hub.join("red", ann)
    hub.join("blue", ann)
    assert (len(hub), hub.names()) == (1, {"blue"})
    leave(ann)
    leave(ann)
    hub.publish("red", Frame(b"hi"))
    hub.publish("blue", Frame(b"hi"))
    assert (journal, len(hub), hub.names()) == ([], 0, set())


def test_the_slow_is_dropped_and_the_others_get_every_frame(hub: Hub, journal: list[str]) -> None:
    ann, slow = Reader("ann", journal), Reader("slow", journal, direct=False)
    slow.room = 1
    hub.join("red", ann)
    hub.join("red", slow)
    for text in (b"1", b"2", b"3"):
        hub.publish("red", Frame(text))
    assert [line for line in journal if line.startswith("ann")] == ["ann 1", "ann 2", "ann 3"]
    assert [line for line in journal if line.startswith("slow")] == ["slow 1", "slow ends 4408"]


def test_who_falls_behind_by_a_frame_does_not_get_it_twice(hub: Hub, journal: list[str]) -> None:
    ann = Reader("ann", journal)
    hub.join("red", ann)
    assert ann.channel is not None
    ann.on_write = lambda: ann.channel.place(ann, keeps_up=False) if ann.channel else None
    hub.publish("red", Frame(b"1"))
    hub.publish("red", Frame(b"2"))
    assert journal == ["ann 1", "ann 2"]
    assert ann.room == MOST_FRAMES - 1, "the second was asked for"


def test_a_sweep_finds_who_stalls_though_nothing_is_said(hub: Hub, journal: list[str]) -> None:
    slow = Reader("slow", journal, direct=False)
    hub.join("red", slow)
    hub.sweep(100)
    assert journal == []
    hub.sweep(101)
    assert (journal, len(hub)) == (["slow ends 4408"], 0)


def test_an_end_says_goodbye_to_the_whole_channel(hub: Hub, journal: list[str]) -> None:
    for name, direct in (("ann", True), ("bo", False)):
        hub.join("red", Reader(name, journal, direct))
    hub.end("red", Frame(b"bye"), 1000)
    assert (sorted(journal), len(hub)) == (["ann ends 1000", "bo ends 1000"], 0)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=30), st.data())
def test_a_backlog_counts_what_is_left(sizes: list[int], data: st.DataObject) -> None:
    backlog = Backlog(sizes[0], 0.0)
    for size in sizes[1:]:
        backlog.add(size)
        left = data.draw(st.integers(1, backlog.unsent + 8))
        before, taken = backlog.unsent, backlog.unsent - left
        backlog.settle(left, 1.0)
        assert sum(backlog.sizes) == backlog.unsent == left
        assert all(part > 0 for part in backlog.sizes)
        assert (backlog.progress_at == 1.0) >= (taken > 0), (before, left)


def test_over_64_frames_or_a_mebibyte_or_five_seconds_there_is_no_room() -> None:
    frames = Backlog(1, 0.0)
    while frames.has_room(1, 0.0):
        frames.add(1)
    assert len(frames.sizes) == MOST_FRAMES
    large = Backlog(10 * MOST_BYTES, 0.0)
    assert large.has_room(MOST_BYTES, STALL_S), "the frame under way may be large"
    assert not large.has_room(MOST_BYTES + 1, STALL_S)
    assert not large.has_room(1, STALL_S + 0.1)
    large.settle(9 * MOST_BYTES, STALL_S + 0.1)
    assert large.has_room(1, STALL_S + 0.1), "it moves again"


def test_a_queue_gives_its_frames_in_order_and_the_last_one_last() -> None:
    async def scene() -> list[bytes]:
        queue = Queue(lambda: None)
        for text in (b"1", b"2"):
            assert queue.push(Frame(text))
        queue.end(Frame(b"bye"), 1000)
        return [frame.data async for frame in queue.frames()]

    assert asyncio.run(scene()) == [b"1", b"2", b"bye"]


def test_a_queue_that_nobody_reads_is_full_after_64_frames_and_has_room_again_once_read() -> None:
    async def scene() -> None:
        queue = Queue(lambda: None)
        assert [queue.push(Frame(b"x")) for _ in range(MOST_FRAMES + 1)] == [True] * MOST_FRAMES + [False]
        frames = queue.frames()
        for _ in range(3):
            await anext(frames)
        assert [queue.push(Frame(b"x")) for _ in range(3)] == [True, True, False]
        await frames.aclose()  # type: ignore[attr-defined]

    asyncio.run(scene())
