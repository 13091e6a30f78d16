"""Interventions: what a team or the staff does to one environment, inject or score, with its fact or journal row."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from ncr.errors import Invalid, NotFound, NotOpen, Problem, Refused
from ncr.exercise import held, journal
from ncr.exercise.lifecycle import EnvironmentState, State
from ncr.exercise.openness import CLOSED, clock_of, closed_by
from ncr.exercise.tables import Environment, Exercise, Message, Moment, Participant
from ncr.people.limits import attempt
from ncr.scenario.model import Reset
from ncr.scoring import ledger
from ncr.scoring.facts import Draft, Kind

E = EnvironmentState
RESTARTS, RESTARTS_WITHIN_S = 5, 300.0
RESETTABLE = frozenset({E.BUILDING, E.READY, E.OPEN, E.DEGRADED, E.FAILED})


def reset(
    session: Session, environment_id: str, now: datetime, *, asked: Reset | None = None, who: str | None = None
) -> Environment:
    """Have the environment made anew; the director removes the old generation and builds the next.

    `asked` is the scenario's rule when the team itself asks: its limit holds and its cost counts, and the exercise must
    be open. Without it (staff) a reset is free and always allowed while the environment is wanted.
    """
    environment = _environment(session, environment_id)
    exercise = journal.head(session, environment.exercise_id)
    session.refresh(environment)
    _require_resettable(environment)
    if asked and environment.resets >= asked.limit:
        raise Refused(f"the environment has been reset {environment.resets} times already, and no more are allowed")
    generation = environment.generation + 1
    counts = asked or exercise.state in (State.RUNNING, State.PAUSED)
    # What the teams share is no team's: its making anew is nothing in the score.
    if counts and environment.participant_id is not None:
        payload = {"cost": asked.cost if asked else 0, "generation": generation}
        draft = Draft(Kind.RESET, f"reset:{environment.id}:{generation}", environment.participant_id, payload)
        ledger.append(session, exercise.id, [draft], now, open_required=asked is not None)
    before, environment.state = environment.state, E.BUILDING
    environment.generation, environment.resets = generation, environment.resets + (1 if asked else 0)
    environment.tries, environment.failure, environment.restart_service = 0, None, None
    environment.health, environment.changed_at, environment.ready_at = {}, now, None
    held.let_go(session, environment, "the environment was reset")
    subject = f"environment:{environment.id}"
    why = "asked for by the team" if asked else "by staff"
    journal.record(
        session, now, exercise.id, "reset", subject=subject, before=before, after=E.BUILDING, why=why, who=who
    )
    return environment


def restart(
    session: Session, environment_id: str, service: str, now: datetime, *, by_team: bool = False, who: str | None = None
) -> Environment:
    """Have one service of the environment stopped and started; `service` must be one the scenario has.

    It costs nothing. A team may while its environment is open, and only so often, because each takes the engine's time;
    what an inject has stopped only staff start.
    """
    environment = _environment(session, environment_id)
    if by_team:
        exercise = session.get_one(Exercise, environment.exercise_id)
        why = closed_by(exercise, environment, None, now)
        if why is not None:
            raise NotOpen(CLOSED[why])
    session.refresh(environment, with_for_update=True)
    if environment.state not in (E.READY, E.OPEN, E.DEGRADED):
        raise Refused(f"the environment is {environment.state}; its services cannot be restarted now")
    if environment.restart_service not in (None, service):
        raise Refused(f"{environment.restart_service} is being restarted; one service at a time")
    if by_team and environment.participant_id is not None:
        attempt(session, "restart", environment.participant_id, now, RESTARTS, RESTARTS_WITHIN_S)
    if service in held.stopped(environment.held):
        if by_team:
            raise Refused(f"{service} is stopped as part of the exercise; the team cannot restart it")
        environment.held = held.started(environment.held, service)
    environment.restart_service = service
    subject = f"environment:{environment.id}"
    journal.record(session, now, environment.exercise_id, "restart", subject=subject, why=service, who=who)
    return environment


def fire(session: Session, exercise_id: str, inject: str, now: datetime, *, who: str | None = None) -> Moment:
    """Have a waiting inject happen now, whatever its time or condition, to all it has not happened to; once."""
    exercise = journal.head(session, exercise_id)
    if exercise.state != State.RUNNING:
        raise Refused(f"the exercise is {exercise.state}; injects are fired while it runs")
    t_s = clock_of(exercise).t(now)
    due = session.scalars(_inject(exercise_id, inject).where(Moment.offset_s <= t_s, Moment.state == "waiting"))
    if moment := due.one_or_none():
        # Fired a moment ago, or due by itself: it is about to happen.
        return moment
    return _change_inject(session, exercise_id, inject, now, who, "fired", offset_s=t_s, from_end=False)


def skip(session: Session, exercise_id: str, inject: str, now: datetime, *, who: str | None = None) -> Moment:
    """Have a waiting inject never happen."""
    journal.head(session, exercise_id)
    return _change_inject(session, exercise_id, inject, now, who, "skipped", state="skipped", done_at=now)


def adjust(
    session: Session, participant_id: str, points: int, reason: str, by: str, now: datetime, *, key: str | None = None
) -> None:
    """Give or take points with a reason and a name; `key` makes a repeated request count once."""
    if not reason.strip() or points == 0:
        raise Invalid(problems=[Problem("reason", "points other than 0 and a reason are needed")])
    participant = session.get(Participant, participant_id)
    if participant is None:
        raise NotFound(f"there is no participant {participant_id}")
    payload = {"points": points, "reason": reason.strip(), "by": by}
    draft = Draft(Kind.ADJUSTED, f"adjusted:{key or uuid.uuid4().hex}", participant.id, payload)
    ledger.append(session, participant.exercise_id, [draft], now)


def say(
    session: Session,
    exercise_id: str,
    text: dict[str, Any],
    now: datetime,
    *,
    title: dict[str, Any] | None = None,
    sender: dict[str, Any] | None = None,
    participant_id: str | None = None,
    to: tuple[str, ...] = ("teams",),
) -> Message:
    """Tell everybody, or one participant, something now: `text`, `title` and `sender` are words by language."""
    exercise = session.get(Exercise, exercise_id)
    if exercise is None:
        raise NotFound(f"there is no exercise {exercise_id}")
    if not any(str(words).strip() for words in text.values()):
        raise Invalid(problems=[Problem("text", "must not be empty")])
    message = Message(exercise_id=exercise_id, at=now, t=clock_of(exercise).t(now), text=text, to=list(to))
    message.participant_id, message.sender, message.title, message.inject = participant_id, sender, title, None
    session.add(message)
    session.flush()
    return message


def _environment(session: Session, environment_id: str) -> Environment:
    environment = session.get(Environment, environment_id)
    if environment is None:
        raise NotFound(f"there is no environment {environment_id}")
    return environment


def _require_resettable(environment: Environment) -> None:
    if environment.state not in RESETTABLE or environment.target in (E.ABSENT, E.CLOSED, E.REMOVED):
        raise Refused(f"the environment is {environment.state}, to be {environment.target}, and cannot be reset")


def _change_inject(
    session: Session, exercise_id: str, inject: str, now: datetime, who: str | None, event: str, **values: Any
) -> Moment:
    which = (Moment.exercise_id == exercise_id, Moment.kind == "inject", Moment.ref == inject)
    changed: Any = session.execute(update(Moment).where(*which, Moment.state == "waiting").values(**values))
    moment = session.scalars(_inject(exercise_id, inject)).one_or_none()
    if moment is None:
        raise NotFound(f"the exercise has no inject {inject}")
    if changed.rowcount != 1:
        raise Refused(f"the inject {inject} is {moment.state} and can no longer be {event}")
    journal.record(session, now, exercise_id, event, subject=f"inject:{inject}", who=who)
    return moment


def _inject(exercise_id: str, inject: str) -> Select[Moment]:
    asked = select(Moment).where(Moment.exercise_id == exercise_id, Moment.kind == "inject", Moment.ref == inject)
    return asked.execution_options(populate_existing=True)
