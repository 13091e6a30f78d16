"""Practising: what is done to a practice run, each act in one transaction on its rows; ncr.exercise.practice shows it.

Every function takes the wall time `now` and leaves committing to the caller; who may is access's to say.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session

from ncr.config import Settings
from ncr.db import alone
from ncr.errors import NotFound
from ncr.exercise import claims, journal, practice, queueing, setup
from ncr.exercise.lifecycle import EnvironmentState, State
from ncr.exercise.openness import clock_of
from ncr.exercise.plan import Plan
from ncr.exercise.practice import Limited, Reason
from ncr.exercise.queueing import Claim, Room
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Environment, Exercise, Participant, Practice
from ncr.people.limits import attempt
from ncr.people.tables import User
from ncr.scenario.topology import Scenario
from ncr.scoring import conduct, interventions

E = EnvironmentState
QUEUE = "practice"
# Whoever starts and leaves again and again has environments built and taken down for nothing.
STARTS, STARTS_WITHIN_S = 20, 600.0


def start(session: Session, shelf: Shelf, settings: Settings, scenario: Scenario, user_id: str, now: datetime) -> str:
    """The person's run of the scenario, as its exercise's id: the one going on, else one of the pool, else a new one.

    A new one waits in the queue until the director admits it. Raises Limited, with the reason, or TooMany.
    """
    definition = scenario.definition
    if settings.practice_runs == 0:
        raise Limited(Reason.SITE_CLOSED)
    if "practice" not in definition.modes:
        raise Limited(Reason.NOT_FOR_PRACTICE)
    # One at a time: whoever asks twice gets one run, and nobody overtakes.
    alone(session, QUEUE)
    mine = practice.live_runs(session, user_id)
    for exercise_id, running in mine:
        if running == definition.id:
            return exercise_id
    if len(mine) >= settings.practice_runs_per_student:
        raise Limited(Reason.MOST_RUNS, most=settings.practice_runs_per_student)
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("There is no such person.")
    attempt(session, "practice", user_id, now, STARTS, STARTS_WITHIN_S)
    turn_at, expected_at = _forecast(session, shelf, settings, scenario, now)
    if turn_at == now and (given := hand_out(session, scenario, user, now)):
        return given
    return _queue(session, shelf, scenario, user, now, turn_at=turn_at, expected_at=expected_at)


def hand_out(session: Session, scenario: Scenario, user: User, now: datetime) -> str | None:
    """Give the person a ready environment of the pool, open from now; None when there is none.

    Decided by one conditional UPDATE: an environment is handed out once, ever.
    """
    fit = (Exercise.mode == "pool", Exercise.state == State.READY, Exercise.digest == scenario.digest)
    wanting = or_(Environment.state != E.READY, Environment.target != E.READY)
    whole = ~exists().where(Environment.exercise_id == Exercise.id, wanting)
    built = select(Exercise.id).where(*fit, whole).order_by(Exercise.created_at, Exercise.id)
    for exercise_id in session.scalars(built).all():
        if _take(session, exercise_id, scenario, user, now):
            return exercise_id
    return None


def extend(
    session: Session, shelf: Shelf, settings: Settings, exercise_id: str, now: datetime, *, who: str | None = None
) -> None:
    """Give the run more time. Raises Limited: too often, or somebody else is promised the room."""
    alone(session, QUEUE)
    exercise, row = _locked(session, exercise_id)
    _require_live(exercise)
    if row.extensions >= settings.practice_extensions:
        raise Limited(Reason.NO_MORE_EXTENSIONS, most=settings.practice_extensions)
    queue = claims.waiting(session)
    if queue:
        raise Limited(Reason.OTHERS_WAIT, waiting=len(queue))
    room = claims.room(session, settings)
    if room and not _has_room(session, shelf, settings, exercise, room, now):
        raise Limited(Reason.ROOM_PROMISED)
    conduct.extend(session, exercise_id, settings.practice_extension_s * exercise.rate, now, who=who)
    row.extensions, row.active_at = row.extensions + 1, now


def reset(session: Session, shelf: Shelf, exercise_id: str, now: datetime, *, who: str | None = None) -> None:
    """Have the run's environment made anew, within the scenario's limit and at its cost."""
    exercise, row = _locked(session, exercise_id)
    _require_live(exercise)
    own = (Environment.exercise_id == exercise_id, Environment.participant_id.is_not(None))
    environment = session.scalars(select(Environment.id).where(*own)).one()
    rule = shelf.get(exercise.digest).definition.environment.reset
    interventions.reset(session, environment, now, asked=rule, who=who)
    row.active_at = now


def finish(
    session: Session,
    exercise_id: str,
    now: datetime,
    *,
    why: str = "finished",
    who: str | None = None,
    fence: int | None = None,
) -> None:
    """End the run, or leave the queue; of one that has ended, nothing. `why` is what Practice.ended says."""
    exercise, row = _locked(session, exercise_id)
    if exercise.state in (State.RUNNING, State.PAUSED):
        conduct.finish(session, exercise_id, now, why=why, who=who, fence=fence)
        row.ended = why
    elif exercise.state in practice.LIVE:
        conduct.cancel(session, exercise_id, now, why=why, who=who)
        row.ended = "left" if why == "finished" else why


def keep(session: Session, exercise_id: str, scenario: str, now: datetime) -> None:
    """Make a practice row for an exercise of the pool, which is nobody's yet."""
    session.add(_row(exercise_id, None, scenario, now))


