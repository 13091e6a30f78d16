"""Terminals to sit at in tests: an entries process in this event loop, and a client that keeps to the protocol."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from ncr.db import reading
from ncr.entries.doors import Entries
from ncr.entries.terminal_socket import SUBPROTOCOL
from ncr.exercise import tickets
from ncr.exercise.tables import EntrySession, Environment
from ncr.live.socket import UVICORN
from ncr.people import accounts
from ncr.people.roles import Role
from ncr.people.tables import Membership, SignIn, User
from ncr.runtime.engine import Engine
from ncr.runtime.identity import Identity, sealed
from ncr.runtime.objects import ContainerSpec, ImageSpec, Limits
from ncr.site import Site
from tests.service.live_site import free_port
from tests.service.served import served

BASE = "ncr/base:bookworm"
ORIGIN = "http://127.0.0.1:8000"
PATIENCE_S = 15.0


class Hall:
    """An entries process: where it is, and how one gets a ticket to it."""

    def __init__(self, site: Site, entries: Entries | None, port: int) -> None:
        self.site, self.entries, self.port = site, entries, port

    def ticket(self, login: str, exercise: str, participant: str, entry: str = "desk", **more: Any) -> str:
        """As the doors give one to somebody who has been asked for."""
        with self.site.sessions.begin() as session:
            user = session.query(User.id).filter_by(login=login).scalar()
            return tickets.issue(session, exercise, participant, user, entry, self.site.clock(), **more)

    def sessions(self) -> list[EntrySession]:
        with reading(self.site.sessions) as session:
            return session.query(EntrySession).order_by(EntrySession.opened_at).all()

    def set_state(self, participant: str, **values: Any) -> None:
        with self.site.sessions.begin() as session:
            session.query(Environment).filter_by(participant_id=participant).update(values)

    async def sit(self, exercise: str, ticket: str, *, acknowledges: bool = True) -> "Sitter":
        """A client that has its terminal."""
        sitter = Sitter(await self.dial(exercise), acknowledges=acknowledges)
        await sitter.open(ticket)
        return sitter

    async def dial(self, exercise: str, origin: str | None = ORIGIN) -> ClientConnection:
        address = f"ws://127.0.0.1:{self.port}/api/v1/exercises/{exercise}/terminal"
        return await connect(address, origin=origin, subprotocols=[SUBPROTOCOL], max_size=None, proxy=None)


class Sitter:
    """Somebody at a terminal: `output` from byte `start` on, what was said, and whether bytes are acknowledged."""

    def __init__(self, connection: ClientConnection, *, acknowledges: bool = True) -> None:
        self.connection, self.acknowledges = connection, acknowledges
        self.output, self.start = bytearray(), 0
        self.words: list[dict[str, Any]] = []
        self.secret = ""
        self._acknowledged = 0
        self._news = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.leave()

    @property
    def received(self) -> int:
        """How many bytes of the session's output there have been so far."""
        return self.start + len(self.output)

    async def open(self, ticket: str, columns: int = 80, rows: int = 24) -> None:
        await self.say(type="open", ticket=ticket, columns=columns, rows=rows)
        await self.opened()

    async def resume(self, secret: str, received: int, columns: int = 80, rows: int = 24) -> None:
        await self.say(type="resume", secret=secret, received=received, columns=columns, rows=rows)
        await self.opened()

    async def opened(self) -> None:
        await self.until(lambda: self.said("opened") or self.said("closed"))
        assert self.said("opened"), self.words

    def said(self, type_: str) -> list[dict[str, Any]]:
        return [word for word in self.words if word["type"] == type_]

    async def reason(self) -> str:
        """Why it is over, once it is."""
        await self.until(lambda: bool(self.said("closed")))
        return str(self.said("closed")[0]["reason"])

    async def say(self, **word: Any) -> None:
        await self.connection.send(json.dumps(word))

    async def type(self, keys: str | bytes) -> None:
        await self.connection.send(keys.encode() if isinstance(keys, str) else keys, text=False)

    async def run(self, line: str, shows: str, within_s: float = PATIENCE_S) -> None:
        """Type a line and wait until the output shows something."""
        seen = len(self.output)
        await self.type(f"{line}\n")
        await self.until(lambda: shows.encode() in self.output[seen:], within_s)

    async def until(self, holds: Callable[[], Any], within_s: float = PATIENCE_S) -> None:
        try:
            async with asyncio.timeout(within_s):
                while not holds():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"not in time; {self.words[-3:]}, {bytes(self.output[-300:])!r}") from None

    def vanish(self) -> None:
        """As a browser that loses its power."""
        self.connection.transport.abort()

    async def leave(self) -> None:
        await self.connection.close()
        await asyncio.wait([self._reader])

    async def _read(self) -> None:
        try:
            async for message in self.connection:
                await self._take(message)
                self._news.set()
        except ConnectionClosed:
            pass
        self._news.set()

    async def _take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.output += message
            if self.acknowledges and self.received - self._acknowledged >= 32 * 1024:
                self._acknowledged = self.received
                await self.say(type="ack", received=self.received)
            return
        word = json.loads(message)
        self.words.append(word)
        if word["type"] == "opened":
            self.secret, self.start = word["secret"], word["from"]
            self.output.clear()


