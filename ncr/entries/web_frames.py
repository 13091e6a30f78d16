"""What an engine frames, taken apart: the bytes of a command's output without the headers between them."""

import asyncio
import struct
from collections.abc import Callable
from typing import cast

HEADER = struct.Struct(">BxxxL")
STDOUT = 1


class Unframed(asyncio.Protocol):
    """Hands another protocol what the command writes to its output, and drops what it complains of.

    `has_ended`: the command ended by itself; `on_lost` is called when the connection is gone, whoever ended it.
    """

    def __init__(self, inner: asyncio.Protocol, on_lost: Callable[[], None]) -> None:
        self._inner = inner
        self._on_lost = on_lost
        self._head = bytearray()
        self._left = 0
        self._is_output = False
        self.has_ended = False

    def become(self, inner: asyncio.Protocol) -> None:
        """From now on everything goes to `inner`."""
        self._inner = inner

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            if self._left == 0:
                rest = self._begin(rest)
                continue
            part, rest = rest[: self._left], rest[self._left :]
            self._left -= len(part)
            if self._is_output:
                self._inner.data_received(bytes(part))

    def eof_received(self) -> bool | None:
        self.has_ended = True
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)
        self._on_lost()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def _begin(self, rest: memoryview) -> memoryview:
        wanted = HEADER.size - len(self._head)
        self._head += rest[:wanted]
        if len(self._head) == HEADER.size:
            kind, self._left = cast(tuple[int, int], HEADER.unpack(self._head))
            self._is_output = kind == STDOUT
            self._head.clear()
        return rest[wanted:]
