"""A terminal: one shell, what it has put out, and who sits at it."""

import asyncio
from collections.abc import Callable

from ncr.entries import terminal_words
from ncr.entries.shell_stream import Shell
from ncr.entries.terminal_flow import WINDOW, Flow
from ncr.entries.terminal_ring import Ring
from ncr.entries.terminal_rows import Admitted
from ncr.entries.terminal_seat import Seat
from ncr.entries.terminal_stay import Stay
from ncr.runtime.engine import Attached

BELL = b"\x07"
SPARE = 4096  # for bells, which nobody makes room for


class Terminal:
    """One session of a ticket's holder, in `container`. Everything here runs on the event loop and never waits.

    `ended` is called when the shell has gone by itself.
    """

    def __init__(
        self,
        admitted: Admitted,
        container: str,
        attached: Attached,
        size: tuple[int, int],
        ended: Callable[["Terminal"], None],
    ) -> None:
        self.id, self.secret = admitted.id, admitted.secret
        self.way, self.user = admitted.way, admitted.user
        self.container, self.attached, self.size = container, attached, size
        self._loop = asyncio.get_running_loop()
        # When its being used is worth noting again.
        self.touch_at = now = self._loop.time()
        self.ring = Ring(WINDOW + SPARE)
        self.stay = Stay(now)
        self.seat: Seat | None = None
        self.beside: list[Seat] = []
        self._flow = Flow(now)
        self._shell = Shell(attached, self._room, self._took, lambda: ended(self))
        self._shell.read_on()

    @property
    def seats(self) -> list[Seat]:
        """Everybody at it."""
        return [*([self.seat] if self.seat else []), *self.beside]

    def enter(self, seat: Seat, received: int | None) -> None:
        """Its holder is there (again), having `received` so many bytes; another connection of theirs must leave."""
        if self.seat is not None:
            self.seat.end("taken-over")
        self.seat = seat
        self.stay.arrive()
        if received is not None:
            self._flow.acknowledge(received, self.ring.end)
        self._welcome(seat, self.ring.start if received is None or received > self.ring.end else received)
        self._shell.read_on()

    def join(self, seat: Seat) -> None:
        """Staff look on, or type too. The team is told of those who type before their first key counts."""
        self.beside.append(seat)
        self._welcome(seat, self.ring.start)
        self._introduce(seat)

    def leave(self, seat: Seat) -> None:
        """A connection is gone."""
        if seat is self.seat:
            self.seat = None
            self.stay.leave(self._loop.time())
        elif seat in self.beside:
            self.beside.remove(seat)
            self._introduce(seat)

    def type(self, seat: Seat, keys: bytes) -> bool:
        """Whether the keys counted."""
        # Nobody types unseen in a team's terminal.
        if self.stay.held or seat.mode == "watch" or self.seat is None or seat not in self.seats:
            return False
        if not self._shell.write(keys):
            self._took(BELL)
            return False
        return True

    def acknowledge(self, seat: Seat, number: int) -> None:
        """The holder has drawn all bytes before `number`."""
        if seat is self.seat:
            self._flow.acknowledge(number, self.ring.end)
            self._shell.read_on()

    def resize(self, seat: Seat, columns: int, rows: int) -> bool:
        """Whether the terminal's size changed by this: it is its holder's."""
        if seat is not self.seat or self.size == (columns, rows):
            return False
        self.size = (columns, rows)
        for each in self.beside:
            each.sized(columns, rows)
        return True

    def hold(self, why: str) -> None:
        """Input is refused for now."""
        if self.stay.hold(why):
            self._tell(terminal_words.held(why))

    def release(self) -> None:
        """Input counts again."""
        if self.stay.release(self._loop.time()):
            self._tell(terminal_words.released())

    def close(self, reason: str, exit_code: int | None = None) -> None:
        """Tell everybody that it is over, and why; what runs inside is the caller's to end."""
        self._shell.close()
        for seat in self.seats:
            seat.end(reason, exit_code)

    def _welcome(self, seat: Seat, number: int) -> None:
        seat.position = max(number, self.ring.start)
        secret = self.secret if seat.mode == "own" else ""
        seat.say(terminal_words.opened(self.id, secret, seat.mode, seat.position, *self.size))
        if self.stay.held:
            seat.say(terminal_words.held(self.stay.held))
        if seat.mode == "own" and self._names("join"):
            seat.say(terminal_words.company([], self._names("join")))

    def _introduce(self, changed: Seat) -> None:
        joined = self._names("join")
        # Who only looks on is not the team's to know.
        if self.seat is not None and changed.mode == "join":
            self.seat.say(terminal_words.company([], joined))
        for seat in self.beside:
            seat.say(terminal_words.company(self._names("watch"), joined))

    def _names(self, mode: str) -> list[str]:
        return [seat.name for seat in self.beside if seat.mode == mode]

    def _tell(self, word: str) -> None:
        for seat in self.seats:
            seat.say(word)

    def _room(self) -> int:
        now = self._loop.time()
        room = self._flow.room(self.ring.end, now)
        if room == 0:
            wait_s = self._flow.wait_s(self.ring.end, now)
            if wait_s is not None:
                self._loop.call_later(max(wait_s, 0.001), self._shell.read_on)
        return room

    def _took(self, data: bytes) -> None:
        self._flow.take(len(data), self._loop.time())
        self.ring.write(data)
        for seat in self.seats:
            seat.look()
