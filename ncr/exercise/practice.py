"""Practice: a student's runs as they stand, and the limits in words; what is done to them is in ncr.scoring.practising.

A practice run is an exercise of one that starts now: its id is the exercise's. While its exercise is scheduled without
a time to prepare at, it stands in the queue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from ncr.config import Settings
from ncr.errors import NotFound, Refused
from ncr.exercise import queueing
from ncr.exercise.claims import QUEUED
from ncr.exercise.lifecycle import State
from ncr.exercise.openness import clock_of
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Environment, Exercise, Practice

Found = tuple[Exercise, Practice, Environment]
TOUCH_EVERY = timedelta(seconds=20)
PAST = 20
LIVE = (State.SCHEDULED, State.PREPARING, State.READY, State.RUNNING, State.PAUSED)
RunState = Literal["queued", "preparing", "ready", "running", "finished", "failed"]


class Reason(StrEnum):
    """Why a limit says no; the pages have words for each in both languages, the numbers filled in."""

    SITE_CLOSED = "site-closed"  # the site has no practice
    NOT_FOR_PRACTICE = "not-for-practice"  # the scenario is for exercises only
    NOT_PROVEN = "not-proven"  # {scenario} {version}: another version is offered, or none yet
    MOST_RUNS = "most-runs"  # {most} runs at a time for each student
    NOT_RUNNING = "not-running"  # {state}: it cannot be extended, reset or finished now
    NO_MORE_EXTENSIONS = "no-more-extensions"  # extended {most} times already
    ROOM_PROMISED = "room-promised"  # a planned exercise needs the room
    OTHERS_WAIT = "others-wait"  # {waiting} wait in the queue for room


SAID = {
    Reason.SITE_CLOSED: "Practice is closed on this site.",
    Reason.NOT_FOR_PRACTICE: "This scenario is made for exercises, not for practice.",
    Reason.NOT_PROVEN: "{scenario} {version} is not offered for practice: what is offered is the newest version that "
    "a rehearsal has proven on this site.",
    Reason.MOST_RUNS: "You have {most} runs going already, and no more are allowed at a time. Finish one first.",
    Reason.NOT_RUNNING: "The run is {state}; this can be done while it is running.",
    Reason.NO_MORE_EXTENSIONS: "The run has been extended {most} times already, and no more are allowed.",
    Reason.ROOM_PROMISED: "The run cannot be extended: a planned exercise needs the room.",
    Reason.OTHERS_WAIT: "The run cannot be extended: {waiting} are waiting for room.",
}


class Limited(Refused):
    """A limit of practice does not allow this."""

    def __init__(self, reason: Reason, **numbers: int | str) -> None:
        self.reason, self.numbers = reason, numbers
        self.slug = f"practice-{reason}"
        super().__init__(SAID[reason].format(**numbers))


@dataclass(frozen=True, slots=True)
class Run:
    """A practice run as its student sees it; times ahead are seconds from now.

    `position` counts from 1 in the queue; `estimate_s` is how long until it is ready at the latest as far as is known,
    None when nothing was measured yet. `environment` is the environment's state, `generation` its making, `resets` how
    often it was reset; `ended` is why it ended: time, finished, left, idle or disabled.
    """

    id: str
    scenario: str
    title: dict[str, str]
    state: RunState
    position: int | None
    estimate_s: float | None
    left_s: float | None
    ends_at: datetime | None
    extensions_left: int
    idle_closes_at: datetime | None
    exercise_state: str
    participant: str
    environment: str
    generation: int
    resets: int
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    ended: str | None
    failure: str | None


def touch(session: Session, exercise_id: str, now: datetime) -> None:
    """Note that the run's student is active; harmless for other exercises, and a write at most each 20 s."""
    stale = (Practice.exercise_id == exercise_id, Practice.active_at < now - TOUCH_EVERY)
    session.execute(update(Practice).where(*stale).values(active_at=now).execution_options(synchronize_session=False))


def runs_of(session: Session, shelf: Shelf, settings: Settings, user_id: str, now: datetime) -> list[Run]:
    """The person's runs, newest first: all that live, and the latest of those that ended."""
    live = _read(session, Practice.user_id == user_id, Exercise.state.in_(LIVE))
    ended = _read(session, Practice.user_id == user_id, Exercise.state.not_in(LIVE), most=PAST)
    return [_shown(session, found, shelf, settings, now) for found in (*live, *ended)]


def run_of(session: Session, shelf: Shelf, settings: Settings, exercise_id: str, now: datetime) -> Run:
    """One run; NotFound when the exercise is no practice run. Whose it is, is access's to ask."""
    for found in _read(session, Exercise.id == exercise_id):
        return _shown(session, found, shelf, settings, now)
    raise NotFound("There is no such practice run.")


