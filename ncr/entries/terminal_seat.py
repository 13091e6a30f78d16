"""A seat at a terminal: one connection, and how far it has read."""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any, Literal

from fastapi import WebSocket
from starlette.websockets import WebSocketDisconnect

from ncr.entries import terminal_words
from ncr.entries.terminal_ring import Ring

CHUNK = 32 * 1024
GRACE_S = 5.0
Mode = Literal["own", "watch", "join"]


class Seat:
    """Whose connection it is and what it is for; `pump` sends what is said and the ring's bytes from `position` on."""

    def __init__(self, socket: WebSocket, mode: Mode, user: str, name: str, row: str) -> None:
        self.mode, self.user, self.name, self.row = mode, user, name, row
        self.position = 0
        self._socket = socket
        self._said: deque[str] = deque()
        self._size: tuple[int, int] | None = None
        self._last: tuple[str, int] | None = None
        self._wake = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None

    @property
    def is_over(self) -> bool:
        """Whether it has been said goodbye to."""
        return self._last is not None

    def start(self, ring: Ring) -> None:
        """Begin to send."""
        self._pump = asyncio.create_task(self._send(ring))

    def say(self, word: str) -> None:
        """Send a word, before the bytes that are still to come."""
        self._said.append(word)
        self._wake.set()

    def sized(self, columns: int, rows: int) -> None:
        """The terminal has this size now; a reader that is behind is told of the newest alone."""
        self._size = (columns, rows)
        self._wake.set()

    def look(self) -> None:
        """There are bytes to send."""
        self._wake.set()

    def end(self, reason: str, exit_code: int | None = None) -> None:
        """Send what is left, the reason, and close; a reader that does not take it in time is cut off."""
        if self._last is None:
            self._last = (terminal_words.closed(reason, exit_code), terminal_words.code(reason))
            self._wake.set()
            asyncio.get_running_loop().call_later(GRACE_S, self.cut)

    async def stop(self) -> None:
        """Its connection is gone: send nothing more."""
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)

    def cut(self) -> None:
        """End the connection without a word, as far as the server lets us."""
        if self._pump is not None and not self._pump.done():
            self._pump.cancel()
            direct(self._socket, "cut")

    async def _send(self, ring: Ring) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self._catch_up(ring)
                if self._last is not None:
                    word, code = self._last
                    await self._socket.send_text(word)
                    await self._socket.close(code)
                    return

    async def _catch_up(self, ring: Ring) -> None:
        while True:
            while self._said:
                await self._socket.send_text(self._said.popleft())
            if self._size is not None:
                size, self._size = self._size, None
                await self._socket.send_text(terminal_words.size(*size))
            if self.position < ring.start:
                self.end("slow")
                return
            chunk = ring.read(self.position, CHUNK)
            if not chunk:
                return
            self.position += len(chunk)
            await self._socket.send_bytes(chunk)


def direct(socket: WebSocket, what: str, *given: Any) -> None:
    """Ask something of the server's own connection, where it is one that can be asked."""
    connection = socket.scope.get("extensions", {}).get("ncr.direct")
    if connection is not None:
        getattr(connection, what)(*given)
