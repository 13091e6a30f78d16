"""The terminals of this process: opened for a ticket, come back to by their secret, and ended with all they started."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

import structlog
from fastapi import WebSocket

from ncr.entries import shells, terminal_rows
from ncr.entries.means import Means
from ncr.entries.terminal import Terminal
from ncr.entries.terminal_rows import Admitted, Held
from ncr.entries.terminal_seat import Seat
from ncr.entries.terminal_stay import ENDED
from ncr.entries.terminal_words import Open, Resume
from ncr.errors import EngineError, NotFound, TooManyOpen
from ncr.people.signin import fingerprint

log = structlog.get_logger()
STOP_S = 8.0
RESIZE_S = 0.1
TOUCH_S = 20.0


class Terminals:
    """Everything that runs for somebody through this process; iterating gives those that are open."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._open: dict[str, Terminal] = {}
        self._by_secret: dict[str, Terminal] = {}
        self._resizing: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def __iter__(self) -> Iterator[Terminal]:
        return iter(tuple(self._open.values()))

    async def enter(self, socket: WebSocket, exercise: str, first: Open | Resume) -> tuple[Terminal, Seat]:
        """The terminal that a connection asks for, and its seat there. Raises NcrError."""
        if isinstance(first, Resume):
            return await self._come_back(socket, exercise, first)
        admitted = await self._admit(exercise, first.ticket)
        try:
            if admitted.beside is not None:
                return self._look_on(socket, admitted)
            return await self._start(socket, admitted, (first.columns, first.rows))
        except Exception:
            # What may have been started is found by its mark, and ended, in the next round.
            await self._means.rows(terminal_rows.close, self._means.site, [admitted.id], "refused")
            raise

    def leave(self, terminal: Terminal, seat: Seat) -> None:
        """A connection is gone."""
        terminal.leave(seat)
        if seat.mode != "own":
            log.info("left a terminal", session=seat.row, beside=terminal.id, user=seat.user)
            self._later(self._means.rows(terminal_rows.close_beside, self._means.site, seat.row))

    def end(self, terminal: Terminal, reason: str, exit_code: int | None = None) -> None:
        """Close the terminal for `reason`, and end all that it started."""
        if self._open.pop(terminal.id, None) is None:
            return
        del self._by_secret[fingerprint(terminal.secret)]
        terminal.close(reason, exit_code)
        log.info("terminal closed", session=terminal.id, why=reason, bytes=terminal.ring.end, **_whose(terminal))
        self._later(self._clear(terminal, reason))

    def typed(self, terminal: Terminal) -> None:
        """Somebody typed: that counts as being there."""
        now = asyncio.get_running_loop().time()
        if now >= terminal.touch_at:
            terminal.touch_at = now + TOUCH_S
            self._later(self._means.rows(terminal_rows.touch, self._means.site, terminal.way.exercise))

    def resize(self, terminal: Terminal) -> None:
        """Let the shell know the terminal's size, which has changed; only the newest matters."""
        if terminal.id not in self._resizing:
            self._resizing.add(terminal.id)
            self._later(self._resize(terminal))

    async def stop(self) -> None:
        """End all of them; what takes too long is left to the process that comes next."""
        for terminal in self:
            self.end(terminal, "restart")
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _admit(self, exercise: str, ticket: str) -> Admitted:
        means = self._means
        try:
            return await means.rows(terminal_rows.admit, means.site, means.process, ticket, exercise)
        except TooManyOpen as full:
            away = [each for each in self if each.user == full.user and each.stay.is_away and not each.stay.held]
            if not away:
                raise
        # Somebody who has lost a terminal's secret opens another: the one they were away from longest goes for it.
        now = asyncio.get_running_loop().time()
        longest = max(away, key=lambda each: each.stay.away_s(now))
        await means.rows(terminal_rows.close, means.site, [longest.id], "limit")
        self.end(longest, "limit")
        return await means.rows(terminal_rows.admit, means.site, means.process, ticket, exercise)

    async def _start(self, socket: WebSocket, admitted: Admitted, size: tuple[int, int]) -> tuple[Terminal, Seat]:
        means = self._means
        name, attached = await means.opening(
            shells.start, means.engine, means.instance, admitted.way, admitted.id, size
        )
        terminal = Terminal(admitted, name, attached, size, self._gone)
        self._open[terminal.id] = self._by_secret[fingerprint(terminal.secret)] = terminal
        log.info("terminal opened", session=terminal.id, container=name, **_whose(terminal))
        return terminal, self._seat(socket, terminal, None)

    async def _come_back(self, socket: WebSocket, exercise: str, first: Resume) -> tuple[Terminal, Seat]:
        terminal = self._by_secret.get(fingerprint(first.secret))
        if terminal is None or terminal.way.exercise != exercise:
            raise terminal_rows.Ended(await self._means.rows(terminal_rows.why_ended, self._means.site, first.secret))
        # A secret outlives the page that was given it, and perhaps the right to it.
        mine = Held(terminal.user, "own", exercise, terminal.way.participant)
        if await self._means.rows(terminal_rows.refused, self._means.site, [mine]):
            self.end(terminal, "signed-out")
            raise terminal_rows.Ended("signed-out")
        if terminal.id not in self._open:
            raise terminal_rows.Ended(await self._means.rows(terminal_rows.why_ended, self._means.site, first.secret))
        seat = self._seat(socket, terminal, first.received)
        if terminal.resize(seat, first.columns, first.rows):
            self.resize(terminal)
        return terminal, seat

    def _seat(self, socket: WebSocket, terminal: Terminal, received: int | None) -> Seat:
        seat = Seat(socket, "own", terminal.user, "", terminal.id)
        seat.start(terminal.ring)
        terminal.enter(seat, received)
        return seat

    def _look_on(self, socket: WebSocket, admitted: Admitted) -> tuple[Terminal, Seat]:
        terminal = self._open.get(admitted.beside or "")
        if terminal is None:
            raise NotFound("This terminal is not open any more.")
        seat = Seat(socket, admitted.mode, admitted.user, admitted.name, admitted.id)
        seat.start(terminal.ring)
        terminal.join(seat)
        log.info("beside a terminal", session=seat.row, beside=terminal.id, mode=seat.mode, user=seat.user)
        return terminal, seat

    def _gone(self, terminal: Terminal) -> None:
        """The shell has ended by itself, or been taken away."""
        self._later(self._find_out(terminal))

    async def _find_out(self, terminal: Terminal) -> None:
        means, way = self._means, terminal.way
        making = (way.participant, way.generation)
        closed = await means.rows(terminal_rows.closed_makings, means.site, {making})
        reason = ENDED.get(closed[making] or "")
        if reason is not None:
            self.end(terminal, reason)
            return
        found = await means.opening(
            shells.ending, means.engine, means.instance, way, terminal.container, terminal.attached
        )
        self.end(terminal, found.reason, found.exit_code)

    async def _clear(self, terminal: Terminal, reason: str) -> None:
        means = self._means
        await means.rows(terminal_rows.close, means.site, [terminal.id], reason)
        if await means.ending(shells.end, terminal.attached):
            await means.rows(terminal_rows.clear, means.site, [terminal.id])

    async def _resize(self, terminal: Terminal) -> None:
        told = None
        try:
            while told != terminal.size:
                told = terminal.size
                await self._means.opening(terminal.attached.resize, *told)
                # Who drags a window, or means harm, does not keep the engine busy.
                await asyncio.sleep(RESIZE_S)
        except EngineError:
            log.warning("resizing failed", session=terminal.id)
        finally:
            self._resizing.discard(terminal.id)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("entries.terminals", exc_info=error)


def _whose(terminal: Terminal) -> dict[str, str]:
    way = terminal.way
    return {"user": terminal.user, "exercise": way.exercise, "participant": way.participant, "entry": way.entry.id}
