"""An entries process as it is in production, labs behind it, and browsers that ask exactly what they are told to."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import uvloop
from fastapi import FastAPI

from ncr.db import reading
from ncr.entries.doors import Entries
from ncr.entries.front import front
from ncr.exercise import tickets
from ncr.exercise.hosts import host
from ncr.exercise.tables import EntrySession, Environment, Exercise
from ncr.live.socket import UVICORN
from ncr.people.tables import User
from ncr.runtime.engine import Engine
from ncr.runtime.identity import Identity
from ncr.runtime.objects import Attachment, ContainerSpec, ImageSpec, Limits, NetworkSpec, SeenContainer
from ncr.runtime.simulated import SimulatedEngine
from ncr.site import Site
from tests.service import doors_site
from tests.service.doors_site import World
from tests.service.lab_server import Lab, lab
from tests.service.live_site import free_port
from tests.service.served import served

How = Literal["door", "relay"]
ENTRIES = (
    "  - {id: shop, web: 'web:8080', title: {nb: Butikken, en: The shop}}\n"
    "  - {id: mail, web: 'web:8081', title: {nb: Posten, en: The mail}}\n"
)
PORTS = {"shop": 1100, "mail": 1101}
IMAGE = "ncr/base:bookworm"
# Doors have fixed ports, so each process of tests has addresses of its own.
LOOPBACK = f"127.{64 + os.getpid() // 256 % 128}.{os.getpid() % 256}"


class Near(SimulatedEngine):
    """One whose gates are reached from here: their addresses are of this machine's loopback."""

    def is_near(self) -> bool:
        return True


def gate_address(team: str) -> str:
    """Where a team's gate stands, and its lab behind each of its doors."""
    return f"{LOOPBACK}.{('blaa', 'roed').index(team) + 2}"


def engine_of(how: How, instance: str, ids: Mapping[str, str]) -> SimulatedEngine:
    """An engine with the environments of both teams on it, reached in either way."""
    made = Near() if how == "door" else SimulatedEngine()
    made.on_relay = lambda seen, command: _leads(seen, command, ids)
    made.ensure_image(ImageSpec(IMAGE), lambda line: None)
    for number, team in enumerate(("blaa", "roed")):
        furnish(made, instance, ids["running"], ids[f"player_{team}"], gate_address(team), number)
    return made


def _leads(seen: SeenContainer, command: Sequence[str], ids: Mapping[str, str]) -> tuple[str, int]:
    assert seen.labels["ncr.role"] == "gate"
    team = next(team for team in ("blaa", "roed") if ids[f"player_{team}"] == seen.labels["ncr.team"])
    entry = {"8080": "shop", "8081": "mail"}[command[-1]]
    return gate_address(team), PORTS[entry]


def furnish(
    engine: SimulatedEngine, instance: str, exercise: str, player: str, address: str, number: int, generation: int = 1
) -> None:
    """A gate and a service, on a network of the team's and the gate's control network."""
    who = Identity(instance, exercise, player, generation)
    for at, name in enumerate((who.control_name, who.name("lan"))):
        subnet = f"10.99.{number * 2 + at}.0/24"
        engine.ensure_network(NetworkSpec(name, f"ncr-{number}{at}", subnet, "team", who.object_labels("", "network")))
    places = (Attachment(who.control_name, (), address), Attachment(who.name("lan"), (), "10.99.9.2"))
    for name, service, role, attachments in (
        (who.gate_name, "", "gate", places),
        (who.name("web"), "web", "service", (Attachment(who.name("lan"), (), "10.99.9.3"),)),
    ):
        labels = who.object_labels(service, role)
        engine.ensure_container(ContainerSpec(name, service, IMAGE, labels, attachments, Limits(64, 0.5, 64)))
        engine.start(name)


