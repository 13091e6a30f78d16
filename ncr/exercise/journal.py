"""The journal: every change of state goes through here, by conditional UPDATE, and leaves a row for people to read."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ncr.errors import NotFound, Refused
from ncr.exercise.lifecycle import ENVIRONMENT_MOVES, MOVES, EnvironmentState, State
from ncr.exercise.tables import Environment, Exercise, Journal

CHANNEL = "ncr_journal"


def record(
    session: Session,
    at: datetime,
    exercise_id: str | None,
    event: str,
    *,
    subject: str = "exercise",
    before: str | None = None,
    after: str | None = None,
    why: str | None = None,
    who: str | None = None,
) -> None:
    """Write down what happened: `subject` is `exercise`, `environment:ID`, `inject:ID` or `clock`; `who` a login.

    With the commit whoever listens on CHANNEL hears of it.
    """
    row = Journal(exercise_id=exercise_id, at=at, subject=subject, event=event)
    row.before, row.after, row.why, row.who = before, after, why, who
    session.add(row)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_notify(CHANNEL, "")))


def head(session: Session, exercise_id: str) -> Exercise:
    """The exercise as it is now, its row locked until the transaction ends; NotFound when there is none."""
    statement = select(Exercise).where(Exercise.id == exercise_id).with_for_update()
    row = session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound(f"there is no exercise {exercise_id}")
    return row


def move(
    session: Session,
    exercise: Exercise,
    to: State,
    at: datetime,
    *,
    why: str | None = None,
    who: str | None = None,
    fence: int | None = None,
    **values: Any,
) -> bool:
    """Bring the exercise from the state it was read in to `to`, with `values` set in the same statement.

    Returns False when somebody else moved it meanwhile (or a later director wrote); raises Refused for a move that
    the table of moves does not have.
    """
    before = State(exercise.state)
    _allow(MOVES[before], before, to, "the exercise")
    statement = update(Exercise).where(Exercise.id == exercise.id, Exercise.state == before)
    if fence is not None:
        statement = statement.where(Exercise.fence <= fence)
        values["fence"] = fence
    if not _hit(session, statement.values(state=to, **values)):
        return False
    session.refresh(exercise)
    record(session, at, exercise.id, "state", before=before, after=to, why=why, who=who)
    return True


def move_environment(
    session: Session,
    environment: Environment,
    to: EnvironmentState,
    at: datetime,
    *,
    why: str | None = None,
    who: str | None = None,
    **values: Any,
) -> bool:
    """The same for an environment, which may be detached and is not refreshed; it counts only for its generation."""
    before = EnvironmentState(environment.state)
    _allow(ENVIRONMENT_MOVES[before], before, to, "the environment")
    statement = update(Environment).where(
        Environment.id == environment.id,
        Environment.state == before,
        Environment.generation == environment.generation,
    )
    if not _hit(session, statement.values(state=to, changed_at=at, **values)):
        return False
    subject = f"environment:{environment.id}"
    record(session, at, environment.exercise_id, "state", subject=subject, before=before, after=to, why=why, who=who)
    return True


def _allow(allowed: Collection[str], before: str, to: str, what: str) -> None:
    if to not in allowed:
        raise Refused(f"{what} is {before} and cannot become {to}")


def _hit(session: Session, statement: Any) -> bool:
    result: Any = session.execute(statement.execution_options(synchronize_session=False))
    return bool(result.rowcount == 1)
