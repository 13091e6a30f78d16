"""`ncr demo`: a whole exercise on this machine, bots playing, in one command."""

import random
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import httpx
import orjson
import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from ncr import app as composition
from ncr.cli.bots import Bot
from ncr.cli.cast import Cast, hire
from ncr.cli.service import Service
from ncr.cli.told import seconds
from ncr.clock import utcnow
from ncr.config import Settings
from ncr.errors import EngineError, NcrError
from ncr.runtime import images
from ncr.runtime.engine import Engine
from ncr.runtime.objects import EXERCISE, INSTANCE, SERVICE, TEAM
from ncr.runtime.player import Place
from ncr.scenario import loader
from ncr.scenario.maxima import Maxima
from ncr.scenario.topology import Scenario

app = typer.Typer()
DATA = Path("data/demo")
SCENARIO = Path("scenarios/nettbutikken")
PREPARE_S = 600.0
CLEAR_S = 120.0
LEAD_S = 60
# A start nearer than this is moved when not all is ready; one further away is moved nearer when all is.
NEAR_S = 5
LATER_S = 15


@app.command()
def demo(
    duration: Annotated[str, typer.Option(help="How long the exercise lasts: 60s, 15m.")] = "15m",
    headless: Annotated[bool, typer.Option(help="Plain lines, no live table.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the pages are served.")] = 8000,
    start_in: Annotated[
        str, typer.Option(help="Time from planning to the start; without it, as soon as all is ready.")
    ] = "",
) -> None:
    """Play a whole exercise of six teams on this machine; Ctrl-C ends it, and nothing of it is left."""
    length_s = _seconds(duration, "--duration")
    lead_s = _seconds(start_in, "--start-in") if start_in else None
    screen = Console(stderr=True)
    settings = Settings(data=DATA, database_url="", instance="demo", port=port, public_url=f"http://localhost:{port}")
    engine = composition.engine(settings)
    scenario = _prepare(engine, screen, Maxima.of(settings))
    # Only now that the engine answers: what the last demo left is worth more than a failed start.
    shutil.rmtree(DATA, ignore_errors=True)
    cast = hire(settings)
    with Service(settings) as service:
        show = Show(service, cast, engine, scenario, screen, settings)
        show.plan(length_s, lead_s)
        with show.bots(length_s):
            try:
                show.watch(headless)
            except KeyboardInterrupt:
                screen.print("Ending the exercise …")
            result = show.close()
    result["left_on_engine"] = _left(engine)
    if as_json:
        typer.echo(orjson.dumps(result).decode())
    raise typer.Exit(1 if result["left_on_engine"] else 0)


def _seconds(text: str, where: str) -> int:
    found = int(seconds(text, where))
    if found < 1:
        raise typer.BadParameter("must be longer", param_hint=where)
    return found


def _prepare(engine: Engine, screen: Console, maxima: Maxima) -> Scenario:
    """The scenario with its images built, and nothing of an earlier run left on the engine."""
    info = engine.info()
    screen.print(f"Engine: {info.kind} {info.version}, {info.cpus} cores, {info.memory_mib} MiB")
    _sweep(engine)
    scenario = loader.load(SCENARIO, maxima)
    for spec in images.specs(scenario):
        if engine.image(spec.reference) is None:
            with screen.status(f"Building {spec.reference} (the first time only) …"):
                engine.ensure_image(spec, lambda line: None)
            screen.print(f"Built {spec.reference}")
    return scenario


def _left(engine: Engine) -> int:
    seen = engine.observe({INSTANCE: "demo"})
    return len(seen.containers) + len(seen.networks) + len(seen.volumes)


def _sweep(engine: Engine) -> None:
    seen = engine.observe({INSTANCE: "demo"})
    for name in seen.containers:
        engine.remove_container(name)
    for name in seen.networks:
        engine.remove_network(name)
    for name in seen.volumes:
        engine.remove_volume(name)


