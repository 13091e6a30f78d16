"""Conducting an exercise: every turn of its life is decided on its row, in one transaction with the fact that says so.

Nothing here touches the engine: the director sees the rows and makes the containers follow. Every function takes the
wall time `now` and leaves committing to the caller; all raise NotFound for what is not there and Refused (naming the
state) for what the state does not allow. `who` is a login. What people do to single teams, environments and injects
is in ncr.scoring.interventions.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ncr.errors import Refused
from ncr.exercise import journal
from ncr.exercise.lifecycle import EnvironmentState, State
from ncr.exercise.openness import clock_of
from ncr.exercise.tables import Environment, Exercise, Moment, Participant
from ncr.scoring import ledger
from ncr.scoring.facts import Draft, Kind

LATE_MS = 250.0


def launch(session: Session, exercise_id: str, now: datetime, *, who: str | None = None) -> Exercise:
    """Have it prepared now and opened as soon as it is ready, whatever start was planned."""
    exercise = journal.head(session, exercise_id)
    if exercise.state in (State.PREPARING, State.READY):
        exercise.starts_at = now if exercise.state == State.READY else None
        journal.record(session, now, exercise_id, "launched", who=who)
        return exercise
    if exercise.state == State.SCHEDULED:
        exercise.starts_at, exercise.prepares_at = None, now
        journal.record(session, now, exercise_id, "launched", who=who)
        return exercise
    _move(session, exercise, State.SCHEDULED, now, why="launched", who=who, starts_at=None, prepares_at=now)
    return exercise


def prepare(session: Session, exercise_id: str, now: datetime, *, fence: int | None = None) -> Exercise:
    """Begin to build: from now on every environment should be ready."""
    exercise = journal.head(session, exercise_id)
    _move(session, exercise, State.PREPARING, now, fence=fence)
    _retarget(session, exercise_id, EnvironmentState.READY)
    _settle(session, exercise_id, "prepare", now)
    return exercise


def ready(
    session: Session, exercise_id: str, now: datetime, *, why: str | None = None, fence: int | None = None
) -> Exercise:
    """All is built that could be: the exercise waits for its second. `why` tells what could not."""
    exercise = journal.head(session, exercise_id)
    _move(session, exercise, State.READY, now, why=why, fence=fence)
    return exercise


def open_(session: Session, exercise_id: str, now: datetime, *, fence: int | None = None) -> Exercise:
    """Open a ready exercise: its clock counts from the planned second, however late this comes.

    `lateness_ms` says how late the row was flipped; an exercise without a planned second starts now.
    """
    exercise = journal.head(session, exercise_id)
    start = exercise.starts_at or now
    lateness_ms = max(0.0, (now - start).total_seconds() * 1000)
    why = f"{lateness_ms / 1000:.1f} s late" if lateness_ms > LATE_MS else None
    values = {"starts_at": start, "clock_at": start, "clock_t_s": 0.0, "started_at": now, "lateness_ms": lateness_ms}
    _move(session, exercise, State.RUNNING, now, why=why, fence=fence, **values)
    drafts = [_joined(player) for player in _players(session, exercise_id)]
    ledger.append(session, exercise_id, [*drafts, Draft(Kind.OPENED, "opened")], now, fence=fence)
    _retarget(session, exercise_id, EnvironmentState.OPEN)
    _settle(session, exercise_id, "open", now)
    return exercise


def pause(session: Session, exercise_id: str, now: datetime, *, who: str | None = None) -> Exercise:
    """Stop the exercise's clock; nothing falls due, nothing counts, environments are frozen."""
    exercise = journal.head(session, exercise_id)
    t_s = clock_of(exercise).t(now)
    if exercise.state == State.RUNNING and t_s >= exercise.duration_s:
        raise Refused("the exercise's time is up; it cannot be paused")
    _move(session, exercise, State.PAUSED, now, who=who, clock_t_s=t_s, clock_at=None)
    _append(session, exercise, Kind.PAUSED, now)
    _retarget(session, exercise_id, EnvironmentState.READY)
    return exercise