def _forecast(
    session: Session, shelf: Shelf, settings: Settings, scenario: Scenario, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """When the turn of one who asks now would come, and when the run would be ready."""
    room = claims.room(session, settings)
    queue = claims.waiting(session)
    if room is None or any(one.turn_at is None for one in queue):
        return None, None
    lasts_s, need = float(scenario.definition.duration), claims.needed(scenario, settings)
    taken = [*claims.standing(session, shelf, settings, now), *claims.of_queue(queue, shelf, settings)]
    # Nobody overtakes: not before the turn of the last who waits.
    after = max([now, *(one.turn_at for one in queue if one.turn_at)])
    turn_at = queueing.turn(taken, need, lasts_s, room, after)
    build_s = practice.built_s(session, scenario.definition.id)
    if turn_at is None or build_s is None:
        return turn_at, None
    before = [*claims.promised(session), *(one.expected_at for one in queue if one.expected_at)]
    return turn_at, queueing.ready(turn_at, build_s, before, room.parallel)


def _queue(session: Session, shelf: Shelf, scenario: Scenario, user: User, now: datetime, **known: Any) -> str:
    title = scenario.definition.title.get("nb")
    plan = Plan(scenario=scenario, title=title, user=user.id, starts_at=now, mode="practice", visibility="teams")
    exercise = setup.plan(session, shelf, plan, now)
    # Without times it stands in the queue; the director admits it by launching it.
    exercise.starts_at = exercise.prepares_at = None
    session.add(_row(exercise.id, user.id, scenario.definition.id, now, **known))
    session.flush()
    return exercise.id


def _row(exercise_id: str, user_id: str | None, scenario: str, now: datetime, **known: Any) -> Practice:
    return Practice(
        exercise_id=exercise_id,
        user_id=user_id,
        scenario=scenario,
        asked_at=now,
        active_at=now,
        turn_at=known.get("turn_at"),
        expected_at=known.get("expected_at"),
        warned_at=None,
        built_s=None,
        ended=None,
    )


def _take(session: Session, exercise_id: str, scenario: Scenario, user: User, now: datetime) -> bool:
    free = (Exercise.id == exercise_id, Exercise.mode == "pool", Exercise.state == State.READY)
    taken: Any = session.execute(update(Exercise).where(*free).values(mode="practice"))
    if taken.rowcount != 1:
        return False
    mine = (Participant.exercise_id == exercise_id, Participant.user_id.is_(None))
    session.execute(update(Participant).where(*mine).values(user_id=user.id, name=user.name))
    times = {"asked_at": now, "active_at": now, "turn_at": now, "expected_at": now}
    session.execute(update(Practice).where(Practice.exercise_id == exercise_id).values(user_id=user.id, **times))
    journal.record(session, now, exercise_id, "handed-out", who=user.login)
    conduct.open_(session, exercise_id, now)
    return True


def _locked(session: Session, exercise_id: str) -> tuple[Exercise, Practice]:
    exercise = journal.head(session, exercise_id)
    row = session.get(Practice, exercise_id, populate_existing=True)
    if row is None or exercise.mode != "practice":
        raise NotFound("There is no such practice run.")
    return exercise, row


def _require_live(exercise: Exercise) -> None:
    if exercise.state not in (State.RUNNING, State.PAUSED):
        raise Limited(Reason.NOT_RUNNING, state=exercise.state)


def _has_room(
    session: Session, shelf: Shelf, settings: Settings, exercise: Exercise, room: Room, now: datetime
) -> bool:
    """Whether the run may keep what it has from its end on for so much longer."""
    end = clock_of(exercise).wall(exercise.duration_s) or now
    until = end + timedelta(seconds=settings.practice_extension_s)
    others = claims.standing(session, shelf, settings, now, but=exercise.id)
    need = claims.needed(shelf.get(exercise.digest), settings)
    return queueing.fits(others, Claim(end, until, need), room)
