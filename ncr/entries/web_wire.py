"""A wire to a lab's service: one request and its answer at a time, never more of either held than needed."""

import asyncio
from typing import cast

from ncr.entries.web_answer import Answer, Garbled, Head

HIGH_WATER = 256 * 1024


class WireError(Exception):
    """The answer did not come, or broke off; `key` is the page that says why (web_words).

    `is_untouched`: nothing at all came back, so that a connection kept from before may just have been closed.
    """

    def __init__(self, key: str, *, is_untouched: bool = False) -> None:
        super().__init__(key)
        self.key = key
        self.is_untouched = is_untouched


class Wire(asyncio.Protocol):
    """`begin` an exchange, `write` and `drain` the request, then `head()` and `read()` until it gives nothing more."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.answer = Answer("")
        self._is_asked = False
        self._failure: WireError | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._can_write = True
        self._is_reading = True

    # What the relay does with it.

    def begin(self, method: str, *, upgrades: bool = False) -> None:
        """A new exchange."""
        self.answer = Answer(method, upgrades=upgrades)
        self._is_asked = True

    def write(self, data: bytes) -> None:
        """Send; `drain` before more than a little of it."""
        if self.transport is not None and self._failure is None:
            self.transport.write(data)

    async def drain(self) -> None:
        """Until there is room to send. Raises WireError when nobody will take it any more."""
        while not self._can_write and self._failure is None:
            self._writer = asyncio.get_running_loop().create_future()
            await self._writer
        if self._failure is not None:
            raise self._failure

    async def head(self) -> Head:
        """The head of the answer."""
        while self.answer.head is None:
            await self._more()
        return self.answer.head

    async def read(self) -> bytes:
        """What has come of the body; nothing at its end. Raises WireError where it breaks off."""
        while not self.answer.held:
            if self.answer.is_done:
                return b""
            await self._more()
        found = self.answer.take()
        if not self._is_reading and self.transport is not None:
            self._is_reading = True
            self.transport.resume_reading()
        return found

    @property
    def is_reusable(self) -> bool:
        """Whether the exchange ended cleanly and another may follow."""
        return self._failure is None and self.answer.is_clean and not self.answer.held

    def fail(self, key: str) -> None:
        """Give up: whoever waits is told so, and the connection is cut."""
        self._break(WireError(key))

    # What comes from the other side.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Another loop's transports are of no class of asyncio's.
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if not self._is_asked or self.answer.is_done:
            # Nobody asked for this; what is whole already stays as it is.
            self._break(WireError("garbled"))
            return
        try:
            self.answer.feed(data)
        except Garbled:
            self._break(WireError("garbled"))
            return
        if self.answer.held > HIGH_WATER and self._is_reading and self.transport is not None:
            self._is_reading = False
            self.transport.pause_reading()
        _wake(self._reader)

    def eof_received(self) -> None:
        self.answer.end()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is None:
            self.answer.end()
        key = "down" if self.answer.head is None else "garbled"
        self._break(WireError(key, is_untouched=self.answer.is_untouched))

    def pause_writing(self) -> None:
        self._can_write = False

    def resume_writing(self) -> None:
        self._can_write = True
        _wake(self._writer)

    # Inside.

    async def _more(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._reader = asyncio.get_running_loop().create_future()
        await self._reader

    def _break(self, failure: WireError) -> None:
        self._failure = self._failure or failure
        if self.transport is not None:
            self.transport.abort()
        _wake(self._reader)
        _wake(self._writer)


def _wake(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)
