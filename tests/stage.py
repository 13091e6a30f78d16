"""A stage for exercises in tests: known teams, a small scenario, a told clock, a director on the simulated engine."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr.clock import FrozenClock
from ncr.config import Settings
from ncr.db import Sessions
from ncr.director.director import Director
from ncr.exercise import rehearsals, setup
from ncr.exercise.plan import Plan
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Environment, Exercise, Journal, Message, Moment, Participant, Subnet
from ncr.people.tables import Partner, Team
from ncr.runtime.engine import Engine
from ncr.scenario import loader
from ncr.scenario.topology import Scenario
from ncr.scoring.rules import rules
from ncr.scoring.submission import Member, submit
from ncr.scoring.tables import FactRow

LITEN = Path(__file__).parent / "scenarios" / "liten"
FALL = Path(__file__).parent / "scenarios" / "fall"
MANGE = Path(__file__).parent / "scenarios" / "mange"
NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
TEAMS = ("cyfor", "telenor", "norsis")


def scenario() -> Scenario:
    return loader.load(LITEN)


def add_teams(sessions: Sessions) -> None:
    with sessions.begin() as session:
        for name in TEAMS:
            session.add(Partner(id=name, name=name.title(), short_name=name))
        session.flush()
        for name in TEAMS:
            session.add(Team(id=name, name=f"Lag {name.title()}", partner_id=name))


def settings(folder: Path, **more: Any) -> Settings:
    quick: dict[str, Any] = {"engine": "simulated", "data": folder, "reconcile_s": 1.0, "disk_soft_mib": 2, **more}
    return Settings(_env_file=None, **quick)


def rehearsed(session: Session, scenario: Scenario) -> None:
    """As if the scenario had passed its rehearsal on this site, which is what lets it be planned with."""
    if not rehearsals.has_passed(session, scenario.digest):
        rehearsals.record(session, rehearsals.Version.of(scenario), passed=True, now=NOON, who=None, report={})


def planned(sessions: Sessions, shelf: Shelf, now: datetime, **more: Any) -> str:
    wanted: dict[str, Any] = {"starts_at": now + timedelta(seconds=60), "prepare_lead_s": 30.0, **more}
    teams = wanted.pop("teams", TEAMS)
    plan = Plan(scenario=wanted.pop("scenario", None) or scenario(), title="Prøve", teams=teams, **wanted)
    with sessions.begin() as session:
        rehearsed(session, plan.scenario)
        return setup.plan(session, shelf, plan, now).id


class Stage:
    """One exercise hall: `run(seconds)` lets time pass in steps of the director, waiting for its work every step."""

    def __init__(
        self,
        sessions: Sessions,
        engine: Engine,
        folder: Path,
        instance: str = "test",
        site: Settings | None = None,
    ) -> None:
        self.sessions, self.engine, self.folder, self.instance = sessions, engine, folder, instance
        self.clock = FrozenClock(NOON)
        self.steady_s = 0.0
        self.settings = site or settings(folder)
        self.shelf = Shelf(folder / "scenarios")
        self.director: Director | None = None

    def plan(self, **more: Any) -> str:
        return planned(self.sessions, self.shelf, self.clock(), **more)

    def opened(self, **more: Any) -> str:
        """An exercise that has just opened."""
        exercise_id = self.plan(**more)
        self.run(60, 5)
        assert self.state(exercise_id) == "running"
        return exercise_id

    def begin(self) -> Director:
        """A director comes on duty (again)."""
        self.director = Director(
            self.sessions, self.engine, self.settings, Shelf(self.folder / "scenarios"),
            instance=self.instance, clock=self.clock, steady=lambda: self.steady_s,
        )  # fmt: skip
        self.director.start()
        return self.director

    def end(self) -> None:
        if self.director is not None:
            self.director.stop()
            self.director = None

    def step(self) -> None:
        assert self.director is not None
        self.director.step()
        self.director.settle(60)

    def run(self, seconds: float, step_s: float = 1.0) -> None:
        until = self.steady_s + seconds
        while self.steady_s < until:
            self.pass_time(step_s)
            self.step()

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.steady_s += seconds

    def run_until(self, holds: Callable[[], bool], most_s: float = 200.0) -> None:
        for _ in range(int(most_s)):
            if holds():
                return
            self.run(1.0)
        raise AssertionError("it did not come to hold")

    # What there is to see.

    def count(self, state: str) -> int:
        """How many containers are in the state."""
        return sum(seen.state == state for seen in self.engine.observe({}).containers.values())

    def exercise(self, exercise_id: str) -> Exercise:
        with self.sessions() as session:
            return session.get_one(Exercise, exercise_id)

    def state(self, exercise_id: str) -> str:
        return self.exercise(exercise_id).state

    def environments(self, exercise_id: str) -> list[Environment]:
        with self.sessions() as session:
            mine = select(Environment).join(Participant, Participant.id == Environment.participant_id)
            return list(session.scalars(mine.where(Environment.exercise_id == exercise_id).order_by(Participant.name)))

    def states(self, exercise_id: str) -> list[str]:
        return [row.state for row in self.environments(exercise_id)]

    def moments(self, exercise_id: str) -> dict[str, str]:
        with self.sessions() as session:
            rows = session.scalars(select(Moment).where(Moment.exercise_id == exercise_id))
            return {row.ref or row.kind: row.state for row in rows}

    def moment(self, exercise_id: str, ref: str) -> Moment:
        with self.sessions() as session:
            return session.scalars(select(Moment).where(Moment.exercise_id == exercise_id, Moment.ref == ref)).one()

    def facts(self, exercise_id: str) -> list[FactRow]:
        with self.sessions() as session:
            return list(
                session.scalars(select(FactRow).where(FactRow.exercise_id == exercise_id).order_by(FactRow.seq))
            )

    def kinds(self, exercise_id: str) -> list[str]:
        return [fact.kind for fact in self.facts(exercise_id)]

    def outcome(self, exercise_id: str, ref: str) -> list[dict[str, Any]]:
        """What came of an inject in each team, in the order of their names."""
        found = self.moment(exercise_id, ref).outcome
        return [found.get(row.participant_id or "", {}) for row in self.environments(exercise_id)]

    def solve(self, exercise_id: str, team: int, task: str, answer: str) -> None:
        """A team (0, 1, …) answers."""
        player = self.environments(exercise_id)[team].participant_id
        judged = rules(self.shelf.get(self.exercise(exercise_id).digest).definition)
        member = Member(player or "", "u", "p")
        with self.sessions.begin() as session:
            assert submit(session, exercise_id, member, judged, task, answer, self.clock()).correct

    def messages(self, exercise_id: str) -> list[Message]:
        with self.sessions() as session:
            return list(session.scalars(select(Message).where(Message.exercise_id == exercise_id)))

    def journal(self, exercise_id: str | None) -> list[Journal]:
        with self.sessions() as session:
            return list(session.scalars(select(Journal).where(Journal.exercise_id == exercise_id).order_by(Journal.id)))

    def subnets(self) -> list[str]:
        """What environments have; a mark on addresses that a stranger uses is nobody's."""
        with self.sessions() as session:
            return list(session.scalars(select(Subnet.cidr).where(Subnet.environment_id.is_not(None))))

    def left(self) -> list[str]:
        seen = self.engine.observe({"ncr.managed": "1", "ncr.instance": self.instance})
        return [*seen.containers, *seen.networks, *seen.volumes]


@contextmanager
def eventually(within_s: float = 10.0) -> Iterator[Callable[[Callable[[], bool]], None]]:
    """`wait(holds)` returns when it holds, and fails when it does not in time."""

    def wait(holds: Callable[[], bool]) -> None:
        until = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < until, "it did not come to hold in time"
            time.sleep(0.02)

    yield wait