@dataclass
class Reply:
    """An answer as it came over the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    is_whole: bool = True

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for each, value in self.headers if each == name]

    def one(self, name: str) -> str | None:
        """The value of a header that comes at most once."""
        found = self.all(name)
        assert len(found) <= 1, found
        return found[0] if found else None

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass
class Browser:
    """Asks over sockets of its own, byte for byte; `cookie` is what it got from entering."""

    port: int
    host: str
    cookie: str = ""
    language: str = "nb"
    more: dict[str, str] = field(default_factory=dict)

    async def get(self, target: str = "/", **headers: str) -> Reply:
        return await self.ask("GET", target, headers=headers)

    async def ask(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        given = {"Host": self.host, "Accept-Language": self.language, **self.more}
        if self.cookie:
            given["Cookie"] = self.cookie
        if body is not None:
            given["Content-Length"] = str(len(body))
        given |= {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items() if value)]
        return await self.say("\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b""), method)

    async def say(self, data: bytes, method: str = "GET") -> Reply:
        """Write these bytes and read the answer to them."""
        reader, writer = await self.dial()
        try:
            writer.write(data)
            return await read_reply(reader, method)
        finally:
            writer.close()

    async def dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)


async def read_reply(reader: asyncio.StreamReader, method: str = "GET", within_s: float = 15.0) -> Reply:
    """The next answer; not whole when the connection ends first."""
    async with asyncio.timeout(within_s):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            return Reply(0, [], error.partial, is_whole=False)
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        pairs = [(name.lower(), value) for name, _, value in (line.partition(": ") for line in lines)]
        reply = Reply(int(first.split()[1]), pairs, b"")
        try:
            reply.body = await _body(reader, reply, method)
        except asyncio.IncompleteReadError as error:
            reply.body, reply.is_whole = error.partial, False
        return reply


async def _body(reader: asyncio.StreamReader, reply: Reply, method: str) -> bytes:
    if method == "HEAD" or reply.status in (101, 204, 304):
        return b""
    if reply.one("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
        return body
    return await reader.readexactly(int(reply.one("content-length") or 0))


@dataclass
class Hall:
    """Where it is served, and who may come in."""

    site: Site
    engine: Engine
    ids: Mapping[str, str]
    port: int

    def host(self, entry: str = "shop", team: str = "blaa") -> str:
        name = host(entry, self.ids[f"player_{team}"], self.ids["running"], self.domain)
        return f"{name}:{self.port}"

    @property
    def domain(self) -> str:
        """Below which the labs are."""
        return self.site.settings.entry_domain

    def stranger(self, entry: str = "shop", team: str = "blaa", **more: Any) -> Browser:
        """Somebody without a session."""
        return Browser(self.port, self.host(entry, team), **more)

    def ticket(self, login: str = "member", team: str = "blaa", entry: str = "shop", **more: Any) -> str:
        with self.site.sessions.begin() as session:
            user = session.query(User.id).filter_by(login=login).scalar()
            player = self.ids[f"player_{team}"]
            return tickets.issue(session, self.ids["running"], player, user, entry, self.site.clock(), **more)

    async def guest(self, login: str = "member", team: str = "blaa", entry: str = "shop") -> Browser:
        """Somebody who came in by a ticket."""
        browser = self.stranger(entry, team)
        reply = await browser.get(f"/.ncr/enter?ticket={self.ticket(login, team, entry)}")
        assert reply.status == 303, reply.text
        browser.cookie = (reply.one("set-cookie") or "").partition(";")[0]
        return browser

    def sessions(self) -> list[EntrySession]:
        with reading(self.site.sessions) as session:
            return session.query(EntrySession).order_by(EntrySession.opened_at).all()

    def set_exercise(self, **values: Any) -> None:
        with self.site.sessions.begin() as session:
            session.query(Exercise).filter_by(id=self.ids["running"]).update(values)

    def set_environment(self, team: str = "blaa", **values: Any) -> None:
        with self.site.sessions.begin() as session:
            session.query(Environment).filter_by(participant_id=self.ids[f"player_{team}"]).update(values)


OURS = b"this is NCR's own"


@asynccontextmanager
async def hall(
    site: Site, engine: Engine, ids: Mapping[str, str], instance: str, address: str = "127.0.0.1"
) -> AsyncIterator[Hall]:
    """The entries' doors before an application of ours that answers everything."""
    entries, app, port = Entries(site, engine, instance), FastAPI(), free_port()

    @app.get("/{path:path}")
    async def ours(path: str) -> str:
        return OURS.decode()

    app.add_middleware(entries.hosts)
    options = {**UVICORN, "http": front(site.settings), "host": address, "port": port, "log_level": "error"}
    entries.start()
    async with served(app, **options, server_header=False, proxy_headers=False):
        try:
            yield Hall(site, engine, ids, port)
        finally:
            await entries.stop()


@dataclass
class Stage:
    """Where a hall is opened for each act."""

    site: Site
    engine: Any
    ids: Mapping[str, str]

    def play(self, act: Callable[[Hall], Awaitable[None]], within_s: float = 60.0) -> None:
        """Open the hall and let the act happen."""

        async def whole() -> None:
            async with hall(self.site, self.engine, self.ids, "t") as opened, asyncio.timeout(within_s):
                await act(opened)

        # The loop that the service runs on.
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(whole())


def play(at: Stage, act: Callable[[Hall, Lab], Awaitable[None]]) -> None:
    """Let it happen in a hall with the team's proper lab behind it."""

    async def whole(hall: Hall) -> None:
        async with lab(gate_address("blaa"), PORTS["shop"]) as behind:
            await act(hall, behind)

    at.play(whole)


def prepared(template: Path, folder: Path) -> World:
    """Everybody and everything, with two web entries in the scenario."""
    shutil.copy(template, folder / "ncr.db")
    return doors_site.populate(folder, f"sqlite:///{folder / 'ncr.db'}", ENTRIES)


@contextmanager
def stage(world: World, folder: Path, how: How, **more: Any) -> Iterator[Stage]:
    """A stage on a copy of the world."""
    shutil.copy(world.folder / "ncr.db", folder / "ncr.db")
    settings = doors_site.settings(world.folder, f"sqlite:///{folder / 'ncr.db'}").model_copy(update=more)
    with doors_site.closing_site(settings) as site:
        yield Stage(site, engine_of(how, "t", world.ids), world.ids)
