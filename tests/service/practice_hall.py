"""Students on a stage: practice runs on the simulated engine, on told time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from ncr.db import Sessions
from ncr.director.director import Director
from ncr.exercise import practice
from ncr.exercise.practice import Run
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Exercise, Practice
from ncr.people.tables import User
from ncr.runtime.engine import Engine
from ncr.scenario.topology import Scenario
from ncr.scoring import practising
from tests.stage import NOON, Stage, scenario, settings

STUDENTS = ("kari", "ola", "nils", "siri", "per")


def add_students(sessions: Sessions, names: Sequence[str] = STUDENTS) -> None:
    with sessions.begin() as session:
        for name in names:
            user = User(id=name, login=name, name=name.title(), role="student", pseudonym=f"p-{name}")
            user.created_at = NOON
            session.add(user)


class Hall(Stage):
    """A stage where students practise; `site` are settings that differ."""

    def __init__(self, sessions: Sessions, engine: Engine, folder: Path, instance: str = "test", **site: Any) -> None:
        own = {"pool_size": 0, "practice_idle_s": 3600, **site}
        super().__init__(sessions, engine, folder, instance, settings(folder, **own))
        self.scenarios: list[Scenario] = [scenario()]

    def begin(self) -> Director:
        self.director = Director(
            self.sessions, self.engine, self.settings, Shelf(self.folder / "scenarios"), instance=self.instance,
            scenarios=lambda: self.scenarios, clock=self.clock, steady=lambda: self.steady_s,
        )  # fmt: skip
        self.director.start()
        return self.director

    def start(self, who: str, what: Scenario | None = None) -> str:
        # Nobody asks in the same instant.
        self.clock.advance(0.001)
        with self.sessions.begin() as session:
            wanted = what or self.scenarios[0]
            return practising.start(session, self.shelf, self.settings, wanted, who, self.clock())

    def finish(self, run: str) -> None:
        with self.sessions.begin() as session:
            practising.finish(session, run, self.clock())

    def extend(self, run: str) -> None:
        with self.sessions.begin() as session:
            practising.extend(session, self.shelf, self.settings, run, self.clock())

    def touch(self, run: str) -> None:
        with self.sessions.begin() as session:
            practice.touch(session, run, self.clock())

    def look(self, run: str) -> Run:
        with self.sessions() as session:
            return practice.run_of(session, self.shelf, self.settings, run, self.clock())

    def runs(self, who: str) -> list[Run]:
        with self.sessions() as session:
            return practice.runs_of(session, self.shelf, self.settings, who, self.clock())

    def pool(self, state: str = "ready") -> list[str]:
        with self.sessions() as session:
            mine = select(Exercise.id).where(Exercise.mode == "pool", Exercise.state == state)
            return list(session.scalars(mine.order_by(Exercise.id)))

    def row(self, run: str) -> Practice:
        with self.sessions() as session:
            return session.get_one(Practice, run)

    def disable(self, who: str) -> None:
        with self.sessions.begin() as session:
            session.execute(update(User).where(User.id == who).values(disabled_at=self.clock()))
