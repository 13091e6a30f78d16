"""Connections to labs' services: kept a moment for the next request of the same guest, and of nobody else."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass

from ncr.entries.means import Means
from ncr.entries.web_dial import Dialer, Link
from ncr.entries.web_guests import Guest
from ncr.entries.web_route import Route, route
from ncr.entries.web_wire import Wire, WireError
from ncr.errors import EngineError, EngineUnavailable

KEPT_S = 4.0
MOST_KEPT = 32
ROUTE_S = 10.0


@dataclass(slots=True)
class Line:
    """A wire and the link it runs over; `kept_at` is when it was put by, if it was used before."""

    wire: Wire
    link: Link
    kept_at: float | None = None


class Pool:
    """`take` a line, and `give` it back when its exchange is over."""

    def __init__(self, means: Means) -> None:
        self.dialer = Dialer(means)
        self._means = means
        self._kept: defaultdict[str, list[Line]] = defaultdict(list)
        self._routes: dict[tuple[str, str, int, str], tuple[float, Route]] = {}

    async def take(self, guest: Guest, most_idle_s: float) -> Line:
        """A line that was put by at most so long ago, or a new one. Raises WireError when there is no way."""
        now = asyncio.get_running_loop().time()
        kept = self._kept.get(guest.id, [])
        while kept:
            line = kept.pop()
            if line.kept_at is not None and now - line.kept_at <= most_idle_s and line.wire.is_reusable:
                return line
            line.link.end()
        try:
            wire = Wire()
            return Line(wire, await self.dialer.dial(await self._route(guest), wire))
        except EngineUnavailable as error:
            raise WireError("engine") from error
        except (EngineError, OSError) as error:
            self.forget(guest)
            raise WireError("down") from error

    def give(self, guest: Guest, line: Line) -> None:
        """Put it by, or let go of it when it cannot be used again."""
        kept = self._kept[guest.id]
        if line.wire.is_reusable and len(kept) < MOST_KEPT:
            line.kept_at = asyncio.get_running_loop().time()
            kept.append(line)
        elif line.wire.answer.is_done:
            line.link.end()
        else:
            line.link.transport.abort()

    def forget(self, guest: Guest) -> None:
        """Look anew for the way next time: nobody answered where it was."""
        self._routes.pop(_place(guest), None)

    def tidy(self) -> None:
        """Let go of what nobody came back for."""
        now = asyncio.get_running_loop().time()
        for guest, lines in tuple(self._kept.items()):
            old = [line for line in lines if now - (line.kept_at or 0.0) > KEPT_S or not line.wire.is_reusable]
            self._kept[guest] = [line for line in lines if line not in old]
            for line in old:
                line.link.end()
            if not self._kept[guest]:
                del self._kept[guest]
        self._routes = {place: known for place, known in self._routes.items() if now - known[0] < ROUTE_S}

    async def close(self) -> None:
        """Let go of everything."""
        for lines in self._kept.values():
            for line in lines:
                line.link.end()
        self._kept.clear()
        await self.dialer.close()

    async def _route(self, guest: Guest) -> Route:
        now = asyncio.get_running_loop().time()
        at, known = self._routes.get(_place(guest), (0.0, None))
        if known is not None and now - at < ROUTE_S:
            return known
        means = self._means
        found = await means.opening(route, means.engine, means.instance, guest.way, guest.relay_port)
        self._routes[_place(guest)] = (now, found)
        return found


def _place(guest: Guest) -> tuple[str, str, int, str]:
    way = guest.way
    return way.exercise, way.participant, way.generation, way.entry.id
