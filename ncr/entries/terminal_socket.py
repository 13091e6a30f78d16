"""The terminal's door: a WebSocket whose first frame shows a ticket, or the secret of a session to come back to."""

import asyncio
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Path, WebSocket

from ncr import access
from ncr.entries import terminal_words
from ncr.entries.means import Means
from ncr.entries.terminal import Terminal
from ncr.entries.terminal_rounds import Rounds
from ncr.entries.terminal_rows import Ended
from ncr.entries.terminal_seat import Seat, direct
from ncr.entries.terminal_words import Ack, End, Open, Resize, Resume, Said
from ncr.entries.terminals import Terminals
from ncr.errors import EngineError, EngineUnavailable, Invalid, NcrError, TooManyOpen

SUBPROTOCOL = "ncr.terminal.v1"
FIRST_S = 10.0
# A message of a client: a chunk of a paste.
LARGEST = 64 * 1024
NOT_HERE = 1008
TOLD = ("exit", "reset", "finished", "container", "engine", "signed-out", "limit", "restart")
ExerciseId = Annotated[str, Path(max_length=32)]

log = structlog.get_logger()


class Socket:
    """The terminals of this process, as connections see them."""

    def __init__(self, means: Means) -> None:
        self._site = means.site
        self._terminals = Terminals(means)
        self._rounds = Rounds(means, self._terminals)
        self.router = APIRouter(prefix="/api/v1/exercises/{exercise}", tags=["entries"])
        self.router.add_api_websocket_route("/terminal", self._terminal)

    def start(self) -> None:
        """Begin to serve."""
        self._rounds.start()

    async def stop(self) -> None:
        """End every terminal of this process."""
        await self._rounds.stop()
        await self._terminals.stop()

    async def _terminal(self, socket: WebSocket, exercise: ExerciseId) -> None:
        offered: list[str] = socket.scope.get("subprotocols", [])
        origin = socket.headers.get("origin")
        foreign = origin is not None and not access.is_own_page(origin, self._site.settings, socket.headers.get("host"))
        if foreign or (offered and SUBPROTOCOL not in offered):
            await socket.close(NOT_HERE)
            return
        await socket.accept(SUBPROTOCOL if offered else None)
        direct(socket, "accept_up_to", LARGEST)
        try:
            terminal, seat = await self._terminals.enter(socket, exercise, await _first(socket))
        except NcrError as refusal:
            await _refuse(socket, refusal)
            return
        except _Gone:
            return
        try:
            await self._listen(socket, terminal, seat)
        finally:
            self._terminals.leave(terminal, seat)
            await seat.stop()

    async def _listen(self, socket: WebSocket, terminal: Terminal, seat: Seat) -> None:
        """Until the connection ends."""
        while (message := await socket.receive())["type"] == "websocket.receive":
            keys = message.get("bytes")
            if keys is not None:
                if terminal.type(seat, keys):
                    self._terminals.typed(terminal)
                continue
            try:
                self._hear(terminal, seat, terminal_words.read(message["text"]))
            except Invalid:
                await socket.close(NOT_HERE)
                return

    def _hear(self, terminal: Terminal, seat: Seat, word: Said) -> None:
        match word:
            case Ack(received=number):
                terminal.acknowledge(seat, number)
            case Resize(columns=columns, rows=rows):
                if terminal.resize(seat, columns, rows):
                    self._terminals.resize(terminal)
            case End():
                # Staff beside it have only themselves to take away.
                if seat is terminal.seat:
                    self._terminals.end(terminal, "exit")
            case _:
                raise Invalid("This is said once, and first.")


class _Gone(Exception):
    """The connection ended before it had said anything."""


async def _first(socket: WebSocket) -> Open | Resume:
    """The first thing said. Invalid when that is nothing to begin with, or does not come."""
    try:
        message: dict[str, Any] = dict(await asyncio.wait_for(socket.receive(), FIRST_S))
    except TimeoutError:
        raise Invalid("Nothing was said for too long.") from None
    if message["type"] != "websocket.receive":
        raise _Gone
    word = terminal_words.read(message.get("text") or "")
    if not isinstance(word, Open | Resume):
        raise Invalid("First a ticket, or the secret of a terminal, is shown.")
    return word


async def _refuse(socket: WebSocket, refusal: NcrError) -> None:
    reason, detail = "refused", refusal.detail
    if isinstance(refusal, EngineUnavailable):
        reason, detail = "engine", "The machine that holds the environment does not answer. Try again in a moment."
    elif isinstance(refusal, EngineError):
        reason, detail = "container", "This part of the environment does not run. Try again in a moment."
    elif isinstance(refusal, TooManyOpen):
        reason = "limit"
    elif isinstance(refusal, Ended):
        reason = refusal.reason if refusal.reason in TOLD else reason
    log.info("terminal refused", reason=reason, detail=refusal.detail[:200])
    await socket.send_text(terminal_words.closed(reason, detail=detail))
    await socket.close(terminal_words.code(reason))
