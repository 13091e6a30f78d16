"""Rehearsals as rows: asked for, taken up by the director, and what came of them; who may rely on which version."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from ncr.config import Settings
from ncr.db import alone
from ncr.errors import NcrError, Refused
from ncr.exercise import claims, queueing
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Rehearsal
from ncr.scenario.topology import Scenario

UNDER_WAY = ("asked", "running")
# Each takes minutes and the room of two teams; they are held one after the other.
MOST_WAITING = 10
LONGEST_REASON = 500


class Version(NamedTuple):
    """A scenario's exact content."""

    digest: str
    scenario: str
    version: str

    @classmethod
    def of(cls, scenario: Scenario) -> "Version":
        """The one that was read."""
        return cls(scenario.digest, scenario.definition.id, scenario.definition.version)


class Wait(NamedTuple):
    """What one that was asked for waits for: the `turn` of others before it, or `room`; `until` as far as is known."""

    why: Literal["turn", "room"]
    until: datetime | None = None


def ask(session: Session, shelf: Shelf, scenario: Scenario, now: datetime, who: str | None) -> Rehearsal:
    """Have the director rehearse it; one that is asked for or under way already is not asked for again.

    Raises Refused when many wait already.
    """
    alone(session, f"rehearsal {scenario.digest}")
    mine = (Rehearsal.digest == scenario.digest, Rehearsal.state.in_(UNDER_WAY))
    waiting = session.scalars(select(Rehearsal).where(*mine)).first()
    if waiting is not None:
        return waiting
    if session.scalars(select(func.count()).where(Rehearsal.state == "asked")).one() >= MOST_WAITING:
        raise Refused(f"{MOST_WAITING} rehearsals wait already; ask again when some have been held")
    shelf.put(session, scenario, now)
    return _add(session, Version.of(scenario), "asked", now, who)


def record(
    session: Session, what: Version, *, passed: bool, now: datetime, who: str | None, report: Mapping[str, Any]
) -> Rehearsal:
    """Write down one that was held elsewhere on this site."""
    row = _add(session, what, "passed" if passed else "failed", now, who)
    row.ended_at, row.report = now, dict(report)
    session.flush()
    return row


def newest(session: Session, scenario: str, most: int = 20) -> Sequence[Rehearsal]:
    """The rehearsals of all versions of a scenario, newest first."""
    mine = select(Rehearsal).where(Rehearsal.scenario == scenario)
    return session.scalars(mine.order_by(Rehearsal.asked_at.desc(), Rehearsal.id).limit(most)).all()


def last(session: Session, digest: str) -> Rehearsal | None:
    """The newest rehearsal of exactly this content, however it went."""
    mine = select(Rehearsal).where(Rehearsal.digest == digest)
    return session.scalars(mine.order_by(Rehearsal.asked_at.desc(), Rehearsal.id).limit(1)).first()


def has_passed(session: Session, digest: str) -> bool:
    """Whether a rehearsal of exactly this content has passed on this site."""
    return session.scalars(passed().where(Rehearsal.digest == digest).limit(1)).first() is not None


def passed() -> Select[str]:
    """The digests of what has passed a rehearsal on this site."""
    return select(Rehearsal.digest).where(Rehearsal.state == "passed")


def waiting(session: Session, state: str = "asked") -> Sequence[Rehearsal]:
    """Those in a state, in the order they were asked for."""
    mine = select(Rehearsal).where(Rehearsal.state == state)
    return session.scalars(mine.order_by(Rehearsal.asked_at, Rehearsal.id)).all()


def awaited(session: Session, shelf: Shelf, settings: Settings, row: Rehearsal, now: datetime) -> Wait | None:
    """What it waits for; None for one that has begun, or is about to."""
    if row.state != "asked":
        return None
    if waiting(session, "running"):
        return Wait("turn")
    at = fits_at(session, shelf, settings, row.digest, now)
    return Wait("room", at) if at > now else None


def fits_at(session: Session, shelf: Shelf, settings: Settings, digest: str, now: datetime) -> datetime:
    """When there is room for it beside what is built, planned, or promised to students who wait.

    What does not fit at all, or cannot be read, has room at once: its report then says what is wrong with it.
    """
    room = claims.room(session, settings)
    if room is None:
        return now
    try:
        need = claims.rehearsed(shelf.get(digest), settings)
    except NcrError:
        return now
    taken = claims.standing(session, shelf, settings, now)
    taken += claims.of_queue(claims.waiting(session), shelf, settings)
    return queueing.turn(taken, need, claims.REHEARSED_S, room, now, runs=0) or now


def take(session: Session, rehearsal_id: str) -> bool:
    """Begin one that was asked for; False when somebody else has."""
    return _move(session, rehearsal_id, "asked", state="running")


def end(
    session: Session, rehearsal_id: str, state: Literal["passed", "failed"], report: Mapping[str, Any], now: datetime
) -> bool:
    """Write down what came of one that is under way."""
    return _move(session, rehearsal_id, "running", state=state, report=dict(report), ended_at=now)


def _move(session: Session, rehearsal_id: str, before: str, **values: Any) -> bool:
    which = (Rehearsal.id == rehearsal_id, Rehearsal.state == before)
    moved: Any = session.execute(update(Rehearsal).where(*which).values(**values))
    return bool(moved.rowcount == 1)


def _add(session: Session, what: Version, state: str, now: datetime, who: str | None) -> Rehearsal:
    row = Rehearsal(id=uuid.uuid4().hex, digest=what.digest, scenario=what.scenario, version=what.version, state=state)
    row.who, row.asked_at, row.ended_at, row.report = who, now, None, {}
    session.add(row)
    session.flush()
    return row
