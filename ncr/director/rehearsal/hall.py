"""The hall: a throw-away site with two teams, a director on the real engine, and a clock that goes as it is told."""

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr import db
from ncr.checks.verdict import Result
from ncr.clock import FrozenClock, utcnow
from ncr.config import Settings
from ncr.db import Sessions, reading
from ncr.director import cases
from ncr.director.director import Director
from ncr.director.judging import Judging
from ncr.director.rehearsal.report import TEAMS
from ncr.director.rehearsal.scribe import Differs
from ncr.exercise import setup
from ncr.exercise.lifecycle import State
from ncr.exercise.openness import clock_of
from ncr.exercise.plan import Plan
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Environment, Exercise, Moment, Participant
from ncr.people import accounts
from ncr.people.roles import Role
from ncr.people.tables import Team
from ncr.runtime.blueprint import Blueprint
from ncr.runtime.engine import Engine
from ncr.runtime.player import Place
from ncr.scenario.interpolation import TEAM
from ncr.scenario.model import Check, Entry
from ncr.scenario.topology import Scenario
from ncr.scoring import conduct, interventions, submission
from ncr.scoring.rules import rules
from ncr.scoring.submission import Member

SETTLE_S = 900.0
STEP_S = 1.0
# A build that failed is tried once more, as the director would: an engine may have a bad moment.
MOST_TRIES = 2
DONE = (State.RUNNING, State.FAILED)


