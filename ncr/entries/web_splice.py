"""A splice: two connections made one, whose bytes go through as they are until either ends."""

import asyncio
from collections.abc import Callable
from typing import cast


class Splice:
    """`browser` and `lab` are the protocols of the two sides; `done` is when both are gone."""

    def __init__(self, moved: Callable[[], None]) -> None:
        self.moved = moved
        self.browser, self.lab = Side(self), Side(self)
        self.browser.other, self.lab.other = self.lab, self.browser
        self.done = asyncio.get_running_loop().create_future()

    def fail(self, key: str) -> None:
        """End both at once."""
        for side in (self.browser, self.lab):
            if side.transport is not None:
                side.transport.abort()

    def lost(self, side: "Side") -> None:
        """One side is gone: what it said last is still said to the other."""
        side.is_gone = True
        other = side.other
        if other.transport is not None and not other.is_gone:
            other.transport.close()
        elif not self.done.done():
            self.done.set_result(None)


class Side(asyncio.Protocol):
    """One of the two; it reads no faster than the other takes."""

    other: "Side"

    def __init__(self, splice: Splice) -> None:
        self._splice = splice
        self.transport: asyncio.Transport | None = None
        self.is_gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._splice.moved()
        if self.other.transport is not None and not self.other.transport.is_closing():
            self.other.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._splice.lost(self)

    def pause_writing(self) -> None:
        if self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other.transport is not None and not self.other.is_gone:
            self.other.transport.resume_reading()
