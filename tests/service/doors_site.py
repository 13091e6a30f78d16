"""A site with people of every role and exercises in every turn of life, and a caller that knocks on its doors."""

import asyncio
import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi import FastAPI
from sqlalchemy import update
from sqlalchemy.orm import Session

from ncr import app as composition
from ncr.clock import utcnow
from ncr.config import Settings
from ncr.exercise import setup
from ncr.exercise.plan import Plan
from ncr.exercise.tables import Environment, Participant
from ncr.people import accounts
from ncr.people.roles import Role
from ncr.people.signin import fingerprint
from ncr.people.tables import SignIn, Token, User
from ncr.scenario import loader
from ncr.scenario.topology import Scenario
from ncr.scoring import conduct, practising
from ncr.site import Site
from tests.stage import rehearsed

LITEN = Path(__file__).parent.parent / "scenarios" / "liten"
ORIGIN = "http://127.0.0.1:8000"
PASSWORD = "riktig hest batteri"
SECRET_WORD = "Fremmed"
ROLES = {
    "member": Role.PARTICIPANT,
    "rival": Role.PARTICIPANT,
    "stranger": Role.PARTICIPANT,
    "student": Role.STUDENT,
    "observer": Role.OBSERVER,
    "owner": Role.INSTRUCTOR,
    "instructor": Role.INSTRUCTOR,
    "admin": Role.ADMIN,
}
EVERYBODY = ("public", *ROLES)
TEAMS = {"blaa": "member", "roed": "rival", "ute": "stranger"}


@dataclass(frozen=True)
class World:
    """The ids that requests name: exercises by state, participants and users by name."""

    folder: Path
    ids: Mapping[str, str]

    def path(self, template: str) -> str:
        return template.format_map(self.ids)


def settings(folder: Path, url: str, public_url: str = ORIGIN) -> Settings:
    return Settings(
        _env_file=None,
        data=folder,
        database_url=url,
        role="all",
        engine="simulated",
        scenarios=(folder / "source",),
        public_url=public_url,
    )


def populate(folder: Path, url: str, entries: str = "") -> World:
    """Everybody and everything, in the empty database at `url`; `entries` are lines of scenario.yml beside the desk."""
    source = folder / "source" / "liten"
    shutil.copytree(LITEN, source)
    text = (source / "scenario.yml").read_text()
    hinted = "    flag: NCR{8080}\n    hints: [{text: Se på compose, cost: 10}]\n"
    # A practice run lasts as long as its scenario; a slow machine must not see its end.
    text = (
        text.replace("duration: 60s", "duration: 60m")
        .replace("    flag: NCR{8080}\n", hinted)
        .replace("tasks:\n", f"{entries}tasks:\n")
    )
    (source / "scenario.yml").write_text(text)
    with closing_site(settings(folder, url)) as site, site.sessions.begin() as session:
        return World(folder, _people(session) | _exercises(session, site))


def _people(session: Session) -> dict[str, str]:
    now, ids, passwords = utcnow(), {}, {"student": PASSWORD}
    accounts.add_partner(session, "ntnu", "NTNU")
    accounts.add_partner(session, "tom", "Uten lag")
    for name, role in ROLES.items():
        user = accounts.add_user(session, name, name.title(), role, now, password=passwords.get(name))
        ids[f"user_{name}"] = user.id
        lasts = {"created_at": now, "expires_at": now + timedelta(days=1)}
        session.add(SignIn(id=fingerprint(f"cookie-{name}"), user_id=user.id, form_token=f"form-{name}", **lasts))
        session.add(Token(id=fingerprint(f"ncr_{name}"), user_id=user.id, name="t", role=role, **lasts))
    for team, login in TEAMS.items():
        accounts.add_team(session, team, f"Lag {team}", "ntnu", [login])
    accounts.add_team(session, "ubrukt", "Lag ubrukt")
    return ids


def _exercises(session: Session, site: Site) -> dict[str, str]:
    now, ids = utcnow(), {}
    users = dict(session.query(User.login, User.id).all())
    scenario = loader.load(site.settings.data / "source" / "liten")
    rehearsed(session, scenario)
    plan = Plan(scenario=scenario, title="Øvelse", teams=["blaa", "roed"], visibility="teams", duration_s=3600)
    plan = replace(plan, created_by=users["owner"])
    soon = now + timedelta(hours=1)
    ids["draft"] = setup.plan(session, site.shelf, plan, now).id
    ids["scheduled"] = setup.plan(session, site.shelf, replace(plan, starts_at=soon), now).id
    for name in ("running", "paused", "finished"):
        ids[name] = started(session, site, plan, now)
    for visibility in ("public", "staff", "off"):
        ids[visibility] = started(session, site, replace(plan, visibility=visibility), now)
    foreign = replace(plan, title=f"{SECRET_WORD} øvelse", teams=["ute"], created_by=users["instructor"])
    ids["foreign"] = started(session, site, foreign, now)
    ids["run"] = practised(session, site, scenario, users["student"], now)
    conduct.pause(session, ids["paused"], now)
    conduct.finish(session, ids["finished"], now)
    for team in ("blaa", "roed"):
        mine = session.query(Participant.id).filter_by(exercise_id=ids["running"], team_id=team)
        ids[f"player_{team}"] = mine.scalar()
    return ids