class Show:
    """One exercise, from its plan to its result."""

    def __init__(
        self, service: Service, cast: Cast, engine: Engine, scenario: Scenario, screen: Console, settings: Settings
    ) -> None:
        self.service, self.cast, self.engine = service, cast, engine
        self.scenario, self.screen, self.settings = scenario, screen, settings
        self.http = service.client(cast.instructor.token)
        self.exercise: dict[str, Any] = {}
        self.is_movable = False
        self.end = threading.Event()

    def plan(self, length_s: int, lead_s: int | None) -> None:
        """Plan it, starting shortly, and say where everything is."""
        self.is_movable = lead_s is None
        start = utcnow().replace(microsecond=0) + timedelta(seconds=lead_s or LEAD_S)
        wanted = {
            "scenario": self.scenario.definition.id,
            "title": "Demo: " + self.scenario.definition.title.get("nb"),
            "teams": [team.id for team in self.cast.teams],
            "starts_at": start.isoformat(),
            "duration_s": length_s,
            "visibility": "public",
            "compress": True,
            "prepare_lead_s": PREPARE_S,
            "override": "a demonstration on a site made a moment ago, where nothing has been rehearsed",
        }
        reply = self.http.post("/api/v1/exercises", json=wanted)
        if reply.status_code != 201:
            raise NcrError(f"the exercise was not planned: {reply.text}")
        self.exercise = reply.json()
        self._say_where()

    def _say_where(self) -> None:
        base, path = self.settings.origin, f"/exercises/{self.exercise['id']}"
        rows = [
            ("Public scoreboard", f"{base}{path}/board", ""),
            ("Projector", f"{base}{path}/board?projector=1", ""),
            ("Instructor", f"{base}{path}", self.cast.instructor.words),
            ("Team member", f"{base}{path}", self.cast.members[0].words),
            ("Student", base, self.cast.student.words),
        ]
        for name, address, words in rows:
            self.screen.print(f"  {name:<18} {address}  {words}", highlight=False, soft_wrap=True)

    @contextmanager
    def bots(self, length_s: int) -> Iterator[None]:
        """The teams' bots, playing beside what goes on inside; they stop at the end of it."""
        pace_s = min(45.0, max(1.5, length_s / 14))
        threads = [
            threading.Thread(target=self._play, args=(number, pace_s), daemon=True)
            for number in range(len(self.cast.teams))
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.end.set()
            for thread in threads:
                thread.join(45)

    def _play(self, number: int, pace_s: float) -> None:
        member, team = self.cast.members[number], self.cast.teams[number]
        participant = next(each["id"] for each in self.exercise["participants"] if each["team"] == team.id)
        while self._state() not in ("running", "finished", "failed", "cancelled"):
            if self.end.wait(0.5):
                return
        with self.service.client(member.token) as http:
            bot = Bot(
                team=team.name,
                exercise=self.exercise["id"],
                http=http,
                engine=self.engine,
                scenario=self.scenario,
                place=lambda: self._place(participant),
                end=self.end,
                say=lambda line: self.screen.print(f"  {line}", highlight=False),
                pace_s=pace_s * (0.6 + 0.15 * number),
                skill=1.0 - 0.08 * number,
                clumsy=number == 1,
                luck=random.Random(number),  # noqa: S311 - bots' luck guards nothing
            )
            try:
                bot.play()
            except (httpx.HTTPError, EngineError) as error:
                if not self.end.is_set():
                    self.screen.print(f"  {team.name}: {error}", highlight=False)

    def _place(self, participant: str) -> Place:
        labels = {INSTANCE: self.settings.instance, EXERCISE: self.exercise["id"], TEAM: participant}
        seen = self.engine.observe(labels).containers
        return Place({box.labels[SERVICE]: name for name, box in seen.items() if SERVICE in box.labels})

    def watch(self, headless: bool) -> None:
        """Show the standings until the exercise is over."""
        if headless or not self.screen.is_terminal:
            self._watch_plainly()
            return
        with Live(console=self.screen, refresh_per_second=4) as live:
            while (state := self._state()) not in ("finished", "failed", "cancelled"):
                self._move_start(state)
                live.update(self._table(state))
                time.sleep(1)

    def _watch_plainly(self) -> None:
        before = ""
        while (state := self._state()) not in ("finished", "failed", "cancelled"):
            line = self._progress(state)
            if line != before:
                self.screen.print(f"{utcnow():%H:%M:%S} {line}", highlight=False)
            before = line
            self._move_start(state)
            time.sleep(0.5)

    def _progress(self, state: str) -> str:
        """The state, and while environments are made how many are ready."""
        if state != "preparing":
            return state
        rows = self.http.get(f"/api/v1/exercises/{self.exercise['id']}/environments").json()
        return f"{state}: {sum(row['state'] == 'ready' for row in rows)} of {len(rows)} environments are ready"

    def _move_start(self, state: str) -> None:
        """As a patient instructor would: later while not all is ready, and no later than needed once it is."""
        if not self.is_movable or state not in ("preparing", "ready"):
            return
        now = utcnow().replace(microsecond=0)
        left_s = (datetime.fromisoformat(self.exercise["starts_at"]) - now).total_seconds()
        if state == "preparing" and left_s <= NEAR_S:
            moved = now + timedelta(seconds=LATER_S)
        elif state == "ready" and left_s > NEAR_S:
            moved = now + timedelta(seconds=NEAR_S - 1)
        else:
            return
        self.http.patch(f"/api/v1/exercises/{self.exercise['id']}", json={"starts_at": moved.isoformat()})

    def _state(self) -> str:
        self.exercise |= self.http.get(f"/api/v1/exercises/{self.exercise['id']}").json()
        return str(self.exercise["state"])

    def _standings(self) -> dict[str, Any]:
        board: dict[str, Any] = self.http.get(f"/api/v1/exercises/{self.exercise['id']}/scoreboard").json()
        return board

    def _table(self, state: str) -> Table:
        table = Table(title=f"{self.exercise['title']} – {self._progress(state)}")
        for head in ("", "Team", "Points", "Solved", "Services"):
            table.add_column(head, justify="right" if head in ("", "Points", "Solved") else "left")
        for row in self._standings()["standings"]:
            services = " ".join(f"{name} {up}" for name, up in row["services"].items())
            table.add_row(str(row["rank"]), row["name"], f"{row['points']:g}", str(row["solved"]), services)
        return table

    def close(self) -> dict[str, Any]:
        """Finish it if it still goes on, wait until every environment is gone, and tell the result."""
        self.end.set()
        environments = f"/api/v1/exercises/{self.exercise['id']}/environments"
        state = self._state()
        if state not in ("finished", "failed", "cancelled"):
            turn = "finish" if state in ("running", "paused") else "cancel"
            self.http.post(f"/api/v1/exercises/{self.exercise['id']}/{turn}")
        built = [each for each in self.http.get(environments).json() if each["ready_at"]]
        until = time.monotonic() + CLEAR_S
        with self.screen.status("Tearing down …"):
            while time.monotonic() < until:
                if all(each["state"] == "removed" for each in self.http.get(environments).json()):
                    break
                time.sleep(0.5)
        if self.exercise.get("failure"):
            self.screen.print(f"The exercise failed: {self.exercise['failure']}")
        board = self._standings()
        rows = [{"team": row["name"], "points": row["points"], "rank": row["rank"]} for row in board["standings"]]
        lateness_ms = self.exercise["lateness_ms"]
        return {"standings": rows, "seq": board["seq"], "start_lateness_ms": lateness_ms, "environments": len(built)}
