"""The relay: one request to a lab's service and its answer back, streamed both ways, neither held nor changed."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from ncr.entries.front import Front
from ncr.entries.web_answer import WITHOUT_BODY, Head
from ncr.entries.web_flow import Flow
from ncr.entries.web_guests import Guest
from ncr.entries.web_headers import Header, Headers, is_websocket, to_browser, to_lab
from ncr.entries.web_pool import Line, Pool
from ncr.entries.web_splice import Splice
from ncr.entries.web_wire import WireError

HEAD_S = 300.0
UPLOAD_S = 120.0
SILENT_S = 3600.0
KEPT_S = 4.0
# What cannot be sent twice goes over a kept connection only while its other end hardly had time to close it.
UNREPEATABLE_S = 1.0
REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
UNSAFE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of a guest: `target` as it stood in the request line, `headers` as the browser sent them."""

    front: Front
    method: str
    target: bytes
    headers: Headers
    host: str
    scheme: str
    client: str

    @property
    def upgrades(self) -> bool:
        """Whether it asks for a WebSocket."""
        return self.method == "GET" and is_websocket(self.headers)

    @property
    def body(self) -> bytes | None:
        """How its body comes: the header that frames it; None without one."""
        names = {name for name, _ in self.headers}
        if b"transfer-encoding" in names:
            return b"transfer-encoding"
        return b"content-length" if b"content-length" in names else None

    def head(self) -> bytes:
        """As the lab gets it."""
        headers = to_lab(self.headers, self.client, self.scheme, upgrades=self.upgrades)
        if self.body == b"transfer-encoding":
            headers.append((b"transfer-encoding", b"chunked"))
        lines = [b"%s %s HTTP/1.1" % (self.method.encode(), self.target), *(b"%s: %s" % pair for pair in headers)]
        return b"\r\n".join([*lines, b"", b""])


async def relay(pool: Pool, guest: Guest, asked: Asked, flow: Flow, receive: Receive, send: Send) -> None:
    """Serve it. Raises WireError when there is no answer to pass on; one that breaks off breaks off here too."""
    flow.allow(HEAD_S)
    line, head, pump = await _ask(pool, guest, asked, flow, receive)
    try:
        if flow.why is not None:
            raise WireError(flow.why)
        if head.status == 101:
            await _splice(line, guest, asked, flow, head)
        else:
            await _answer(line, guest, asked, flow, head, send)
    finally:
        # What an early answer made needless is not sent any more, and the connection is good for nothing else.
        was_all_sent = pump is None or (pump.done() and not pump.cancelled() and pump.exception() is None)
        if pump is not None:
            await _stop(pump)
        if was_all_sent and flow.why is None:
            pool.give(guest, line)
        else:
            line.link.transport.abort()


async def _ask(
    pool: Pool, guest: Guest, asked: Asked, flow: Flow, receive: Receive
) -> tuple[Line, Head, asyncio.Task[None] | None]:
    """Send the request, and wait for the head of the answer; once more when a kept connection turns out closed."""
    may_repeat = asked.body is None and asked.method in REPEATABLE
    while True:
        line = await pool.take(guest, KEPT_S if may_repeat else UNREPEATABLE_S)
        flow.towards_lab = line.wire
        if flow.why is not None:
            line.link.transport.abort()
            raise WireError(flow.why)
        line.wire.begin(asked.method, upgrades=asked.upgrades)
        line.wire.write(asked.head())
        pump = asyncio.ensure_future(_pump(asked, line, flow, receive)) if asked.body else None
        try:
            return line, await line.wire.head(), pump
        except WireError as error:
            if pump is not None:
                await _stop(pump)
            if error.is_untouched and line.kept_at is None:
                pool.forget(guest)
            if not (error.is_untouched and line.kept_at is not None and may_repeat and flow.why is None):
                raise


async def _pump(asked: Asked, line: Line, flow: Flow, receive: Receive) -> None:
    """The request's body, as fast as the lab takes it."""
    chunked, wire = asked.body == b"transfer-encoding", line.wire
    while True:
        flow.allow(UPLOAD_S, "too-slow")
        message = await receive()
        if message["type"] != "http.request":
            flow.gone()
            return
        if body := message.get("body", b""):
            wire.write(b"%x\r\n%s\r\n" % (len(body), body) if chunked else body)
            await wire.drain()
        if not message.get("more_body", False):
            wire.write(b"0\r\n\r\n" if chunked else b"")
            flow.allow(HEAD_S)
            return


async def _stop(pump: asyncio.Task[None]) -> None:
    pump.cancel()
    await asyncio.gather(pump, return_exceptions=True)


async def _answer(line: Line, guest: Guest, asked: Asked, flow: Flow, head: Head, send: Send) -> None:
    wire, answer = line.wire, line.wire.answer
    headers = _passed(guest, asked, head)
    if head.status in WITHOUT_BODY:
        headers = [pair for pair in headers if pair[0] != b"content-length"]
    flow.has_begun = True
    await send({"type": "http.response.start", "status": head.status, "headers": headers})
    try:
        while body := await wire.read():
            flow.allow(SILENT_S)
            is_all = answer.is_done and not answer.held
            await send({"type": "http.response.body", "body": body, "more_body": not is_all})
            if is_all:
                return
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    except WireError:
        # The browser must see that it is not whole.
        asked.front.cut()


async def _splice(line: Line, guest: Guest, asked: Asked, flow: Flow, head: Head) -> None:
    lines = (b"%s: %s\r\n" % pair for pair in _passed(guest, asked, head))
    switch = b"connection: Upgrade\r\nupgrade: websocket\r\n\r\n"
    splice = Splice(lambda: flow.allow(SILENT_S))
    flow.has_begun, flow.towards_lab = True, splice
    flow.allow(SILENT_S)
    splice.lab.connection_made(line.link.transport)
    line.link.become(splice.lab)
    first = b"".join([b"HTTP/1.1 101 Switching Protocols\r\n", *lines, switch, line.wire.answer.rest])
    asked.front.splice(first, splice.browser)
    await splice.done
    asked.front.connection_lost(None)


def _passed(guest: Guest, asked: Asked, head: Head) -> list[Header]:
    """The answer's headers as the browser gets them. Raises WireError for what no server may send on."""
    if any(UNSAFE.search(value) for _, value in head.headers):
        raise WireError("garbled")
    inside = ((guest.way.entry.web or ""), (guest.way.entry.web or "").partition(":")[0])
    return to_browser(head.headers, asked.host, asked.scheme, inside)
