"""A site with one running exercise, people to watch it, and a client that follows the protocol to the letter."""

import asyncio
import json
import secrets
import socket as sockets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect

from ncr import db
from ncr.clock import utcnow
from ncr.config import Settings
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Exercise, Moment, Participant
from ncr.live.socket import SUBPROTOCOL, UVICORN, Live
from ncr.people.signin import fingerprint
from ncr.people.tables import Membership, SignIn, Team, User
from ncr.scenario import loader
from ncr.scoring import ledger
from ncr.scoring.board import Boards
from ncr.scoring.facts import Draft, Kind
from ncr.scoring.rules import rules
from ncr.scoring.writer import Writer
from ncr.site import Site
from tests.service.served import served

LITEN = Path(__file__).parent.parent / "scenarios" / "liten"
EXERCISE = "e" * 32
TEAMS = ("ask", "bjork", "eik", "gran")


def free_port() -> int:
    with sockets.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def make_site(url: str, folder: Path, port: int = 8000) -> Site:
    """A site on the database at `url`, with the scenario `liten` on its shelf."""
    sessions = db.sessions(db.connect(url))
    shelf = Shelf(folder / "shelf")
    settings = Settings(data=folder, database_url=url, port=port)
    boards = Boards(sessions, lambda digest: rules(shelf.get(digest).definition))
    return Site(settings, sessions, utcnow, shelf, boards, Writer(sessions), tuple, tuple)


def close(site: Site) -> None:
    site.writer.close()
    site.sessions.kw["bind"].dispose()


def plan(site: Site, visibility: str = "public", scenario: Path = LITEN) -> dict[str, str]:
    """The exercise, running, with four teams; the session cookies of `instructor`, `student` and one of each team."""
    now = utcnow()
    with site.sessions.begin() as session:
        digest = site.shelf.put(session, loader.load(scenario), now)
        people = {name: _person(session, name, now) for name in ("instructor", "student", *TEAMS)}
        row = Exercise(id=EXERCISE, title="Prøve", digest=digest, state="ready", created_at=now, visibility=visibility)
        row.created_by, row.time_zone, row.duration_s = fingerprint("instructor")[:32], "Europe/Oslo", 3600.0
        row.secret, row.epoch, row.starts_at = "s" * 64, "first", now
        session.add(row)
        session.flush()
        for team in TEAMS:
            session.add(Team(id=team, name=team.title()))
            session.flush()
            session.add(Membership(team_id=team, user_id=fingerprint(team)[:32]))
            session.add(Participant(id=team, exercise_id=EXERCISE, team_id=team, name=team.title()))
        for kind, ref, offset_s in (("open", "", 0.0), ("inject", "call", 600.0), ("close", "", 3600.0)):
            session.add(
                Moment(exercise_id=EXERCISE, kind=kind, ref=ref, clock="exercise", offset_s=offset_s, outcome={})
            )
        session.flush()
        ledger.append(session, EXERCISE, [_joined(team) for team in TEAMS], now)
        row = session.get_one(Exercise, EXERCISE)
        row.state, row.clock_at = "running", now
    return people


def _person(session: Any, name: str, now: datetime) -> str:
    user = User(id=fingerprint(name)[:32], login=name, name=name.title(), pseudonym=f"p-{name}", created_at=now)
    user.role = name if name in ("instructor", "student") else "participant"
    session.add(user)
    session.flush()
    cookie = secrets.token_urlsafe(16)
    expires_at = now + timedelta(hours=1)
    session.add(SignIn(id=fingerprint(cookie), user_id=user.id, form_token="f", created_at=now, expires_at=expires_at))
    return cookie


def _joined(team: str) -> Draft:
    return Draft(Kind.JOINED, f"joined:{team}", team, {"name": team.title(), "standing": "active"})


def solve(site: Site, team: str, right: bool = True, task: str = "find-web") -> int:
    """A submission of the team; its number."""
    key = f"{team}:{task}" if right else secrets.token_hex(8)
    payload = {"task": task, "right": right, "member": f"p-{team}", "digest": "d" * 16}
    return tell(site, Draft(Kind.SUBMITTED, key, team, payload))


def adjust(site: Site, team: str, points: int) -> int:
    payload = {"points": points, "reason": "prøve", "by": "instructor"}
    return tell(site, Draft(Kind.ADJUSTED, secrets.token_hex(8), team, payload))


def tell(site: Site, *drafts: Draft) -> int:
    """Append to the ledger; the last number."""
    with site.sessions.begin() as session:
        return ledger.append(session, EXERCISE, drafts, datetime.now(UTC))[-1].seq


