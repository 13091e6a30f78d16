"""The rows behind terminals: a ticket becomes a session, a session is kept alive, closed, cleared and forgotten.

Everything here blocks on the database and runs in the threads for that.
"""

import secrets
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Action
from ncr.db import alone, reading
from ncr.entries import ways
from ncr.entries.terminal_seat import Mode
from ncr.entries.ways import Way
from ncr.errors import Forbidden, NcrError, NotFound, TooManyOpen
from ncr.exercise import practice, tickets
from ncr.exercise.openness import closed_by
from ncr.exercise.tables import EntrySession, Environment, Exercise, Ticket
from ncr.people.signin import fingerprint
from ncr.site import Site

MOST_PER_PERSON, MOST_PER_TEAM, MOST_BESIDE = 3, 12, 6
# Three signs of life that did not come.
MISSED = timedelta(seconds=15)
TICKETS_KEPT = timedelta(hours=1)
SESSIONS_KEPT = timedelta(days=30)


class Ended(NcrError):
    """This terminal is gone. Open the entry again."""

    slug = "ended"
    status = 409

    def __init__(self, reason: str | None) -> None:
        self.reason = reason
        super().__init__()


@dataclass(frozen=True, slots=True)
class Admitted:
    """A ticket's holder, let in: session `id`, the `secret` to come back with, and beside which terminal."""

    id: str
    secret: str
    way: Way
    user: str
    name: str
    mode: Mode
    beside: str | None


@dataclass(frozen=True, slots=True)
class Held:
    """Who must still be allowed to hold what."""

    user: str
    mode: Mode
    exercise: str
    participant: str


def admit(site: Site, process: str, ticket: str, exercise: str) -> Admitted:
    """Redeem the ticket at the exercise's door, and note who opens what.

    Raises Forbidden, NotFound, NotOpen, or TooManyOpen where there are as many terminals as there may be.
    """
    now = site.clock()
    with site.sessions.begin() as session:
        shown = tickets.redeem(session, ticket, now)
        if shown.exercise_id != exercise:
            raise Forbidden("This ticket is for another exercise.")
        way = ways.find(session, site.shelf, exercise, shown.participant_id, shown.entry, now)
        if way.entry.terminal is None:
            raise NotFound("This entry is not a terminal.")
        name = _holder(session, Held(shown.user_id, cast(Mode, shown.mode), exercise, way.participant), now)
        _require_room(session, shown, now)
        secret = secrets.token_urlsafe(32)
        row = EntrySession(
            id=uuid.uuid4().hex, exercise_id=exercise, participant_id=way.participant, entry=way.entry.id
        )
        row.user_id, row.kind, row.mode, row.beside = shown.user_id, "terminal", shown.mode, shown.session
        row.generation, row.secret, row.process = way.generation, fingerprint(secret), process
        row.address, row.opened_at, row.alive_at = site.settings.entries_url, now, now
        session.add(row)
        return Admitted(row.id, secret, way, shown.user_id, name, cast(Mode, shown.mode), shown.session)


def close(site: Site, ids: Collection[str], why: str) -> None:
    """These sessions are over."""
    mine = (EntrySession.id.in_(ids), EntrySession.closed_at.is_(None))
    with site.sessions.begin() as session:
        session.execute(update(EntrySession).where(*mine).values(closed_at=site.clock(), why=why))


def close_beside(site: Site, id_: str) -> None:
    """Somebody who was beside a terminal has left, and nothing is left of that."""
    with site.sessions.begin() as session:
        now = site.clock()
        values = {"closed_at": now, "cleared_at": now, "why": "left"}
        session.execute(update(EntrySession).where(EntrySession.id == id_).values(values))


def clear(site: Site, ids: Collection[str]) -> None:
    """Nothing is left of these."""
    mine = (EntrySession.id.in_(ids), EntrySession.cleared_at.is_(None))
    with site.sessions.begin() as session:
        session.execute(update(EntrySession).where(*mine).values(cleared_at=site.clock()))


def keep_alive(site: Site, process: str) -> None:
    """This process still holds its sessions."""
    mine = (EntrySession.process == process, EntrySession.closed_at.is_(None))
    with site.sessions.begin() as session:
        session.execute(update(EntrySession).where(*mine).values(alive_at=site.clock()))


def touch(site: Site, exercise: str) -> None:
    """Somebody is active in what may be a practice run."""
    with site.sessions.begin() as session:
        practice.touch(session, exercise, site.clock())