def resume(session: Session, exercise_id: str, now: datetime, *, who: str | None = None) -> Exercise:
    """Let the clock go on from where it stood."""
    exercise = journal.head(session, exercise_id)
    if exercise.state != State.PAUSED:
        raise Refused(f"the exercise is {exercise.state} and cannot be resumed")
    _move(session, exercise, State.RUNNING, now, who=who, clock_at=now)
    _append(session, exercise, Kind.RESUMED, now)
    _retarget(session, exercise_id, EnvironmentState.OPEN)
    return exercise


def extend(session: Session, exercise_id: str, by_s: float, now: datetime, *, who: str | None = None) -> Exercise:
    """Move the end, and what waits and counts from it, `by_s` exercise seconds later (below 0: earlier)."""
    exercise = journal.head(session, exercise_id)
    if exercise.state not in (State.RUNNING, State.PAUSED):
        raise Refused(f"the exercise is {exercise.state} and cannot be extended")
    if by_s == 0 or exercise.duration_s + by_s <= clock_of(exercise).t(now):
        raise Refused("the end must move, and not to before now; finish the exercise instead")
    exercise.duration_s += by_s
    moving = update(Moment).where(Moment.exercise_id == exercise_id, Moment.state == "waiting", Moment.from_end)
    session.execute(moving.values(offset_s=Moment.offset_s + by_s))
    session.flush()
    _append(session, exercise, Kind.EXTENDED, now, by_s=by_s)
    journal.record(session, now, exercise_id, "extended", why=f"by {by_s:g} s", who=who)
    return exercise


def keep_time(session: Session, exercise_id: str, before: datetime, now: datetime, jump_s: float) -> None:
    """The wall clock jumped by `jump_s` after `before`: write it down, and never let exercise time go back."""
    exercise = journal.head(session, exercise_id)
    if exercise.state != State.RUNNING:
        return
    if jump_s < 0:
        exercise.clock_t_s, exercise.clock_at = clock_of(exercise).t(before), now
    why = f"the wall clock jumped {jump_s:+.1f} s; exercise time " + ("stayed" if jump_s < 0 else "followed")
    journal.record(session, now, exercise_id, "jumped", subject="clock", why=why)


def finish(
    session: Session,
    exercise_id: str,
    now: datetime,
    *,
    why: str | None = None,
    who: str | None = None,
    fence: int | None = None,
) -> Exercise:
    """End it: the clock stands, what waited is skipped, environments are to go."""
    exercise = journal.head(session, exercise_id)
    t_s = min(clock_of(exercise).t(now), exercise.duration_s)
    values = {"clock_t_s": t_s, "clock_at": None, "ended_at": now}
    _move(session, exercise, State.FINISHED, now, why=why, who=who, fence=fence, **values)
    ledger.append(session, exercise_id, [Draft(Kind.FINISHED, "finished")], now, fence=fence)
    _settle(session, exercise_id, "close", now)
    _end(session, exercise_id, now)
    return exercise


def freeze(session: Session, exercise_id: str, now: datetime, *, who: str | None = None) -> Exercise:
    """Hold the scoreboard that participants and the public see at the ledger's number of this moment."""
    exercise = journal.head(session, exercise_id)
    if exercise.freeze_seq is not None or exercise.state not in (State.RUNNING, State.PAUSED):
        raise Refused(f"the exercise is {exercise.state} or frozen already")
    exercise.freeze_seq = exercise.head_seq
    journal.record(session, now, exercise_id, "frozen", why=f"at fact {exercise.head_seq}", who=who)
    _settle(session, exercise_id, "freeze", now)
    return exercise


def unfreeze(session: Session, exercise_id: str, now: datetime, *, who: str | None = None) -> Exercise:
    """Show everybody the scoreboard as it is again."""
    exercise = journal.head(session, exercise_id)
    if exercise.freeze_seq is None:
        raise Refused("the scoreboard is not frozen")
    exercise.freeze_seq = None
    journal.record(session, now, exercise_id, "unfrozen", who=who)
    return exercise