class Hall:
    """Everything a rehearsal is held with; names of teams are those of the report."""

    def __init__(self, scenario: Scenario, settings: Settings, engine: Engine, sessions: Sessions) -> None:
        self.scenario, self.engine, self.sessions = scenario, engine, sessions
        self.clock = FrozenClock(utcnow())
        self.exercise_id = ""
        self.players: dict[str, str] = {}
        self._rules = rules(scenario.definition)
        self._steady_s = 0.0
        self._shelf = Shelf(settings.data / "scenarios")
        self._director = Director(
            sessions, engine, settings, self._shelf, instance=settings.instance, clock=self.clock,
            steady=lambda: self._steady_s,
        )  # fmt: skip
        self._loop = asyncio.Runner()
        self._judging = Judging(self._director.means)
        self._director.start()

    def close(self) -> None:
        """Let everything end that goes on."""
        try:
            self._loop.run(self._judging.close())
            self._loop.close()
        finally:
            self._director.stop()

    # The clock and what the director makes of it.

    @property
    def t_s(self) -> float:
        """Exercise time."""
        with reading(self.sessions) as session:
            return clock_of(session.get_one(Exercise, self.exercise_id)).t(self.clock())

    def plan(self) -> None:
        """Plan the exercise and have it begun as soon as it is ready."""
        now = self.clock()
        with self.sessions.begin() as session:
            for team in TEAMS:
                session.add(Team(id=f"team-{team.lower()}", name=f"Team {team}"))
            session.flush()
            wanted = Plan(
                scenario=self.scenario, title="Rehearsal", mode="rehearsal", teams=[f"team-{t.lower()}" for t in TEAMS]
            )
            self.exercise_id = setup.plan(session, self._shelf, wanted, now).id
            conduct.launch(session, self.exercise_id, now)
            rows = session.scalars(select(Participant).where(Participant.exercise_id == self.exercise_id))
            names = {f"team-{team.lower()}": team for team in TEAMS}
            self.players = {names[row.team_id or ""]: row.id for row in rows}
            self._members = {team: self._member(session, team) for team in TEAMS}

    def _member(self, session: Session, team: str) -> Member:
        user = accounts.add_user(session, f"player-{team.lower()}", f"Player {team}", Role.PARTICIPANT, self.clock())
        return Member(self.players[team], user.id, user.pseudonym)

    def open(self) -> None:
        """Have both environments built, proven and opened. Raises Differs with what stood in the way."""
        while (state := self._state()) not in DONE:
            self.pass_time(STEP_S)
            with reading(self.sessions) as session:
                rows = session.scalars(select(Environment).where(Environment.exercise_id == self.exercise_id)).all()
            failed = {row.failure or "it failed" for row in rows if row.tries >= MOST_TRIES or row.state == "failed"}
            if failed:
                raise Differs("; ".join(sorted(failed)))
        if state == State.FAILED:
            with reading(self.sessions) as session:
                raise Differs(session.get_one(Exercise, self.exercise_id).failure)
        # Opening is a flip of the row; the containers follow.
        while any(row.state != "open" for row in self._environments()):
            self.pass_time(STEP_S)

    def _state(self) -> str:
        with reading(self.sessions) as session:
            return session.get_one(Exercise, self.exercise_id).state

    def _environments(self) -> Sequence[Environment]:
        with reading(self.sessions) as session:
            return session.scalars(select(Environment).where(Environment.exercise_id == self.exercise_id)).all()

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and the director do all that it brings."""
        self.clock.advance(seconds)
        self._steady_s += seconds
        self.step()

    def jump(self, t_s: float) -> None:
        """Let exercise time be `t_s`; it never goes back."""
        self.pass_time(max(0.0, t_s - self.t_s))

    def step(self) -> None:
        """Have the director do what can be done now, and wait for it."""
        self._director.step()
        self._director.settle(SETTLE_S)

    def finish(self) -> None:
        """Have the exercise end by its time, and everything of it torn down. Raises Differs when it is not."""
        with reading(self.sessions) as session:
            length_s = session.get_one(Exercise, self.exercise_id).duration_s
        self.jump(length_s)
        for _ in range(10):
            if self.moment("teardown").state == "done":
                return
            self.pass_time(STEP_S)
        why = "; ".join(sorted({row.failure or row.state for row in self._environments()}))
        raise Differs(f"the environments were not torn down: {why}")

    # What there is to see and do.

    def blueprint(self, team: str) -> Blueprint:
        """The team's environment. Raises Differs when it has none."""
        drawn = self._drawn(self.players[team])
        if drawn is None:
            raise Differs(f"team {team} has no environment")
        return drawn

    def shared(self) -> Blueprint | None:
        """What the teams share; None when they share nothing."""
        return self._drawn(None)

    def _drawn(self, player: str | None) -> Blueprint | None:
        mine = (Environment.exercise_id == self.exercise_id, Environment.participant_id == player)
        with reading(self.sessions) as session:
            environment_id = session.scalars(select(Environment.id).where(*mine)).first()
        if environment_id is None:
            return None
        return cases.drawn(self._director.means, cases.read_case(self._director.means, environment_id))

    def place(self, team: str) -> Place:
        """The team's environment and what all share, to play in."""
        own, shared = self.blueprint(team), self.shared()
        others = shared.containers if shared else ()
        told = {TEAM: own.who.nickname}
        # Of replicas the first counts.
        found = {spec.service: spec.name for spec in reversed((*others, *own.containers))}
        return Place(found, {spec.service: told for spec in others})

    def ask(self, checks: Sequence[Check]) -> dict[str, Mapping[str, Result]]:
        """Team -> check -> what it says now."""
        found = self._loop.run(self._judging.ask(self.exercise_id, checks))
        return {team: found[player] for team, player in self.players.items()}

    def visit(self, team: str, entry: Entry) -> Result:
        """What a web entry of the team leads to now."""
        return self._loop.run(self._judging.visit(self.exercise_id, self.players[team], entry))

    def submit(self, team: str, task: str, answer: str) -> bool:
        """Whether the answer is accepted. Raises as ncr.scoring.submission does."""
        with self.sessions.begin() as session:
            member, now = self._members[team], self.clock()
            return submission.submit(session, self.exercise_id, member, self._rules, task, answer, now).correct

    def fire(self, inject: str) -> None:
        """Have a waiting inject happen now, as an instructor would. Raises Refused."""
        with self.sessions.begin() as session:
            interventions.fire(session, self.exercise_id, inject, self.clock())

    def moment(self, kind: str, ref: str = "") -> Moment:
        """A row of the timeline as it is now."""
        mine = (Moment.exercise_id == self.exercise_id, Moment.kind == kind, Moment.ref == ref)
        with reading(self.sessions) as session:
            return session.scalars(select(Moment).where(*mine)).one()

    def exercise(self) -> Exercise:
        """The exercise's row as it is now."""
        with reading(self.sessions) as session:
            return session.get_one(Exercise, self.exercise_id)


@contextmanager
def hall(scenario: Scenario, settings: Settings, engine: Engine, instance: str) -> Iterator[Hall]:
    """A hall for one rehearsal, on an engine whose objects carry `instance`; its database and files go with it."""
    folder = Path(tempfile.mkdtemp(prefix="ncr-rehearsal-"))
    own = _settings(settings, folder, instance)
    database = db.connect(own.url)
    try:
        db.Base.metadata.create_all(database)
        made = Hall(scenario, own, engine, db.sessions(database))
        try:
            yield made
        finally:
            made.close()
    finally:
        database.dispose()
        shutil.rmtree(folder, ignore_errors=True)


def _settings(settings: Settings, folder: Path, instance: str) -> Settings:
    kept = settings.model_dump(exclude={"data", "database_url", "instance"})
    own = {"data": folder, "database_url": "", "instance": instance, "secret_key": secrets.token_hex(16)}
    return Settings(_env_file=None, **{**kept, **own})