def why_ended(site: Site, secret: str) -> str | None:
    """Why the session that this secret belonged to ended; None when nobody knows it, or it has not."""
    with reading(site.sessions) as session:
        return session.scalars(select(EntrySession.why).where(EntrySession.secret == fingerprint(secret))).one_or_none()


def closed_makings(site: Site, wanted: Collection[tuple[str, int]]) -> Mapping[tuple[str, int], str | None]:
    """Why each (participant, generation) is closed now, None where it is open: one query, however many."""
    asked = select(Exercise, Environment).join(Environment, Environment.exercise_id == Exercise.id)
    asked = asked.where(Environment.participant_id.in_({participant for participant, _ in wanted}))
    now = site.clock()
    with reading(site.sessions) as session:
        found = {row.participant_id: (exercise, row) for exercise, row in session.execute(asked)}
    return {
        (participant, generation): closed_by(*found[participant], generation, now)
        if participant in found
        else "finished"
        for participant, generation in wanted
    }


def refused(site: Site, holders: Iterable[Held]) -> set[Held]:
    """Those of the holders who may no longer."""
    found, now = set(), site.clock()
    with reading(site.sessions) as session:
        for held in holders:
            try:
                _holder(session, held, now)
            except Forbidden:
                found.add(held)
    return found


def left_behind(site: Site, stale: timedelta) -> list[EntrySession]:
    """Terminals of which something may be left: closed ones, and those of processes that show no sign of life.

    The latter are closed by this.
    """
    now = site.clock()
    terminals = (EntrySession.kind == "terminal", EntrySession.cleared_at.is_(None))
    silent = (*terminals, EntrySession.closed_at.is_(None), EntrySession.alive_at < now - stale)
    with site.sessions.begin() as session:
        session.execute(update(EntrySession).where(*silent).values(closed_at=now, why="restart"))
        beside = update(EntrySession).where(*terminals, EntrySession.mode != "own", EntrySession.closed_at.is_not(None))
        session.execute(beside.values(cleared_at=now))
        return list(session.scalars(select(EntrySession).where(*terminals, EntrySession.closed_at.is_not(None))))


def purge(site: Site) -> None:
    """Forget tickets that nobody can use, and who was where a month ago."""
    now = site.clock()
    with site.sessions.begin() as session:
        session.execute(delete(Ticket).where(Ticket.expires_at < now - TICKETS_KEPT))
        old = (EntrySession.cleared_at.is_not(None), EntrySession.closed_at < now - SESSIONS_KEPT)
        session.execute(delete(EntrySession).where(*old))


def _holder(session: Session, held: Held, now: datetime) -> str:
    """The name of who holds it; Forbidden when they may no longer."""
    viewer = access.present(session, held.user, now)
    exercise = session.get(Exercise, held.exercise)
    if viewer is None or exercise is None:
        raise Forbidden("You are signed out.")
    if held.mode == "own" and access.participant_of(session, viewer, exercise.id) == held.participant:
        return viewer.name
    if not access.may(viewer, Action.WATCH if held.mode == "watch" else Action.JOIN, exercise):
        raise Forbidden
    return viewer.name


def _require_room(session: Session, shown: Ticket, now: datetime) -> None:
    # Those who open at the same moment are counted one after the other.
    for whose in (shown.participant_id, shown.user_id):
        alone(session, f"terminals:{whose}")
    # What a process that died held takes nobody's place until somebody has ended it.
    alive = EntrySession.alive_at > now - MISSED
    open_ = (EntrySession.kind == "terminal", EntrySession.closed_at.is_(None), alive)

    def count(*which: ColumnElement[bool]) -> int:
        return session.scalars(select(func.count()).select_from(EntrySession).where(*open_, *which)).one()

    own = EntrySession.mode == "own"
    if shown.mode != "own":
        if count(EntrySession.beside == shown.session) >= MOST_BESIDE:
            raise TooManyOpen(f"At most {MOST_BESIDE} can be beside one terminal.")
    elif count(own, EntrySession.user_id == shown.user_id) >= MOST_PER_PERSON:
        raise TooManyOpen(
            f"You have {MOST_PER_PERSON} terminals open, and no more are allowed. Close one of them.", shown.user_id
        )
    elif count(own, EntrySession.participant_id == shown.participant_id) >= MOST_PER_TEAM:
        words = f"The team has {MOST_PER_TEAM} terminals open, and no more are allowed. Close one of them."
        raise TooManyOpen(words, shown.user_id)
