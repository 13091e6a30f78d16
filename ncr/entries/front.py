"""What every process of ours listens with: uvicorn's own protocol, bounded, with doors for traffic that passes through.

A request's head has a size and a time to arrive in. A WebSocket for a lab's host is not unpacked: its request is an
ordinary one, and once the lab agreed its bytes go through as they are (`Front.splice`). What the application finds in
the scope under `EXTENSION` is the connection (`Front`), and what its request line asked for, byte for byte.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ncr.config import Settings
from ncr.entries import web_pages
from ncr.entries.web_hosts import Hosts

EXTENSION = "ncr.front"
LARGEST_HEAD = 64 * 1024
MOST_HEADERS = 200
HEAD_S = 20.0


class TooLarge(Exception):
    """A head over its limit."""


class Front(HttpToolsProtocol):
    """One browser's connection; `on_lost` is called when it is gone."""

    hosts: Hosts
    language: str

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.on_lost: Callable[[], None] | None = None
        self._fed = 0
        self._is_in_head = True
        self._is_lab = False
        self._timer: asyncio.TimerHandle | None = None
        self._refusal = "bad-request"

    # What uvicorn's protocol does, within bounds.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._timer = self.loop.call_later(HEAD_S, self._too_slow)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._is_in_head:
            self._fed += len(data)
        super().data_received(data)
        if self._is_in_head and self._fed and not self.transport.is_closing():
            if self._fed > LARGEST_HEAD:
                self._refuse("too-large")
            elif self._timer is None:
                self._timer = self.loop.call_later(HEAD_S, self._too_slow)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)
        if self.on_lost is not None:
            self.on_lost()

    def on_headers_complete(self) -> None:
        self._stop_timer()
        self._is_in_head, self._fed = False, 0
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > LARGEST_HEAD or len(self.headers) > MOST_HEADERS:
            self._refusal = "too-large"
            raise TooLarge
        given = [value for name, value in self.headers if name == b"host"]
        self._is_lab = self.hosts.whose(given, self.parser.get_http_version()).kind == "lab"
        extensions: dict[str, Any] = {EXTENSION: (self, self.url)}
        self.scope["extensions"] = extensions
        super().on_headers_complete()
        if self._is_lab:
            self._prepare_for_lab()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._is_in_head = True

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._refusal)

    def _should_upgrade(self) -> bool:
        return not self._is_lab and super()._should_upgrade()

    def _unsupported_upgrade_warning(self) -> None:
        if not self._is_lab:
            super()._unsupported_upgrade_warning()
        elif not self.transport.is_closing():
            # Until the lab has agreed nothing may be said, and if it does not agree nothing more is read.
            self.flow.pause_reading()

    # What passes through.

    @property
    def is_gone(self) -> bool:
        """Whether the browser is gone already, so that `on_lost` may never be called."""
        return self.transport.is_closing()

    def splice(self, head: bytes, other: asyncio.Protocol) -> None:
        """End the request with this head, and give all that comes from now on to `other`."""
        self.cycle.response_started = self.cycle.response_complete = True
        self.transport.write(head)
        other.connection_made(self.transport)
        self.transport.set_protocol(other)
        self.flow.resume_reading()

    def cut(self) -> None:
        """End the connection now, whatever is under way."""
        if not self.transport.is_closing():
            self.cycle.disconnected = True
            self.transport.abort()

    def _prepare_for_lab(self) -> None:
        # The lab's own Date goes out, and a connection that spoke of an upgrade is used for nothing else.
        self.cycle.default_headers = []
        if self.parser.should_upgrade():
            self.cycle.keep_alive = False

    def _too_slow(self) -> None:
        self._timer = None
        if self._fed:
            self._refuse("too-slow")
        else:
            self.transport.close()

    def _refuse(self, key: str) -> None:
        if self.transport.is_closing():
            return
        status, headers, body = web_pages.page(key, b"", self.language, "")
        lines = [
            b"HTTP/1.1 %d \r\n" % status,
            *(b"%s: %s\r\n" % pair for pair in headers),
            b"connection: close\r\n\r\n",
        ]
        self.transport.write(b"".join([*lines, body]))
        self.transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def front(settings: Settings) -> type[HttpToolsProtocol]:
    """The protocol for uvicorn's `http` option."""
    return type("Front", (Front,), {"hosts": Hosts.of(settings), "language": settings.language})
