"""Environments: each one's next step is taken in the background, one at a time, until it is where it should be."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any, NamedTuple

import structlog
from sqlalchemy import select

from ncr.db import reading
from ncr.director.acts import Acts
from ncr.director.cases import Case, read_case
from ncr.director.crashpoints import reach
from ncr.director.means import Means
from ncr.director.provision import Provision
from ncr.director.reconcile import Standing, Step, is_hopeless, next_step, wait_s
from ncr.errors import EngineUnavailable, LostLead, NcrError
from ncr.exercise import held, journal
from ncr.exercise.lifecycle import EnvironmentState, State
from ncr.exercise.openness import clock_of
from ncr.exercise.tables import Environment, Exercise
from ncr.scoring import conduct

log = structlog.get_logger()
E = EnvironmentState
GOING = frozenset({Step.CLOSE, Step.REMOVE})
PROMPT = frozenset({Step.OPEN, Step.HOLD})
STEPS_AT_ONCE = 8
ENGINE_WAIT_S = 2.0


class Wanting(NamedTuple):
    """An environment that is to be somewhere: what decides its next step."""

    id: str
    exercise_id: str
    state: str
    target: str
    restart_service: str | None
    failure: str | None
    held: dict[str, Any]
    participant_id: str | None


class Environments:
    """`follow(now)` once a step sends everything that is not where it should be on its way."""

    def __init__(self, means: Means, provision: Provision, judged: Callable[[str], bool]) -> None:
        self._means = means
        self._provision = provision
        self._judged = judged
        self._acts = Acts(means)
        self._lock = Lock()
        self._not_before: dict[str, datetime] = {}
        self._looked: dict[str, datetime] = {}

    def follow(self, now: datetime) -> None:
        """Start a job for every environment with something to do, and settle exercises being prepared."""
        rows = self._wanting()
        overdue = self._overdue(rows, now)
        for environment in rows:
            step = self._step(environment, now, environment.id in overdue)
            if step is Step.NOTHING or not self._may(environment, step, now):
                continue
            if step in GOING and _is_met(environment, rows):
                continue
            key = (environment.exercise_id, f"environment:{environment.id}")
            work = partial(self._work, environment.id, step is Step.CHECK)
            self._means.jobs.submit(key, work, prompt=step in PROMPT)
        self._settle_preparing(rows, now)

    def _wanting(self) -> list[Wanting]:
        columns = (Environment.id, Environment.exercise_id, Environment.state, Environment.target)
        more = (Environment.failure, Environment.held, Environment.participant_id)
        asked = select(*columns, Environment.restart_service, *more)
        asked = asked.where(Environment.target != E.ABSENT, Environment.state != E.REMOVED)
        with reading(self._means.sessions) as session:
            # Whoever has waited longest comes first.
            rows = session.execute(asked.order_by(Environment.changed_at, Environment.id))
            return [Wanting(*row) for row in rows]

    def _overdue(self, rows: Sequence[Wanting], now: datetime) -> set[str]:
        """Environments that an inject holds cut off for longer than it is meant to."""
        waiting = [row for row in rows if any(one.get("until_t") is not None for one in row.held.values())]
        if not waiting:
            return set()
        asked = select(Exercise).where(Exercise.id.in_({row.exercise_id for row in waiting}))
        with reading(self._means.sessions) as session:
            t_s = {exercise.id: clock_of(exercise).t(now) for exercise in session.scalars(asked)}
        return {row.id for row in waiting if held.over(row.held, t_s[row.exercise_id])}

    def _step(self, environment: Wanting, now: datetime, is_overdue: bool) -> Step:
        with self._lock:
            if self._not_before.get(environment.id, now) > now:
                return Step.NOTHING
            looked = self._looked.setdefault(environment.id, now)
        look = now - looked >= timedelta(seconds=self._means.settings.reconcile_s)
        return next_step(_standing(environment, look or is_overdue))

    def _may(self, environment: Wanting, step: Step, now: datetime) -> bool:
        if step in GOING:
            # The last round and running injects are let end: tearing their targets away would look like a fault.
            exercise_id = environment.exercise_id
            return not self._judged(exercise_id) and not self._means.jobs.busy(exercise_id, "inject:")
        if step in (Step.BEGIN, Step.BUILD):
            return self._provision.is_done(environment.exercise_id, now)
        return True

    def _work(self, environment_id: str, look: bool) -> None:
        for _ in range(STEPS_AT_ONCE):
            case = read_case(self._means, environment_id)
            step = next_step(_standing(case.environment, look))
            if step is Step.NOTHING or (
                step in (Step.BEGIN, Step.BUILD) and not self._provision.passed(case.exercise.id)
            ):
                return
            if not self._try(case, step):
                return
            if step is Step.CHECK:
                look = False
                with self._lock:
                    self._looked[environment_id] = self._means.clock()

    def _try(self, case: Case, step: Step) -> bool:
        """Take the step; False when it has to be tried again later."""
        try:
            self._acts.take(case, step)
        except LostLead:
            raise
        except EngineUnavailable as error:
            log.warning("engine does not answer", environment=case.environment.id, step=step, error=str(error)[:300])
            self._wait(case.environment.id, ENGINE_WAIT_S)
            return False
        except Exception as error:
            if not isinstance(error, NcrError):
                log.exception("step broke", environment=case.environment.id, step=step)
            self._failed(case, step, error)
            return False
        return True

    def _failed(self, case: Case, step: Step, error: Exception) -> None:
        tries = case.environment.tries + 1
        hopeless = is_hopeless(tries) and step in (Step.BUILD, Step.OPEN, Step.HOLD)
        why = str(error) or type(error).__name__
        log.warning("step failed", environment=case.environment.id, step=step, tries=tries, error=why[:500])
        self._wait(case.environment.id, wait_s(tries))
        self._acts.note_failure(case, tries, why, hopeless=hopeless)

    def _wait(self, environment_id: str, seconds: float) -> None:
        with self._lock:
            self._not_before[environment_id] = self._means.clock() + timedelta(seconds=seconds)

    def _settle_preparing(self, rows: Sequence[Wanting], now: datetime) -> None:
        with reading(self._means.sessions) as session:
            preparing = list(session.scalars(select(Exercise.id).where(Exercise.state == State.PREPARING)))
        of: defaultdict[str, list[Wanting]] = defaultdict(list)
        for row in rows:
            of[row.exercise_id].append(row)
        for exercise_id in preparing:
            mine = of[exercise_id]
            if mine and all(row.state in (E.READY, E.FAILED) for row in mine):
                self._settle(exercise_id, [row for row in mine if row.state == E.FAILED], len(mine), now)

    def _settle(self, exercise_id: str, failed: Sequence[Wanting], count: int, now: datetime) -> None:
        why = "; ".join(sorted({row.failure or "" for row in failed}))[:2000] or None
        reach("ready-before-commit")
        with self._means.lead.writing() as session:
            if journal.head(session, exercise_id).state != State.PREPARING:
                return
            fence = self._means.lead.fence
            if len(failed) == count or any(row.participant_id is None for row in failed):
                conduct.fail(session, exercise_id, why or "no environment could be built", now, fence=fence)
            else:
                conduct.ready(session, exercise_id, now, why=why, fence=fence)
        reach("ready-after-commit")


def _is_met(environment: Wanting, rows: Sequence[Wanting]) -> bool:
    """Whether it is on networks of teams: an engine may lose count of a network that two are taken off at once."""
    if environment.participant_id is not None:
        return False
    return any(row.participant_id is not None and row.exercise_id == environment.exercise_id for row in rows)


def _standing(environment: Environment | Wanting, look: bool) -> Standing:
    state, target = EnvironmentState(environment.state), EnvironmentState(environment.target)
    return Standing(state, target, restart=environment.restart_service is not None, look=look)