def started(session: Session, site: Site, plan: Plan, now: datetime) -> str:
    """An exercise that runs, its environments open."""
    id_ = setup.plan(session, site.shelf, replace(plan, starts_at=now), now).id
    conduct.prepare(session, id_, now)
    conduct.ready(session, id_, now)
    conduct.open_(session, id_, now)
    session.execute(update(Environment).where(Environment.exercise_id == id_).values(state="open", target="open"))
    return id_


def practised(session: Session, site: Site, scenario: Scenario, user: str, now: datetime) -> str:
    """A practice run that goes on, its environment open."""
    id_ = practising.start(session, site.shelf, site.settings, scenario, user, now)
    conduct.launch(session, id_, now)
    conduct.prepare(session, id_, now)
    conduct.ready(session, id_, now)
    conduct.open_(session, id_, now)
    session.execute(update(Environment).where(Environment.exercise_id == id_).values(state="open", target="open"))
    return id_


@contextlib.contextmanager
def closing_site(of: Settings) -> Iterator[Site]:
    """The site, its writer and its connections closed afterwards."""
    site = composition.site(of)
    try:
        yield site
    finally:
        close(site)


def close(site: Site) -> None:
    site.writer.close()
    site.sessions.kw["bind"].dispose()


@dataclass
class Answer:
    """What came back; `raised` is what the service let through to its server."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    raised: BaseException | None = None

    def json(self) -> Any:
        return json.loads(self.body)


class Caller:
    """Asks the application itself, without a socket; an endless answer is left after its first line."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self._runner = asyncio.Runner()

    def close(self) -> None:
        self._runner.close()

    def as_(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """As a program with the token of `who`."""
        bearer = {} if who == "public" else {"authorization": f"Bearer ncr_{who}"}
        return self.ask(method, path, body, bearer | headers)

    def browse(self, who: str, method: str, path: str, form: Mapping[str, str] | None = None, **more: str) -> Answer:
        """As the browser of `who`, on our own page, with its form token."""
        cookie = {} if who == "public" else {"cookie": f"ncr=cookie-{who}"}
        headers = cookie | {"origin": ORIGIN, "sec-fetch-site": "same-origin"} | more
        return self.ask(method, path, None if form is None else {"form_token": f"form-{who}", **form}, headers, True)

    def together(self, times: int, who: str, method: str, path: str, body: Any = None, **headers: str) -> list[Answer]:
        """The same request so many times at once."""

        async def all_() -> list[Answer]:
            bearer = {"authorization": f"Bearer ncr_{who}"} | headers
            return await asyncio.gather(*(self._send(method, path, body, bearer, False) for _ in range(times)))

        return self._runner.run(all_())

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, form: bool = False
    ) -> Answer:
        return self._runner.run(self._send(method, path, body, headers or {}, form))

    async def _send(self, method: str, path: str, body: Any, headers: Mapping[str, str], form: bool) -> Answer:
        sent = {"host": urlsplit(ORIGIN).netloc, "accept": "*/*", **headers}
        content = b""
        if isinstance(body, bytes):
            content = body
        elif body is not None:
            content = urlencode(body).encode() if form else json.dumps(body).encode()
            sent.setdefault("content-type", "application/x-www-form-urlencoded" if form else "application/json")
        if method not in ("GET", "WS"):
            sent["content-length"] = str(len(content))
        return await self._ask(method, path, sent, content)

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> Answer:
        answer, started = Answer(), asyncio.Event()
        coming: list[dict[str, Any]] = [{"type": "http.request", "body": content, "more_body": False}]
        if method == "WS":
            coming = [{"type": "websocket.connect"}]

        async def receive() -> dict[str, Any]:
            if coming:
                return coming.pop()
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: Mapping[str, Any]) -> None:
            _take(answer, message)
            if message["type"] in ("http.response.start", "websocket.accept"):
                endless = answer.headers.get("content-type", "").startswith("text/event-stream")
                if endless or message["type"] == "websocket.accept":
                    started.set()

        asked = asyncio.create_task(self.app(_scope(method, path, headers), receive, send))
        first = asyncio.create_task(started.wait())
        await asyncio.wait((asked, first), timeout=20, return_when=asyncio.FIRST_COMPLETED)
        first.cancel()
        if not asked.done():
            asked.cancel()
        (ended,) = await asyncio.gather(asked, return_exceptions=True)
        if isinstance(ended, Exception):
            answer.raised = ended
        return answer


@contextlib.contextmanager
def service(folder: Path, url: str, public_url: str = ORIGIN) -> Iterator[Caller]:
    """Somebody to call the service whose database is at `url`."""
    app = composition.create(settings(folder, url, public_url))
    caller = Caller(app)
    try:
        yield caller
    finally:
        close(app.state.site)
        caller.close()


def _take(answer: Answer, message: Mapping[str, Any]) -> None:
    if message["type"] in ("http.response.start", "websocket.http.response.start"):
        answer.status = message["status"]
        answer.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
    elif message["type"] in ("http.response.body", "websocket.http.response.body"):
        answer.body += message.get("body", b"")
    elif message["type"] == "websocket.accept":
        answer.status = 101


def _scope(method: str, path: str, headers: Mapping[str, str]) -> dict[str, Any]:
    parts = urlsplit(path)
    scope = {
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "http",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 8000),
        "extensions": {"websocket.http.response": {}},
        "state": {},
    }
    if method == "WS":
        return {**scope, "type": "websocket", "scheme": "ws", "subprotocols": []}
    return {**scope, "type": "http", "method": method}