def live_runs(session: Session, user_id: str) -> Sequence[tuple[str, str]]:
    """Exercise and scenario of the person's runs that have not ended."""
    asked = select(Exercise.id, Practice.scenario).join(Practice, Practice.exercise_id == Exercise.id)
    mine = (Practice.user_id == user_id, Exercise.mode == "practice", Exercise.state.in_(LIVE))
    return [(id_, scenario) for id_, scenario in session.execute(asked.where(*mine))]


def counts(session: Session) -> dict[str, int]:
    """How many practice runs are queued, prepared and running, and how many environments of the pool are made."""
    stands = func.coalesce(Exercise.prepares_at.is_(None), True)
    asked = select(Exercise.mode, Exercise.state, stands, func.count())
    asked = asked.where(Exercise.mode.in_(("practice", "pool")), Exercise.state.in_(LIVE))
    found = {"queued": 0, "preparing": 0, "running": 0, "pool-preparing": 0, "pool-ready": 0}
    for mode, state, unplanned, count in session.execute(asked.group_by(Exercise.mode, Exercise.state, stands)):
        found[_counted(mode, State(state), bool(unplanned))] += count
    return found


def built_s(session: Session, scenario: str) -> float | None:
    """How long a build of the scenario is reckoned to take: by its own latest, else by the latest of all."""
    asked = select(Practice.built_s).where(Practice.built_s.is_not(None)).order_by(Practice.asked_at.desc()).limit(20)
    own = session.scalars(asked.where(Practice.scenario == scenario)).all()
    measured = own or session.scalars(asked).all()
    return queueing.typical_s([took for took in measured if took is not None])


def _counted(mode: str, state: State, unplanned: bool) -> str:
    if mode == "pool":
        return "pool-ready" if state is State.READY else "pool-preparing"
    if state in (State.RUNNING, State.PAUSED):
        return "running"
    return "queued" if state is State.SCHEDULED and unplanned else "preparing"


def _read(session: Session, *which: ColumnElement[bool], most: int | None = None) -> list[Found]:
    joined = select(Exercise, Practice, Environment).join(Practice, Practice.exercise_id == Exercise.id)
    own = and_(Environment.exercise_id == Exercise.id, Environment.participant_id.is_not(None))
    joined = joined.join(Environment, own).where(Exercise.mode == "practice", *which)
    rows = session.execute(joined.order_by(Practice.asked_at.desc(), Exercise.id).limit(most))
    return [(exercise, practice, environment) for exercise, practice, environment in rows]


def _position(session: Session, exercise: Exercise, practice: Practice) -> int | None:
    if not _is_queued(exercise):
        return None
    same = (Practice.asked_at == practice.asked_at) & (Practice.exercise_id <= practice.exercise_id)
    before = or_(Practice.asked_at < practice.asked_at, same)
    joined = select(func.count()).select_from(Exercise).join(Practice, Practice.exercise_id == Exercise.id)
    return session.scalar(joined.where(QUEUED, before)) or 1


def _is_queued(exercise: Exercise) -> bool:
    return exercise.state == State.SCHEDULED and exercise.prepares_at is None


def _shown(session: Session, found: Found, shelf: Shelf, settings: Settings, now: datetime) -> Run:
    exercise, practice, environment = found
    clock = clock_of(exercise)
    is_live = exercise.state in (State.RUNNING, State.PAUSED)
    state, title = _state(exercise), shelf.get(exercise.digest).definition.title
    return Run(
        id=exercise.id,
        scenario=practice.scenario,
        title={str(language): said for language, said in title.root.items()},
        state=state,
        position=_position(session, exercise, practice),
        estimate_s=queueing.estimate_s(practice.expected_at, now) if state in ("queued", "preparing") else None,
        left_s=max(0.0, (exercise.duration_s - clock.t(now)) / exercise.rate) if is_live else None,
        ends_at=clock.wall(exercise.duration_s),
        extensions_left=max(0, settings.practice_extensions - practice.extensions),
        idle_closes_at=queueing.closes_at(practice.active_at, practice.warned_at, settings.practice_idle_s)
        if is_live
        else None,
        exercise_state=exercise.state,
        participant=environment.participant_id or "",
        environment=environment.state,
        generation=environment.generation,
        resets=environment.resets,
        asked_at=practice.asked_at,
        started_at=exercise.started_at,
        ended_at=exercise.ended_at,
        ended=(practice.ended or ("time" if exercise.state == State.FINISHED else None)) if exercise.ended_at else None,
        failure=exercise.failure,
    )


def _state(exercise: Exercise) -> RunState:
    if _is_queued(exercise):
        return "queued"
    named: dict[str, RunState] = {
        State.SCHEDULED: "preparing",
        State.PREPARING: "preparing",
        State.READY: "ready",
        State.RUNNING: "running",
        State.PAUSED: "running",
        State.FAILED: "failed",
    }
    return named.get(exercise.state, "finished")
