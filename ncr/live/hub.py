"""The hub: channels of subscribers, one encoded frame handed to all of a channel; what it says is not its matter."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable

MOST_FRAMES = 64
MOST_BYTES = 1 << 20
STALL_S = 5.0
GRACE_S = 5.0


class Frame:
    """One message, encoded once: `data` is its text in UTF-8, `wire` the same as a WebSocket frame.

    `number` is what a reader may resume after, None for what leaves no trace.
    """

    __slots__ = ("data", "number", "wire")

    def __init__(self, data: bytes, number: int | None = None) -> None:
        self.data = data
        self.number = number
        self.wire = header(0x1, len(data)) + data


def header(opcode: int, length: int) -> bytes:
    """The head of a final, unmasked WebSocket frame (RFC 6455, 5.2)."""
    first = bytes((0x80 | opcode,))
    if length < 126:
        return first + bytes((length,))
    if length < 1 << 16:
        return first + b"\x7e" + length.to_bytes(2, "big")
    return first + b"\x7f" + length.to_bytes(8, "big")


class Backlog:
    """What one reader has not taken yet: the sizes of its frames, oldest first, and when it last took anything."""

    __slots__ = ("progress_at", "sizes", "unsent")

    def __init__(self, unsent: int, now: float) -> None:
        self.sizes = deque((unsent,))
        self.unsent = unsent
        self.progress_at = now

    def add(self, size: int) -> None:
        self.sizes.append(size)
        self.unsent += size

    def settle(self, unsent: int, now: float) -> None:
        """Take note that only `unsent` bytes are left."""
        taken = self.unsent - unsent
        if taken > 0:
            self.progress_at = now
        self.unsent = unsent
        while taken > 0 and taken >= self.sizes[0]:
            taken -= self.sizes.popleft()
        # Below zero: the connection sent something of its own, a ping; it joins the oldest frame.
        self.sizes[0] -= taken

    def has_room(self, size: int, now: float) -> bool:
        """Whether one more frame may wait. The frame being sent does not count: a first snapshot may be large."""
        waiting = self.unsent - self.sizes[0] + size
        return len(self.sizes) < MOST_FRAMES and waiting <= MOST_BYTES and not self.stalls(now)

    def stalls(self, now: float) -> bool:
        return now - self.progress_at > STALL_S


class Subscriber(ABC):
    """One reader, on any kind of connection, on one channel at a time.

    `write`, where there is one, takes a frame's `wire` at once and without fail; the hub uses it for as long as the
    reader keeps up, and asks by `push` otherwise.
    """

    __slots__ = ("channel", "write")

    def __init__(self, write: Callable[[bytes], None] | None = None) -> None:
        self.channel: Channel | None = None
        self.write = write

    @abstractmethod
    def push(self, frame: Frame) -> bool:
        """Take the frame without waiting; False when the reader is too slow for it."""

    @abstractmethod
    def stalls(self, now: float) -> bool:
        """Whether it has had something unsent for too long without progress, at event-loop time `now`."""

    def is_behind(self) -> bool:
        """Whether it has something unsent now."""
        return False

    @abstractmethod
    def end(self, last: Frame, code: int) -> None:
        """Send a last frame and close with a WebSocket close `code`, now or as far as the reader takes it."""


class Channel:
    """Who reads the same frames: those that keep up, by their `write`, and those that must be asked."""

    __slots__ = ("asked", "eager")

    def __init__(self) -> None:
        self.eager: dict[Subscriber, Callable[[bytes], None]] = {}
        self.asked: set[Subscriber] = set()

    def place(self, subscriber: Subscriber, keeps_up: bool) -> None:
        """Put the subscriber among those that keep up, or those to be asked."""
        if keeps_up and subscriber.write is not None:
            self.asked.discard(subscriber)
            self.eager[subscriber] = subscriber.write
        else:
            self.eager.pop(subscriber, None)
            self.asked.add(subscriber)

    def remove(self, subscriber: Subscriber) -> None:
        self.eager.pop(subscriber, None)
        self.asked.discard(subscriber)

    def __len__(self) -> int:
        return len(self.eager) + len(self.asked)


class Queue(Subscriber):
    """A reader served by awaited sends: `async for frame in queue.frames()`, over after `end`, which sets `code`."""

    __slots__ = ("_backlog", "_clock", "_cut", "_frames", "_ready", "code")

    def __init__(self, cut: Callable[[], object]) -> None:
        """`cut` is called some seconds after the end, for a reader that does not even take the last frame."""
        super().__init__()
        self._clock = asyncio.get_running_loop().time
        self._cut = cut
        self._frames: deque[Frame] = deque()
        self._backlog: Backlog | None = None
        self._ready = asyncio.Event()
        self.code: int | None = None

    def push(self, frame: Frame) -> bool:
        if self._backlog is not None and not self._backlog.has_room(len(frame.data), self._clock()):
            return False
        self._add(frame)
        return True

    def stalls(self, now: float) -> bool:
        return self._backlog is not None and self._backlog.stalls(now)

    def end(self, last: Frame, code: int) -> None:
        if self.code is None:
            self.code = code
            self._add(last)
            asyncio.get_running_loop().call_later(GRACE_S, self._cut)

    async def frames(self) -> AsyncIterator[Frame]:
        """The frames in order. A frame counts as taken when the next is asked for."""
        while self._frames or self.code is None:
            if not self._frames:
                self._ready.clear()
                await self._ready.wait()
            frame = self._frames[0]
            yield frame
            self._take(self._frames.popleft())

    def _add(self, frame: Frame) -> None:
        if self._backlog is None:
            self._backlog = Backlog(len(frame.data), self._clock())
        else:
            self._backlog.add(len(frame.data))
        self._frames.append(frame)
        self._ready.set()

    def _take(self, frame: Frame) -> None:
        if not self._frames:
            self._backlog = None
        elif self._backlog is not None:
            self._backlog.settle(self._backlog.unsent - len(frame.data), self._clock())


class Hub:
    """Channels by any hashable name. Everything here runs on the event loop and never waits."""

    def __init__(self, dropped: Callable[[Subscriber], None]) -> None:
        """`dropped(subscriber)` ends a reader that was too slow, after it has left its channel."""
        self._channels: dict[Hashable, Channel] = {}
        self._dropped = dropped

    def join(self, name: Hashable, subscriber: Subscriber) -> None:
        """Put the subscriber on the channel `name`, and on no other."""
        if subscriber.channel is not None:
            subscriber.channel.remove(subscriber)
        subscriber.channel = self._channels.setdefault(name, Channel())
        subscriber.channel.place(subscriber, keeps_up=not subscriber.is_behind())

    def names(self) -> set[Hashable]:
        """The channels that somebody reads; the others are forgotten."""
        self._channels = {name: channel for name, channel in self._channels.items() if channel}
        return set(self._channels)

    def __len__(self) -> int:
        return sum(map(len, self._channels.values()))

    def publish(self, name: Hashable, frame: Frame) -> None:
        """Hand the frame to everybody on the channel; the slow are dropped, nobody waits for them."""
        channel = self._channels.get(name)
        if channel is None:
            return
        # Taken first: who falls behind by this very frame has it already.
        asked = tuple(channel.asked)
        wire = frame.wire
        for write in tuple(channel.eager.values()):
            write(wire)
        self._drop([subscriber for subscriber in asked if not subscriber.push(frame)])

    def sweep(self, now: float) -> None:
        """Drop who has stopped taking what was sent, also when nothing new is to be said."""
        for channel in self._channels.values():
            self._drop([subscriber for subscriber in tuple(channel.asked) if subscriber.stalls(now)])

    def end(self, name: Hashable, last: Frame, code: int) -> None:
        """Say goodbye to everybody on the channel and close it."""
        channel = self._channels.pop(name, Channel())
        for subscriber in (*channel.eager, *channel.asked):
            leave(subscriber)
            subscriber.end(last, code)

    def _drop(self, slow: list[Subscriber]) -> None:
        for subscriber in slow:
            leave(subscriber)
            self._dropped(subscriber)


def leave(subscriber: Subscriber) -> None:
    """Take the subscriber off its channel, if it is on one."""
    if subscriber.channel is not None:
        subscriber.channel.remove(subscriber)
        subscriber.channel = None
