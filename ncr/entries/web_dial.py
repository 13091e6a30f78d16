"""Two ways to a lab's service: over the gate's own door where we share its machine, else by a relay inside the gate."""

import asyncio
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import structlog

from ncr.entries.means import Means
from ncr.entries.web_bridge import plain
from ncr.entries.web_frames import Unframed
from ncr.entries.web_route import Route
from ncr.errors import EngineError
from ncr.runtime.engine import Attached

log = structlog.get_logger()
CONNECT_S = 5.0
# The engine makes a process inside first.
ATTACH_S = 15.0
# How long a relay inside may take to end by itself when its input has ended.
LINGER_S = 2.0


@dataclass(slots=True)
class Link:
    """A connection to a lab's service.

    `become` gives what comes from it to another protocol; `end` lets go of it when all that was said is said.
    """

    transport: asyncio.Transport
    become: Callable[[asyncio.Protocol], None]
    end: Callable[[], None]


class Dialer:
    """`dial` connects a protocol of ours to a service, by whichever way there is."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._is_near: bool | None = None
        self._ending: set[asyncio.Task[None]] = set()

    async def dial(self, to: Route, protocol: asyncio.Protocol) -> Link:
        """The link. Raises EngineError when the gate cannot be reached in any way."""
        if self._is_near is None:
            self._is_near = await self._means.opening(self._means.engine.is_near)
        if self._is_near:
            try:
                return await self.by_door(to, protocol)
            except OSError as error:
                log.warning("entries.gate", gate=to.gate, error=str(error)[:200])
        return await self.by_relay(to, protocol)

    async def by_door(self, to: Route, protocol: asyncio.Protocol) -> Link:
        """Over the control network. Raises OSError when the gate does not answer there."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_S):
            transport, _ = await loop.create_connection(lambda: protocol, *to.relay)
        return Link(transport, transport.set_protocol, transport.close)

    async def by_relay(self, to: Route, protocol: asyncio.Protocol) -> Link:
        """By a process in the gate that the engine connects us with."""
        host, port = to.service
        # Of all its kind it alone passes the end of what we say on, and itself ends when the service does.
        words = ["busybox", "nc", "-w", str(round(CONNECT_S)), host, str(port)]
        attached = await self._attached(partial(self._means.engine.attach, to.gate, words, mark=secrets.token_hex(8)))
        unframed = Unframed(protocol, lambda: self._end(attached, has_ended=unframed.has_ended))
        transport = await _wrapped(plain(attached.socket), unframed)
        return Link(transport, unframed.become, lambda: _wind_up(transport))

    async def close(self) -> None:
        """Wait until nothing of ours is left in the gates."""
        await asyncio.gather(*self._ending, return_exceptions=True)

    async def _attached(self, attach: Callable[[], Attached]) -> Attached:
        asked = asyncio.ensure_future(self._means.opening(attach))
        await asyncio.wait({asked}, timeout=ATTACH_S)
        if not asked.done():
            asked.add_done_callback(self._came_late)
            raise EngineError("the engine is too slow to answer")
        return asked.result()

    def _came_late(self, asked: asyncio.Future[Attached]) -> None:
        if not asked.cancelled() and asked.exception() is None:
            self._end(asked.result(), has_ended=False)

    def _end(self, attached: Attached, *, has_ended: bool) -> None:
        if has_ended:
            return
        task = asyncio.get_running_loop().create_task(self._see_off(attached))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _see_off(self, attached: Attached) -> None:
        with suppress(EngineError):
            await self._means.ending(attached.end)


async def _wrapped(sock: socket.socket, protocol: asyncio.Protocol) -> asyncio.Transport:
    loop = asyncio.get_running_loop()
    sock.setblocking(False)
    if sock.family == socket.AF_UNIX:
        transport, _ = await loop.create_unix_connection(lambda: protocol, sock=sock)
    else:
        transport, _ = await loop.create_connection(lambda: protocol, sock=sock)
    return transport


def _wind_up(transport: asyncio.Transport) -> None:
    """Tell the process inside that nothing more comes; it then ends by itself, or is ended."""
    if not transport.is_closing():
        transport.write_eof()
        asyncio.get_running_loop().call_later(LINGER_S, transport.abort)
