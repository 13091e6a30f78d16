"""The whole service as a child process, an exercise running in it, and people at browsers."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from ncr import db
from ncr.cli.cast import Cast, Person, hire
from ncr.cli.service import Service
from ncr.clock import utcnow
from ncr.config import Settings
from ncr.db import reading
from ncr.exercise.tables import Exercise
from ncr.scoring.flags import flag
from tests.service.live_site import free_port

SCENARIOS = Path(__file__).parents[2] / "scenarios"
READY_S = 60.0
LOST = re.compile(r"WebSocket connection to|Failed to load resource: net::")


class Killable(Service):
    """The service, which may also die without a word."""

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)


@dataclass
class Whole:
    """A running exercise: who plays it (`cast`), and its service, which can be killed and started again."""

    settings: Settings
    cast: Cast
    service: Killable
    exercise: dict[str, Any] = field(default_factory=dict)
    # Cookies by user name: signing in is slow on purpose, and limited.
    remembered: dict[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Of the service."""
        return self.settings.origin

    @property
    def page(self) -> str:
        """The exercise's own address."""
        return f"{self.address}/exercises/{self.exercise['id']}"

    def kill(self) -> None:
        """Take the service away."""
        self.service.kill()

    def start(self) -> None:
        """Bring it back, on the same port and the same data."""
        self.service = Killable(self.settings)
        self.service.__enter__()

    def plan(self, starts_in_s: float = 3, teams: int = 6) -> None:
        """An exercise of so many teams, that begins as soon as it is ready."""
        wanted = {
            "scenario": "nettbutikken", "title": "Nattøvelsen", "teams": [team.id for team in self.cast.teams[:teams]],
            "starts_at": (utcnow() + timedelta(seconds=starts_in_s)).isoformat(), "duration_s": 7200,
            "visibility": "public", "prepare_lead_s": 600,
            "override": "a test of the pages",
        }  # fmt: skip
        with self.service.client(self.cast.instructor.token) as http:
            reply = http.post("/api/v1/exercises", json=wanted)
        assert reply.status_code == 201, reply.text
        self.exercise = reply.json()

    def wait_until_it_runs(self, within_s: float = READY_S) -> None:
        """Return when teams may play."""
        until(lambda: self.get("")["state"] == "running", within_s)

    def get(self, path: str) -> Any:
        """What the instructor sees at a path under the exercise."""
        with self.service.client(self.cast.instructor.token) as http:
            reply = http.get(f"/api/v1/exercises/{self.exercise['id']}{path}")
        assert reply.status_code == 200, reply.text
        return reply.json()

    def team_name(self, player: int) -> str:
        """The team of the cast's member number `player`."""
        return self.cast.teams[player].name

    def own_flag(self, player: int, task: str) -> str:
        """The flag that only this player's team finds in its environment."""
        slug = self.cast.teams[player].id
        participant = next(row["id"] for row in self.exercise["participants"] if row["team"] == slug)
        engine = db.connect(self.settings.url)
        with reading(db.sessions(engine)) as session:
            secret = session.get_one(Exercise, self.exercise["id"]).secret
        engine.dispose()
        return flag(secret, self.exercise["id"], task, participant)

    def submit(self, player: int, task: str, answer: str) -> bool:
        """Submit as a program of the team's would; whether it was right."""
        with self.service.client(self.cast.members[player].token) as http:
            path = f"/api/v1/exercises/{self.exercise['id']}/tasks/{task}/submissions"
            reply = http.post(path, json={"answer": answer})
        assert reply.status_code == 200, reply.text
        return bool(reply.json()["correct"])


@contextmanager
def whole(folder: Path, **more: Any) -> Iterator[Whole]:
    """The service with its cast; gone afterwards. `more` are settings of its own."""
    port = free_port()
    usual = {"engine": "simulated", "instance": "browser", "database_url": "", "scenarios": (SCENARIOS,)}
    settings = Settings(**{**usual, **more}, data=folder, port=port, public_url=f"http://localhost:{port}")
    cast = hire(settings)
    with Killable(settings) as service:
        made = Whole(settings, cast, service)
        try:
            yield made
        finally:
            made.service.__exit__(None, None, None)


def until(holds: Callable[[], bool], within_s: float) -> None:
    """Wait for something that cannot be waited for in a page."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, f"did not happen within {within_s} s"
        time.sleep(0.1)


@dataclass
class People:
    """People at browsers of their own; what a browser complains of is kept."""

    browser: Browser
    whole: Whole
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def stranger(self, language: str = "nb", theme: str | None = None, **options: Any) -> Page:
        """Somebody who is not signed in."""
        options = {
            "viewport": {"width": 1280, "height": 900},
            "locale": {"nb": "nb-NO", "en": "en-GB"}[language],
            **options,
        }
        context = self.browser.new_context(**options)
        context.set_default_timeout(10_000)
        if theme:
            context.add_cookies([{"name": "ncr-theme", "value": theme, "url": self.whole.address}])
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def somebody(self, who: Person, language: str = "nb", theme: str | None = None, **options: Any) -> Page:
        """Somebody who is signed in; by the form the first time, later as a browser that remembers it."""
        if who.login in self.whole.remembered:
            return self.stranger(language, theme, storage_state=self.whole.remembered[who.login], **options)
        page = self.stranger(language, theme, **options)
        page.goto(f"{self.whole.address}/sign-in")
        page.fill("#login", who.login)
        page.fill("#password", who.password)
        page.click("main button.main")
        page.wait_for_url(re.compile(rf"^{re.escape(self.whole.address)}/(practice)?$"))
        cookies = [cookie for cookie in page.context.cookies() if cookie["name"] != "ncr-theme"]
        self.whole.remembered[who.login] = {"cookies": cookies, "origins": []}
        return page

    def leave(self) -> None:
        """Everybody closes their browser."""
        for context in self.contexts:
            context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        # A service that is away on purpose is complained of rightly.
        if message.type in ("error", "warning") and not LOST.search(message.text):
            self.complaints.append(message.text)
