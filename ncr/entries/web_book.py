"""The book of guests: what the rows said of each session a moment ago, who is served now, and how many at once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from ncr.entries import web_guests
from ncr.entries.means import Means
from ncr.entries.web_flow import Flow
from ncr.entries.web_guests import Guest

log = structlog.get_logger()
FRESH_S = 0.5
SWEEP_S = 0.4
TIDY_S = 30.0
TOUCH_S = 20.0
MOST_KNOWN = 4096
MOST_OF_SESSION = 64
MOST_OF_TEAM = 256


class Book:
    """One for a process, used from its event loop."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._known: dict[str, tuple[float, Guest | None]] = {}
        self._asked: dict[str, asyncio.Future[Guest | None]] = {}
        self._flows: dict[Flow, str] = {}
        self._served: Counter[str | tuple[str, str]] = Counter()
        self._touched: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._tidy_up: Callable[[], None] = lambda: None

    def start(self, tidy_up: Callable[[], None]) -> None:
        """Begin to look after those who are served; `tidy_up` is called beside, every second or so."""
        self._tidy_up = tidy_up
        for seconds, work in ((SWEEP_S, self._sweep), (TIDY_S, self._tidy)):
            self._do(_every(seconds, work))

    async def stop(self) -> None:
        """End what is under way."""
        for flow in tuple(self._flows):
            flow.cut("restart")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def guest(self, secret: str) -> Guest | None:
        """Whose secret this is, as the rows said at most half a second ago."""
        at, known = self._known.get(secret, (-1.0, None))
        if at > asyncio.get_running_loop().time() - FRESH_S:
            return known
        if secret not in self._asked:
            # A page asks for many things at once; the rows are asked once.
            self._asked[secret] = asyncio.ensure_future(self._look(secret))
        return await asyncio.shield(self._asked[secret])

    async def enter(self, ticket: str, label: str) -> str:
        """The secret of a new session for whoever shows the ticket on the host with that label."""
        return await self._means.rows(web_guests.enter, self._means.site, ticket, label)

    @contextmanager
    def serving(self, guest: Guest, flow: Flow) -> Iterator[str | None]:
        """While the guest is served: why it cannot be now (web_words), or None; a closed way cuts it."""
        why = self._refusal(guest)
        if why is not None:
            yield why
            return
        self._flows[flow] = guest.id
        for whose in (guest.id, guest.team):
            self._served[whose] += 1
        try:
            self._note(guest)
            yield None
        finally:
            del self._flows[flow]
            for whose in (guest.id, guest.team):
                self._served[whose] -= 1
                if not self._served[whose]:
                    del self._served[whose]

    def _refusal(self, guest: Guest) -> str | None:
        if self._served[guest.id] >= MOST_OF_SESSION:
            return "busy"
        return "full" if self._served[guest.team] >= MOST_OF_TEAM else None

    async def _look(self, secret: str) -> Guest | None:
        try:
            found = await self._means.rows(web_guests.by_secret, self._means.site, secret)
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[secret] = (asyncio.get_running_loop().time(), found)
            return found
        finally:
            del self._asked[secret]

    def _note(self, guest: Guest) -> None:
        """Write, now and then, that the guest is active."""
        now = asyncio.get_running_loop().time()
        if now - self._touched.get(guest.id, -TOUCH_S) >= TOUCH_S:
            self._touched = {id: at for id, at in self._touched.items() if now - at < TOUCH_S} | {guest.id: now}
            self._do(self._touch(guest))

    async def _touch(self, guest: Guest) -> None:
        try:
            await self._means.rows(web_guests.touch, self._means.site, guest)
        except Exception:
            log.exception("entries.web.touch")

    async def _sweep(self) -> None:
        """Cut what has been silent for too long, and those whose way has closed."""
        now = asyncio.get_running_loop().time()
        self._tidy_up()
        for flow in tuple(self._flows):
            flow.look(now)
        served = set(self._flows.values())
        if not served:
            return
        found = await self._means.rows(web_guests.by_ids, self._means.site, served)
        why = {id: "finished" for id in served} | {guest.id: guest.why for guest in found}
        for flow, id in tuple(self._flows.items()):
            if id in why and (word := why[id]) is not None:
                flow.cut(word)

    async def _tidy(self) -> None:
        await self._means.rows(web_guests.tidy, self._means.site)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception:
            log.exception("entries.web.round")