def cancel(
    session: Session, exercise_id: str, now: datetime, *, why: str | None = None, who: str | None = None
) -> Exercise:
    """Call it off before it opened, or put a failed one away."""
    exercise = journal.head(session, exercise_id)
    _move(session, exercise, State.CANCELLED, now, why=why, who=who, ended_at=now)
    _end(session, exercise_id, now)
    return exercise


def fail(session: Session, exercise_id: str, why: str, now: datetime, *, fence: int | None = None) -> Exercise:
    """It cannot be held, or not go on; `why` names the service and the reason."""
    exercise = journal.head(session, exercise_id)
    values = {"clock_t_s": clock_of(exercise).t(now), "clock_at": None, "ended_at": now, "failure": why}
    _move(session, exercise, State.FAILED, now, why=why, fence=fence, **values)
    _end(session, exercise_id, now)
    return exercise


def torn_down(session: Session, exercise_id: str, now: datetime) -> None:
    """Say that nothing of the exercise is left on the engine."""
    _settle(session, exercise_id, "teardown", now)
    journal.record(session, now, exercise_id, "torn-down")


def archive(session: Session, exercise_id: str, now: datetime, *, who: str | None = None) -> Exercise:
    """Put an ended exercise away."""
    exercise = journal.head(session, exercise_id)
    _move(session, exercise, State.ARCHIVED, now, who=who)
    return exercise


def _move(session: Session, exercise: Exercise, to: State, now: datetime, **values: Any) -> None:
    if not journal.move(session, exercise, to, now, **values):
        raise Refused(f"somebody else changed the exercise just now; it is not {to}")


def _append(session: Session, exercise: Exercise, kind: Kind, now: datetime, **payload: Any) -> None:
    # The row is locked: the next number cannot be taken by anybody else, so it makes the key unique.
    draft = Draft(kind, f"{kind}:{exercise.head_seq + 1}", payload=payload)
    ledger.append(session, exercise.id, [draft], now)


def _players(session: Session, exercise_id: str) -> Iterable[Participant]:
    return session.scalars(select(Participant).where(Participant.exercise_id == exercise_id).order_by(Participant.name))


def _joined(player: Participant) -> Draft:
    payload = {"name": player.name, "standing": player.standing}
    return Draft(Kind.JOINED, f"joined:{player.id}", player.id, payload)


def _retarget(session: Session, exercise_id: str, target: EnvironmentState) -> None:
    gone = (EnvironmentState.CLOSED, EnvironmentState.REMOVED)
    statement = update(Environment).where(Environment.exercise_id == exercise_id, Environment.state.not_in(gone))
    session.execute(statement.values(target=target))


def _settle(session: Session, exercise_id: str, kind: str, now: datetime) -> None:
    statement = update(Moment).where(
        Moment.exercise_id == exercise_id, Moment.kind == kind, Moment.state.in_(("waiting", "claimed"))
    )
    session.execute(statement.values(state="done", done_at=now))


def _end(session: Session, exercise_id: str, now: datetime) -> None:
    _end_conditional(session, exercise_id, now)
    waiting = update(Moment).where(
        Moment.exercise_id == exercise_id, Moment.state == "waiting", Moment.kind != "teardown"
    )
    session.execute(waiting.values(state="skipped", done_at=now))
    session.execute(
        update(Environment).where(Environment.exercise_id == exercise_id).values(target=EnvironmentState.REMOVED)
    )


def _end_conditional(session: Session, exercise_id: str, now: datetime) -> None:
    """Injects that happened to some are done; one that is under way somewhere is the director's to end."""
    mine = (Moment.exercise_id == exercise_id, Moment.kind == "inject", Moment.state == "waiting")
    for moment in session.scalars(select(Moment).where(*mine)):
        if moment.outcome:
            is_under_way = any(one["state"] in ("met", "begun") for one in moment.outcome.values())
            moment.state, moment.done_at = ("claimed", None) if is_under_way else ("done", now)
