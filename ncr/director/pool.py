"""The pool: the scenarios most practised are kept built, verified and paused, and yield to whatever needs the room.

One of them is an exercise of nobody's (mode `pool`); ncr.scoring.practising hands it out. It claims nothing of the
machine: planned exercises and practice runs are reckoned as if it were not there, and it is taken down to make room.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from ncr.db import reading
from ncr.director.cases import is_named
from ncr.director.crashpoints import reach
from ncr.director.means import Means
from ncr.errors import NcrError
from ncr.exercise import claims, journal, queueing, setup
from ncr.exercise.lifecycle import EnvironmentState, State
from ncr.exercise.plan import Plan
from ncr.exercise.practice import LIVE
from ncr.exercise.queueing import Claim
from ncr.exercise.tables import Environment, Exercise, Practice
from ncr.scenario.topology import Scenario
from ncr.scoring import conduct, practising

log = structlog.get_logger()
Scenarios = Callable[[], Sequence[Scenario]]
CHOOSE_EVERY = timedelta(seconds=30)
LOOK_EVERY = timedelta(seconds=1)
MOST_PRACTISED = timedelta(days=30)
# Room that somebody needs so soon is given back now; room that somebody needs within FULL_FOR is not filled again.
YIELD_BEFORE = timedelta(minutes=1)
FULL_FOR = timedelta(minutes=15)
# A scenario that could not be built is not tried again for so long.
SPARED = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Kept:
    """An environment of the pool."""

    exercise_id: str
    digest: str
    is_usable: bool


class Pool:
    """`follow(now)` once a step: one query, and once a second a look at the room."""

    def __init__(self, means: Means, scenarios: Scenarios) -> None:
        self._means = means
        self._scenarios = scenarios
        self._wanted: dict[str, Scenario] | None = None
        self._choose_at: datetime | None = None
        self._look_at: datetime | None = None

    def follow(self, now: datetime) -> None:
        """Give back what is not wanted or is needed by others, and build what is missing."""
        settings = self._means.settings
        if settings.pool_size and settings.pool_scenarios and (self._choose_at is None or now >= self._choose_at):
            self._choose_at = now + CHOOSE_EVERY
            self._means.jobs.submit(("", "pool"), self._choose)
        if self._look_at and now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY
        kept = self._kept()
        if kept or self._wanted:
            self._look(kept, now)

    def _look(self, kept: Sequence[Kept], now: datetime) -> None:
        with reading(self._means.sessions) as session:
            room = claims.room(session, self._means.settings)
            taken = claims.standing(session, self._means.shelf, self._means.settings, now)
            queue = claims.waiting(session)
        if room is None:
            return
        taken += claims.of_queue(queue, self._means.shelf, self._means.settings)
        wanted = self._wanted_digests(kept)
        own: list[Claim] = []
        for one in kept:
            place = self._claim(one.digest, now, YIELD_BEFORE)
            if one.is_usable and wanted.get(one.digest, 0) > 0 and queueing.fits([*taken, *own], place, room):
                own.append(place)
                wanted[one.digest] -= 1
            else:
                self._give_back(one.exercise_id, now)
        for digest, scenario in (self._wanted or {}).items():
            for _ in range(wanted[digest]):
                place = self._claim(digest, now, FULL_FOR, scenario)
                if queueing.fits([*taken, *own], place, room):
                    own.append(place)
                    self._make(scenario, now)

    def _wanted_digests(self, kept: Sequence[Kept]) -> dict[str, int]:
        size = self._means.settings.pool_size
        if not size or not self._means.settings.pool_scenarios:
            return {}
        if self._wanted is None:
            # Not chosen yet: what is there stays.
            return {one.digest: size for one in kept}
        return dict.fromkeys(self._wanted, size)

    def _claim(self, digest: str, now: datetime, ahead: timedelta, scenario: Scenario | None = None) -> Claim:
        wanted = scenario or self._means.shelf.get(digest)
        return Claim(now, now + ahead, claims.needed(wanted, self._means.settings))

    def _kept(self) -> list[Kept]:
        broken = exists().where(Environment.exercise_id == Exercise.id, Environment.state == EnvironmentState.FAILED)
        asked = select(Exercise.id, Exercise.digest, Exercise.state, broken)
        asked = asked.where(Exercise.state.in_(LIVE), Exercise.mode == "pool")
        with reading(self._means.sessions) as session:
            rows = session.execute(asked.order_by(Exercise.created_at, Exercise.id)).all()
        # One that could not be built at all fails by itself, as every exercise does.
        return [Kept(id_, digest, not (state == State.READY and broken)) for id_, digest, state, broken in rows]

    def _give_back(self, exercise_id: str, now: datetime) -> None:
        with self._means.lead.writing() as session:
            exercise = journal.head(session, exercise_id)
            # Handed out in this moment, it is a student's.
            if exercise.mode != "pool" or exercise.state not in LIVE:
                return
            conduct.cancel(session, exercise_id, now, why="the room is needed, or it is not wanted any more")
            reach("pool-yield-before-commit")
        reach("pool-yield-after-commit")

    def _make(self, scenario: Scenario, now: datetime) -> None:
        definition = scenario.definition
        plan = Plan(scenario=scenario, title=definition.title.get("nb"), starts_at=now, mode="pool", visibility="teams")
        with self._means.lead.writing() as session:
            exercise = setup.plan(session, self._means.shelf, plan, now)
            conduct.launch(session, exercise.id, now)
            practising.keep(session, exercise.id, definition.id, now)
            reach("pool-make-before-commit")
        reach("pool-make-after-commit")

    def _choose(self) -> None:
        """Which scenarios are kept: those most practised lately, as they are now."""
        settings, now = self._means.settings, self._means.clock()
        known = {each.definition.id: each for each in self._scenarios()}
        with reading(self._means.sessions) as session:
            names, spared = _most_practised(session, now), _failed(session, now)
        chosen = [known[name] for name in names if name in known and known[name].digest not in spared]
        fit = [each for each in chosen if self._can_be_kept(each)]
        self._wanted = {each.digest: each for each in fit[: settings.pool_scenarios]}

    def _can_be_kept(self, scenario: Scenario) -> bool:
        try:
            return not is_named(self._means, scenario)
        except NcrError as error:
            log.warning("not kept ready", scenario=scenario.definition.id, error=str(error)[:300])
            return False


def _most_practised(session: Session, now: datetime) -> list[str]:
    asked = select(Practice.scenario).where(Practice.user_id.is_not(None), Practice.asked_at > now - MOST_PRACTISED)
    return list(session.scalars(asked.group_by(Practice.scenario).order_by(func.count().desc(), Practice.scenario)))


def _failed(session: Session, now: datetime) -> set[str]:
    asked = select(Exercise.digest).where(Exercise.mode == "pool", Exercise.state == State.FAILED)
    return set(session.scalars(asked.where(Exercise.ended_at > now - SPARED)))
