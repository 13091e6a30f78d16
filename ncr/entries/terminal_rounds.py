"""The rounds: what is asked again and again of the rows and of everybody's terminals."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from ncr.entries import shells, terminal_rows
from ncr.entries.means import Means
from ncr.entries.terminal_rows import Held
from ncr.entries.terminal_stay import ENDED, HELD
from ncr.entries.terminals import Terminals
from ncr.errors import NcrError
from ncr.exercise.tables import EntrySession, Exercise
from ncr.runtime.objects import EXERCISE, GENERATION, INSTANCE, MANAGED, SERVICE, TEAM, Labels

LOOK_S, ALIVE_S, REAUTHORISE_S, REAP_S = 0.4, 5.0, 60.0, 60.0
SILENT = timedelta(seconds=60)

log = structlog.get_logger()


class Rounds:
    """`start()` them and `await stop()` on the event loop; each may also be called for itself."""

    def __init__(self, means: Means, terminals: Terminals) -> None:
        self._means = means
        self._terminals = terminals
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin."""
        rounds = (
            (LOOK_S, self.look), (ALIVE_S, self.show_life), (REAUTHORISE_S, self.reauthorise), (REAP_S, self.reap),
        )  # fmt: skip
        self._tasks = [asyncio.create_task(_every(seconds, work)) for seconds, work in rounds]

    async def stop(self) -> None:
        """No more of them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def look(self) -> None:
        """Hold, release or end terminals as their exercises stand, and end those that nobody came back to."""
        now = asyncio.get_running_loop().time()
        for terminal in self._terminals:
            if terminal.stay.is_over(now):
                self._terminals.end(terminal, "left")
        making = {each: (each.way.participant, each.way.generation) for each in self._terminals}
        if not making:
            return
        closed = await self._means.rows(terminal_rows.closed_makings, self._means.site, set(making.values()))
        for terminal, which in making.items():
            why = closed[which]
            if why is None:
                terminal.release()
            elif why in HELD:
                terminal.hold(why)
            else:
                self._terminals.end(terminal, ENDED[why])

    async def show_life(self) -> None:
        """Let other processes know that this one still holds its sessions."""
        await self._means.rows(terminal_rows.keep_alive, self._means.site, self._means.process)

    async def reauthorise(self) -> None:
        """Ask again, for everybody, whether they may."""
        asked = {
            Held(seat.user, seat.mode, each.way.exercise, each.way.participant)
            for each in self._terminals
            for seat in each.beside
        }
        own = {each: Held(each.user, "own", each.way.exercise, each.way.participant) for each in self._terminals}
        if not own:
            return
        refused = await self._means.rows(terminal_rows.refused, self._means.site, asked | set(own.values()))
        for terminal, held in own.items():
            if held in refused:
                self._terminals.end(terminal, "signed-out")
            for seat in terminal.beside:
                if Held(seat.user, seat.mode, held.exercise, held.participant) in refused:
                    seat.end("signed-out")

    async def reap(self) -> None:
        """End what is left of terminals that are over, and of those whose process is."""
        means = self._means
        left = await means.rows(terminal_rows.left_behind, means.site, SILENT)
        ended = await asyncio.gather(*(means.ending(_end, means, row) for row in left))
        cleared = [row.id for row, is_gone in zip(left, ended, strict=True) if is_gone]
        if cleared:
            await means.rows(terminal_rows.clear, means.site, cleared)
        await means.rows(terminal_rows.purge, means.site)


def _end(means: Means, row: EntrySession) -> bool:
    """End what is left of one terminal; whether nothing is."""
    try:
        with means.site.sessions() as session:
            exercise = session.get_one(Exercise, row.exercise_id)
        entries = means.site.shelf.get(exercise.digest).definition.entries
    except NcrError:
        log.warning("a terminal's scenario is not here", session=row.id)
        return False
    entry = next((each for each in entries if each.id == row.entry), None)
    if entry is None or entry.terminal is None:
        return True
    labels: Labels = {
        MANAGED: "1", INSTANCE: means.instance, EXERCISE: row.exercise_id, TEAM: row.participant_id,
        GENERATION: str(row.generation), SERVICE: entry.terminal,
    }  # fmt: skip
    return shells.end_left(means.engine, labels, row.id, entry.user)


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception:
            log.exception("entries.round")
        await asyncio.sleep(seconds)