@dataclass
class Scene:
    """An exercise that runs, the engine its desks stand on, and who is meant by a name."""

    site: Site
    engine: Engine
    instance: str
    ids: Mapping[str, str]

    @property
    def exercise(self) -> str:
        """The exercise of the teams `blaa` and `roed`."""
        return self.ids["running"]

    def place(self, team: str = "blaa", generation: int = 1) -> str:
        """A desk for a team's environment: its container's name."""
        return place(self.engine, self.instance, self.exercise, self.ids[f"player_{team}"], generation).name

    def play(self, act: Callable[[Hall], Awaitable[None]], within_s: float = 60.0) -> None:
        """Serve the entries' doors, and let the act happen there."""

        async def whole() -> None:
            async with hall(self.site, self.engine, self.instance) as opened, asyncio.timeout(within_s):
                await act(opened)

        asyncio.run(whole())

    def ticket(self, at: Hall, login: str = "member", team: str = "blaa", **more: Any) -> str:
        """For the desk of the team."""
        return at.ticket(login, self.exercise, self.ids[f"player_{team}"], **more)

    def enrol(self, team: str, count: int) -> list[str]:
        """So many more members of a team, signed in: their logins."""
        logins, now = [f"{team}-{number}" for number in range(count)], self.site.clock()
        with self.site.sessions.begin() as session:
            for login in logins:
                user = accounts.add_user(session, login, login, Role.PARTICIPANT, now)
                lasts = {"created_at": now, "expires_at": now + timedelta(days=1)}
                session.add(SignIn(id=login, user_id=user.id, form_token="f", **lasts))
                session.add(Membership(team_id=team, user_id=user.id))
        return logins

    async def sit(self, at: Hall, login: str = "member", team: str = "blaa", **more: Any) -> "Sitter":
        """Somebody with a terminal of their own."""
        return await at.sit(self.exercise, self.ticket(at, login, team), **more)

    async def back(self, at: Hall, secret: str, received: int) -> "Sitter":
        """Somebody who comes back to theirs."""
        sitter = Sitter(await at.dial(self.exercise))
        await sitter.resume(secret, received)
        return sitter

    async def refusal(self, at: Hall, said: Mapping[str, Any] | str | bytes) -> tuple[str, str]:
        """Why somebody who begins with this is not let in: the reason, and the words."""
        sitter = Sitter(await at.dial(self.exercise))
        await sitter.connection.send(json.dumps(said) if isinstance(said, Mapping) else said)
        reason = await sitter.reason()
        assert not sitter.said("opened")
        return reason, sitter.said("closed")[0].get("detail") or ""


def opening(ticket: str) -> dict[str, Any]:
    """What somebody with a ticket says first."""
    return {"type": "open", "ticket": ticket, "columns": 80, "rows": 24}


async def comes(holds: Callable[[], Any], within_s: float = 5.0) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def hall(site: Site, engine: Engine, instance: str) -> AsyncIterator[Hall]:
    """The entries' doors, served as they are in production."""
    entries, app, port = Entries(site, engine, instance), FastAPI(), free_port()
    app.include_router(entries.router)

    @app.get("/health")
    async def health() -> str:
        return "ok"

    entries.start()
    async with served(app, **UVICORN, port=port):
        try:
            yield Hall(site, entries, port)
        finally:
            await entries.stop()


def place(engine: Engine, instance: str, exercise: str, participant: str, generation: int = 1) -> ContainerSpec:
    """A desk to sit at: the one container of an environment that terminals need."""
    who = Identity(instance, exercise, participant, generation)
    engine.ensure_image(ImageSpec(BASE), lambda line: None)
    spec = sealed(
        ContainerSpec(
            name=who.name("desk"),
            service="desk",
            image=BASE,
            labels=who.object_labels("desk", "service"),
            attachments=(),
            limits=Limits(256, 0.5, 256),
            command=("sleep", "3600"),
            stop_grace_s=0.0,
        )
    )
    engine.ensure_container(spec)
    engine.start(spec.name)
    return spec
