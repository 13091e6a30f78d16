"""Due moments: what of the timeline has fallen due is claimed by a conditional UPDATE and done, in order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from ncr.db import reading
from ncr.director.crashpoints import reach
from ncr.director.injects import Injects
from ncr.director.means import Means
from ncr.errors import LostLead, NcrError
from ncr.exercise import journal, setup, timeline
from ncr.exercise.lifecycle import EnvironmentState, State
from ncr.exercise.openness import clock_of
from ncr.exercise.tables import Environment, Exercise, Moment
from ncr.scoring import conduct

log = structlog.get_logger()
AHEAD = timedelta(minutes=1)
ALIVE = (State.SCHEDULED, State.PREPARING, State.READY, State.RUNNING, State.PAUSED)
OVER = (State.FINISHED, State.CANCELLED, State.FAILED, State.ARCHIVED)
# What falls due in the same instant happens in this order.
ORDER = ("prepare", "open", "inject", "freeze", "close", "teardown")


class Waiting(NamedTuple):
    """A moment that has not come."""

    exercise_id: str
    kind: str
    ref: str
    clock: str
    offset_s: float | None


@dataclass(frozen=True, slots=True)
class Due:
    """A moment whose time has come."""

    exercise_id: str
    kind: str
    ref: str
    at: datetime


class Timeline:
    """Runs what is due: `run(now)` once a step; afterwards `next_at` is when the next known moment falls due."""

    def __init__(self, means: Means, injects: Injects, last_round: Callable[[str, datetime], None]) -> None:
        self.next_at: datetime | None = None
        self._means = means
        self._injects = injects
        self._last_round = last_round

    def run(self, now: datetime) -> None:
        """Do everything that is due; what cannot be done is told and left for the next step."""
        for due in self._find(now):
            try:
                self._do(due, now)
            except LostLead:
                raise
            except NcrError as error:
                log.warning("moment refused", exercise=due.exercise_id, kind=due.kind, error=str(error)[:500])
        self._plan_following(now)

    def _find(self, now: datetime) -> list[Due]:
        with reading(self._means.sessions) as session:
            found = [(exercise, moment, _due_at(exercise, moment, now)) for exercise, moment in _waiting(session, now)]
        self.next_at = min((at for _, _, at in found if at and at > now), default=None)
        due = [Due(exercise.id, moment.kind, moment.ref, at) for exercise, moment, at in found if at and at <= now]
        return sorted(due, key=lambda one: (one.at, ORDER.index(one.kind)))

    def _do(self, due: Due, now: datetime) -> None:
        if due.kind == "inject":
            self._injects.fire(due.exercise_id, due.ref, now)
            return
        if due.kind == "close":
            self._last_round(due.exercise_id, now)
        reach(f"{due.kind}-before-commit")
        with self._means.lead.writing() as session:
            _ACTS[due.kind](session, due.exercise_id, now, self._means.lead.fence)
        reach(f"{due.kind}-after-commit")

    def _plan_following(self, now: datetime) -> None:
        for exercise_id in self._recurring(now):
            with self._means.lead.writing() as session:
                exercise = journal.head(session, exercise_id)
                following = setup.plan_next(session, self._means.shelf, exercise, now)
                reach("next-before-commit")
            if following:
                reach("next-after-commit")

    def _recurring(self, now: datetime) -> list[str]:
        """Recurring exercises whose time has come or that are over, and that nothing follows yet."""
        follower = select(Exercise.follows).where(Exercise.follows.is_not(None))
        begun = or_(Exercise.starts_at <= now, Exercise.state.not_in((State.DRAFT, State.SCHEDULED)))
        statement = select(Exercise.id).where(Exercise.recurrence.is_not(None), Exercise.id.not_in(follower), begun)
        with reading(self._means.sessions) as session:
            return list(session.scalars(statement))


def _waiting(session: Session, now: datetime) -> list[tuple[Exercise, Waiting]]:
    """Each waiting moment of an exercise that could let it come, with the exercise.

    Read apart from each other: every exercise has many moments, and all of them are looked at in every step.
    """
    soon = and_(Exercise.state == State.SCHEDULED, Moment.kind == "prepare", Exercise.prepares_at <= now + AHEAD)
    # What waits in the pool has no time of its own: it is opened when it is handed out.
    live = and_(
        Exercise.state.in_(ALIVE), Exercise.state != State.SCHEDULED, Exercise.mode != "pool", Moment.kind != "teardown"
    )
    left = exists().where(Environment.exercise_id == Exercise.id, Environment.state != EnvironmentState.REMOVED)
    over = and_(Exercise.state.in_(OVER), Moment.kind == "teardown", ~left)
    columns = (Moment.exercise_id, Moment.kind, Moment.ref, Moment.clock, Moment.offset_s)
    joined = select(*columns).join(Exercise, Exercise.id == Moment.exercise_id)
    rows = session.execute(joined.where(Moment.state == "waiting", or_(soon, live, over)))
    moments = [Waiting(*row) for row in rows]
    which = Exercise.state.in_(ALIVE)
    ended = {moment.exercise_id for moment in moments if moment.kind == "teardown"}
    known = {row.id: row for row in session.scalars(select(Exercise).where(which))} if len(moments) > len(ended) else {}
    known |= {id_: session.get_one(Exercise, id_) for id_ in ended}
    # One that ended between the two looks is left to the next step.
    return [(known[moment.exercise_id], moment) for moment in moments if moment.exercise_id in known]


def _due_at(exercise: Exercise, moment: Waiting, now: datetime) -> datetime | None:
    state = State(exercise.state)
    if moment.kind == "prepare":
        return exercise.prepares_at
    if moment.kind == "open":
        # Not yet ready is not yet due: an exercise whose building takes too long opens late, or fails at its end.
        start = exercise.starts_at or (now if state is State.READY else None)
        return start if state is State.READY or _is_over(exercise, now) else None
    if moment.kind == "teardown":
        return now
    return timeline.due_at(moment.clock, moment.offset_s, exercise.starts_at, clock_of(exercise))


def _is_over(exercise: Exercise, now: datetime) -> bool:
    start = exercise.starts_at
    return start is not None and now >= start + timedelta(seconds=exercise.duration_s / exercise.rate)


def _prepare(session: Session, exercise_id: str, now: datetime, fence: int | None) -> None:
    if not _missed(session, exercise_id, now, fence):
        conduct.prepare(session, exercise_id, now, fence=fence)


def _open(session: Session, exercise_id: str, now: datetime, fence: int | None) -> None:
    if not _missed(session, exercise_id, now, fence):
        conduct.open_(session, exercise_id, now, fence=fence)


def _missed(session: Session, exercise_id: str, now: datetime, fence: int | None) -> bool:
    if not _is_over(journal.head(session, exercise_id), now):
        return False
    conduct.fail(session, exercise_id, "its whole time passed before it could begin", now, fence=fence)
    return True


def _freeze(session: Session, exercise_id: str, now: datetime, fence: int | None) -> None:
    conduct.freeze(session, exercise_id, now)


def _close(session: Session, exercise_id: str, now: datetime, fence: int | None) -> None:
    conduct.finish(session, exercise_id, now, why="time is up", fence=fence)


def _teardown(session: Session, exercise_id: str, now: datetime, fence: int | None) -> None:
    conduct.torn_down(session, exercise_id, now)


_ACTS: dict[str, Callable[[Session, str, datetime, int | None], None]] = {
    "prepare": _prepare,
    "open": _open,
    "freeze": _freeze,
    "close": _close,
    "teardown": _teardown,
}
