"""Setting up: a plan becomes an exercise with participants, environments, a timeline and a journal."""

import secrets
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ncr.errors import Invalid, Problem, Refused
from ncr.exercise import journal, recurrence, timeline
from ncr.exercise.lifecycle import EnvironmentState, State
from ncr.exercise.plan import Checked, Plan, Player, check
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Environment, Exercise, Moment, Participant
from ncr.people.tables import User

CHANGEABLE = frozenset(
    {
        "scenario", "title", "teams", "starts_at", "fold", "ends_at", "duration_s", "time_zone", "recurrence",
        "visibility", "rate", "compress", "prepare_lead_s", "override",
    }
)  # fmt: skip


def plan(session: Session, shelf: Shelf, wanted: Plan, now: datetime) -> Exercise:
    """Make the exercise and all that belongs to it; Invalid names everything wrong with the plan at once."""
    checked = check(session, wanted, now)
    exercise = Exercise(id=uuid.uuid4().hex, created_at=now, created_by=wanted.created_by, follows=wanted.follows)
    exercise.secret, exercise.epoch = secrets.token_hex(32), secrets.token_hex(8)
    _fill(exercise, checked, shelf.put(session, wanted.scenario, now))
    session.add(exercise)
    session.flush()
    _add_belongings(session, exercise, checked, now)
    who = _login(session, wanted.created_by)
    journal.record(session, now, exercise.id, "planned", after=exercise.state, who=who)
    _tell_override(session, exercise, None, now, who)
    session.flush()
    return exercise


def change(
    session: Session, shelf: Shelf, exercise_id: str, changes: dict[str, Any], now: datetime, who: str | None = None
) -> Exercise:
    """Plan a draft or scheduled exercise anew: `changes` are fields of Plan, the rest stays as it was.

    A start makes a draft scheduled, starts_at None makes it a draft again. Once preparing has begun only the start can
    be moved, until it has come. Raises Invalid as `plan` does, and Refused.
    """
    exercise = journal.head(session, exercise_id)
    before = exercise.state
    may_move = before in (State.PREPARING, State.READY) and set(changes) == {"starts_at"}
    if before not in (State.DRAFT, State.SCHEDULED) and not may_move:
        raise Refused(f"the exercise is {before}; only a draft or scheduled one can be changed")
    if may_move and (changes["starts_at"] is None or _has_come(exercise, now)):
        raise Refused("the start can be moved until it has come, not taken away")
    planned = _changed(as_planned(session, shelf, exercise), changes)
    # What was held for a reason is asked for proof when the reason is taken back.
    known = exercise.digest if exercise.override is None else None
    checked = check(session, planned, now, kept=exercise.starts_at, known=known)
    if may_move:
        exercise.starts_at = checked.starts_at
        journal.record(session, now, exercise_id, "changed", before=before, after=before, why="starts_at", who=who)
        return exercise
    reason = exercise.override
    _fill(exercise, checked, shelf.put(session, checked.plan.scenario, now))
    session.execute(delete(Environment).where(Environment.exercise_id == exercise_id))
    session.execute(delete(Participant).where(Participant.exercise_id == exercise_id))
    session.execute(delete(Moment).where(Moment.exercise_id == exercise_id))
    _add_belongings(session, exercise, checked, now)
    why = ", ".join(sorted(changes))
    journal.record(session, now, exercise_id, "changed", before=before, after=exercise.state, why=why, who=who)
    _tell_override(session, exercise, reason, now, who)
    session.flush()
    return exercise


def _has_come(exercise: Exercise, now: datetime) -> bool:
    """Whether a ready exercise is open by its start, though nobody has said so yet."""
    return exercise.state == State.READY and exercise.starts_at is not None and exercise.starts_at <= now


def delete_draft(session: Session, exercise_id: str) -> None:
    """Delete a draft and all that belongs to it; Refused for anything that was to happen: that is cancelled."""
    exercise = journal.head(session, exercise_id)
    if exercise.state != State.DRAFT:
        raise Refused(f"the exercise is {exercise.state}; only a draft can be deleted, others are cancelled")
    session.execute(delete(Exercise).where(Exercise.id == exercise_id, Exercise.state == State.DRAFT))


