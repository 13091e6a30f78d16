"""Uvicorn's WebSocket connection with a door for frames that are encoded already: written straight to its transport."""

import socket
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from ncr.live.hub import GRACE_S, Backlog, Frame, Subscriber, leave

EXTENSION = "ncr.direct"
# What the kernel may hold back for one reader. Its default is megabytes, which would hide that nobody reads.
UNSENT_IN_KERNEL = 64 * 1024


class DirectProtocol(WebSocketsSansIOProtocol):
    """Hands the application its connection in the scope, as `scope["extensions"][EXTENSION]`."""

    reader: "Direct | None" = None

    async def run_asgi(self) -> None:
        extensions: dict[str, Any] = self.scope["extensions"]
        extensions[EXTENSION] = self
        await super().run_asgi()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.reader is not None:
            self.reader.fall_behind()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.reader is not None:
            self.reader.catch_up()

    def connection_lost(self, exc: Exception | None) -> None:
        # At once, not when the application's task gets its turn: a write to a closed transport raises.
        if self.reader is not None:
            leave(self.reader)
        super().connection_lost(exc)

    def accept_up_to(self, size: int) -> None:
        """Take messages of so many bytes from now on; what the server was given is meant for those who only listen."""
        self.conn.max_message_size = size

    def cut(self) -> None:
        """End the connection at once, whatever is unsent."""
        self.transport.abort()

    def finish(self, last: bytes, code: int) -> None:
        """Write `last` and a close frame behind what is unsent; the connection is cut if that is not taken in time."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.conn.send_close(code)
        self.transport.write(last + b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        self.close_timer = self.loop.call_later(GRACE_S, self.transport.abort)
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": ""})


class Direct(Subscriber):
    """A reader whose frames go straight to the transport; its write buffer is watched instead of a queue."""

    __slots__ = ("_backlog", "_protocol")

    def __init__(self, protocol: DirectProtocol) -> None:
        transport = protocol.transport
        super().__init__(transport.write)
        self._protocol = protocol
        self._backlog: Backlog | None = None
        protocol.reader = self
        # The transport then says at the first byte it cannot send that the reader is behind, and when it no longer is.
        transport.set_write_buffer_limits(high=0)
        bound = transport.get_extra_info("socket")
        if hasattr(socket, "TCP_NOTSENT_LOWAT") and bound.family in (socket.AF_INET, socket.AF_INET6):
            bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_IN_KERNEL)

    def fall_behind(self) -> None:
        self._backlog = Backlog(self._unsent(), self._protocol.loop.time())
        if self.channel is not None:
            self.channel.place(self, keeps_up=False)

    def catch_up(self) -> None:
        self._backlog = None
        if self.channel is not None:
            self.channel.place(self, keeps_up=True)

    def is_behind(self) -> bool:
        return self._backlog is not None

    def push(self, frame: Frame) -> bool:
        if self._protocol.transport.is_closing():
            return True
        if self._backlog is not None:
            now = self._protocol.loop.time()
            self._backlog.settle(self._unsent(), now)
            if not self._backlog.has_room(len(frame.wire), now):
                return False
            self._backlog.add(len(frame.wire))
        self._protocol.transport.write(frame.wire)
        return True

    def stalls(self, now: float) -> bool:
        if self._backlog is None:
            return False
        self._backlog.settle(self._unsent(), now)
        return self._backlog.stalls(now)

    def end(self, last: Frame, code: int) -> None:
        self._protocol.finish(last.wire, code)

    def _unsent(self) -> int:
        return self._protocol.transport.get_write_buffer_size()
