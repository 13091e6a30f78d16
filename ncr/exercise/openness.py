"""Openness: whether somebody may be in a participant's environment now, by the rows alone."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr.exercise.lifecycle import EnvironmentState, ExerciseClock, State, is_open
from ncr.exercise.tables import Environment, Exercise

# Why nobody may be in, for programs; the pages say it in words.
CLOSED: Mapping[str, str] = {
    "not-started": "The exercise has not started.",
    "paused": "The exercise is paused.",
    "finished": "The exercise is over.",
    "building": "The environment is being built.",
    "failed": "The environment could not be built.",
    "reset": "The environment was reset.",
}


def clock_of(exercise: Exercise) -> ExerciseClock:
    """The exercise's own clock."""
    runs = exercise.state == State.RUNNING
    return ExerciseClock(exercise.clock_t_s, exercise.clock_at, exercise.rate, runs)


def closed(session: Session, exercise: Exercise, participant: str, generation: int | None, now: datetime) -> str | None:
    """Why nobody may be in this (making of the) participant's environment now, a key of CLOSED; None when open."""
    row = session.scalars(select(Environment).where(Environment.participant_id == participant)).one_or_none()
    return closed_by(exercise, row, generation, now)


def closed_by(exercise: Exercise, row: Environment | None, generation: int | None, now: datetime) -> str | None:
    """As `closed`, of rows that have been read."""
    state = State(exercise.state)
    if state is not State.PAUSED and not is_open(
        state, exercise.starts_at, clock_of(exercise), exercise.duration_s, now
    ):
        return "not-started" if exercise.ended_at is None and exercise.started_at is None else "finished"
    if row is None or row.state in (EnvironmentState.CLOSED, EnvironmentState.REMOVED):
        return "finished"
    if generation is not None and row.generation != generation:
        return "reset"
    if state is State.PAUSED:
        return "paused"
    if row.state == EnvironmentState.FAILED:
        return "failed"
    return None if row.state == EnvironmentState.OPEN else "building"