def plan_next(session: Session, shelf: Shelf, exercise: Exercise, now: datetime) -> Exercise | None:
    """Plan the occurrence after `exercise` of a recurring plan, once however often asked; None when there is none.

    Occurrences that passed while nobody was there are left out, and the journal says so.
    """
    taken = session.scalar(select(Exercise.id).where(Exercise.follows == exercise.id))
    if taken or not exercise.recurrence or not exercise.starts_at:
        return None
    start = recurrence.next_start(exercise.recurrence, exercise.time_zone, max(exercise.starts_at, now))
    if start is None:
        return None
    wanted = replace(as_planned(session, shelf, exercise), starts_at=start, follows=exercise.id)
    following = plan(session, shelf, wanted, now)
    first = recurrence.next_start(exercise.recurrence, exercise.time_zone, exercise.starts_at)
    if first and first < start:
        why = f"occurrences from {first:%Y-%m-%d %H:%M} UTC on passed while no director ran"
        journal.record(session, now, following.id, "left-out", why=why)
    return following


def as_planned(session: Session, shelf: Shelf, exercise: Exercise) -> Plan:
    """The plan that would make this exercise again."""
    players = session.scalars(select(Participant).where(Participant.exercise_id == exercise.id)).all()
    start, prepare = exercise.starts_at, exercise.prepares_at
    return Plan(
        scenario=shelf.get(exercise.digest),
        title=exercise.title,
        teams=[player.team_id for player in players if player.team_id],
        user=next((player.user_id for player in players if not player.team_id), None),
        starts_at=start,
        duration_s=exercise.duration_s,
        time_zone=exercise.time_zone,
        recurrence=exercise.recurrence,
        visibility=exercise.visibility,
        rate=exercise.rate,
        compress=exercise.scale < 1,
        mode="practice" if exercise.mode == "practice" else "exercise",
        created_by=exercise.created_by,
        override=exercise.override,
        prepare_lead_s=(start - prepare).total_seconds() if start and prepare else 1800.0,
    )


def _tell_override(session: Session, exercise: Exercise, before: str | None, now: datetime, who: str | None) -> None:
    if exercise.override is not None and exercise.override != before:
        why = exercise.override
        journal.record(session, now, exercise.id, "overridden", why=why, who=who)


def _login(session: Session, user_id: str | None) -> str | None:
    return session.scalar(select(User.login).where(User.id == user_id)) if user_id else None


def _changed(plan: Plan, changes: dict[str, Any]) -> Plan:
    unknown = sorted(set(changes) - CHANGEABLE)
    if unknown:
        raise Invalid("the plan is not valid", [Problem(name, "cannot be changed") for name in unknown])
    if changes.get("ends_at") is not None:
        changes = {"duration_s": None, **changes}
    if "scenario" in changes and changes["scenario"].digest != plan.scenario.digest:
        # The reason was given for the other one.
        changes = {"override": None, **changes}
    return replace(plan, **changes)


def _fill(exercise: Exercise, checked: Checked, digest: str) -> None:
    plan, start = checked.plan, checked.starts_at
    definition = plan.scenario.definition
    exercise.title, exercise.mode, exercise.digest = plan.title.strip(), plan.mode, digest
    exercise.override = plan.override.strip() if plan.override else None
    exercise.state = State.SCHEDULED if start else State.DRAFT
    exercise.visibility = plan.visibility or definition.scoreboard
    exercise.time_zone, exercise.recurrence = plan.time_zone, plan.recurrence
    exercise.starts_at, exercise.duration_s, exercise.rate = start, checked.duration_s, plan.rate
    exercise.prepares_at = start - timedelta(seconds=plan.prepare_lead_s) if start else None
    exercise.scale = timeline.scale(definition, checked.duration_s, plan.compress)


def _add_belongings(session: Session, exercise: Exercise, checked: Checked, now: datetime) -> None:
    for player in checked.players:
        _add_player(session, exercise.id, player, now)
    if checked.plan.scenario.shared is not None:
        _add_environment(session, exercise.id, None, now)
    definition, lead_s = checked.plan.scenario.definition, checked.plan.prepare_lead_s
    for row in timeline.moments(definition, exercise.duration_s, lead_s, exercise.scale):
        moment = Moment(exercise_id=exercise.id, kind=row.kind, ref=row.ref, clock=row.clock, outcome={})
        moment.offset_s, moment.from_end = row.offset_s, row.from_end
        session.add(moment)


def _add_player(session: Session, exercise_id: str, player: Player, now: datetime) -> None:
    participant = Participant(id=uuid.uuid4().hex, exercise_id=exercise_id, name=player.name, partner=player.partner)
    participant.team_id, participant.user_id = player.team_id, player.user_id
    session.add(participant)
    session.flush()
    _add_environment(session, exercise_id, participant.id, now)


def _add_environment(session: Session, exercise_id: str, participant_id: str | None, now: datetime) -> None:
    environment = Environment(id=uuid.uuid4().hex, exercise_id=exercise_id, participant_id=participant_id)
    environment.state = environment.target = EnvironmentState.ABSENT
    environment.health, environment.changed_at = {}, now
    session.add(environment)