@dataclass
class Client:
    """Builds the board from frames alone, as PROTOCOL.md says, and notices whatever does not follow from the last."""

    seq: int | None = None
    epoch: str | None = None
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    tasks: dict[str, Any] = field(default_factory=dict)
    facts: list[dict[str, Any]] = field(default_factory=list)
    latest: list[dict[str, Any]] = field(default_factory=list)
    messages: list[int] = field(default_factory=list)
    injects: list[str] = field(default_factory=list)
    hello: dict[str, Any] | None = None
    state: str | None = None
    frozen: bool = False
    bye: str | None = None

    def take(self, data: str | bytes) -> dict[str, Any]:
        """One frame."""
        frame: dict[str, Any] = json.loads(data)
        getattr(self, f"_{frame['type']}")(frame)
        return frame

    def begin(self) -> None:
        """A new connection."""
        self.hello, self.bye = None, None

    @property
    def standings(self) -> list[dict[str, Any]]:
        return [self.rows[team] for team in self.order]

    @property
    def query(self) -> str:
        if self.seq is None:
            return ""
        return f"?after={self.seq}&epoch={self.epoch}&message={max(self.messages, default=0)}"

    def _hello(self, frame: Mapping[str, Any]) -> None:
        assert self.hello is None, "a second hello"
        self.hello, self.state, self.frozen = dict(frame), frame["state"], frame["frozen"]
        if frame["resume"]:
            assert self.epoch == frame["epoch"], "resumed another ledger"
        else:
            self.seq, self.facts = None, []
        self.epoch = frame["epoch"]

    def _snapshot(self, frame: Mapping[str, Any]) -> None:
        assert self.hello is not None, "a snapshot before hello"
        self.seq, self.epoch, self.frozen = frame["seq"], frame["epoch"], frame["frozen"]
        self.rows = {row["team"]: row for row in frame["standings"]}
        self.order = [row["team"] for row in frame["standings"]]
        self.tasks, self.facts, self.latest = frame["tasks"], [], frame["latest"]

    def _facts(self, frame: Mapping[str, Any]) -> None:
        assert self.seq is not None, "facts before a snapshot"
        assert frame["from"] == self.seq + 1, f"after {self.seq} came {frame['from']}"
        numbers = [fact["seq"] for fact in frame["facts"]]
        assert numbers == sorted(set(numbers))
        assert all(frame["from"] <= number <= frame["to"] for number in numbers)
        self.rows |= {row["team"]: row for row in frame["rows"]}
        self.order, self.seq = frame["order"], frame["to"]
        self.tasks = {**self.tasks, **frame["tasks"]}
        self.facts += frame["facts"]

    def _state(self, frame: Mapping[str, Any]) -> None:
        self.state, self.frozen = frame["state"], frame["frozen"]

    def _message(self, frame: Mapping[str, Any]) -> None:
        if frame["id"] not in self.messages:
            self.messages.append(frame["id"])

    def _inject(self, frame: Mapping[str, Any]) -> None:
        self.injects.append(frame["inject"])

    def _beat(self, frame: Mapping[str, Any]) -> None:
        assert frame["head"] >= (self.seq or 0)

    def _bye(self, frame: Mapping[str, Any]) -> None:
        self.bye = frame["reason"]


@asynccontextmanager
async def serving(site: Site, port: int, more: Callable[[FastAPI], None] | None = None) -> AsyncIterator[Live]:
    """A web process: uvicorn on the loopback with the live routes, and `more` beside, in this event loop."""
    live = Live(site)
    app = FastAPI()
    app.include_router(live.router)
    if more:
        more(app)
    live.start()
    async with served(app, **UVICORN, port=port):
        try:
            yield live
        finally:
            await live.stop()


def dial(
    port: int,
    query: str = "",
    cookie: str | None = None,
    origin: str | None = "",
    offered: Sequence[str] = (SUBPROTOCOL,),
) -> connect:
    """A connection as a browser on our own page makes it; `origin` None leaves it out."""
    headers = {"Cookie": f"ncr={cookie}"} if cookie else {}
    shown = f"http://127.0.0.1:{port}" if origin == "" else origin
    address = f"ws://127.0.0.1:{port}/api/v1/exercises/{EXERCISE}/live{query}"
    return connect(address, additional_headers=headers, origin=shown, subprotocols=list(offered), max_size=None)


async def follow(client: Client, socket: ClientConnection, until: Any, timeout_s: float = 10) -> None:
    """Take frames until `until(client)` holds."""
    async with asyncio.timeout(timeout_s):
        while not until(client):
            client.take(await socket.recv())
