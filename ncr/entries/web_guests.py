"""Guests: who may be in which web entry, by the rows alone, and what is written of it."""

import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Select, exists, or_, select, update
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Action, Viewer
from ncr.db import reading
from ncr.entries import ways
from ncr.entries.ways import Way
from ncr.errors import Forbidden, NcrError
from ncr.exercise import practice, tickets
from ncr.exercise.hosts import label
from ncr.exercise.openness import closed_by
from ncr.exercise.tables import EntrySession, Environment, Exercise, Participant
from ncr.people.roles import Role
from ncr.people.signin import fingerprint
from ncr.people.tables import Membership, SignIn, Token, User
from ncr.runtime.blueprint import relay_ports
from ncr.site import Site

log = structlog.get_logger()
# What a session does not come back from; everything else may pass.
FINAL = frozenset({"finished", "reset", "signed-out"})
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Guest:
    """A session of a web entry; `why` (web_words) keeps its way closed now. `relay_port` is the gate's door to it."""

    id: str
    label: str
    way: Way
    relay_port: int
    why: str | None

    @property
    def team(self) -> tuple[str, str]:
        """Whose environment it is in."""
        return self.way.exercise, self.way.participant


def enter(site: Site, secret: str, at: str) -> str:
    """Redeem a ticket on the host with the label `at`: the secret of a new session.

    Forbidden for a ticket that is not valid, or for anything but this host; NotOpen while the way is closed.
    """
    now = site.clock()
    with site.sessions.begin() as session:
        # Whatever it is for, it has been shown to a lab's host and is used up.
        ticket = tickets.redeem(session, secret, now)
        mine = (ticket.exercise_id, ticket.participant_id, ticket.entry, ticket.user_id, ticket.mode)
    exercise, participant, entry, user, mode = mine
    if label(entry, participant, exercise) != at or mode != "own":
        raise Forbidden
    with site.sessions.begin() as session:
        way = ways.find(session, site.shelf, exercise, participant, entry, now)
        if way.entry.web is None:
            raise Forbidden
        return _open(session, way, user, at, now)


def _open(session: Session, way: Way, user: str, at: str, now: datetime) -> str:
    secret = secrets.token_urlsafe(32)
    row = EntrySession(id=uuid.uuid4().hex, exercise_id=way.exercise, participant_id=way.participant, user_id=user)
    row.entry, row.kind, row.generation, row.secret = way.entry.id, "web", way.generation, fingerprint(secret)
    row.process, row.address, row.opened_at, row.alive_at = "", at, now, now
    session.add(row)
    log.info(
        "entries.web.opened", session=row.id, exercise=way.exercise, team=way.participant, entry=row.entry, user=user
    )
    return secret


def by_secret(site: Site, secret: str) -> Guest | None:
    """The session with this secret, closed or not; None when there is none such."""
    found = _read(site, EntrySession.secret == fingerprint(secret))
    return found[0] if found else None


def by_ids(site: Site, ids: Iterable[str]) -> list[Guest]:
    """The sessions with these ids, as they are now; those whose rows are gone are left out."""
    wanted = sorted(ids)
    pieces = (wanted[at : at + AT_ONCE] for at in range(0, len(wanted), AT_ONCE))
    return [guest for piece in pieces for guest in _read(site, EntrySession.id.in_(piece))]


def tidy(site: Site) -> None:
    """Close every session that has come to its end, whether or not anybody asks for it any more."""
    _read(site, EntrySession.closed_at.is_(None))


def touch(site: Site, guest: Guest) -> None:
    """Note that the guest is active."""
    now = site.clock()
    with site.sessions.begin() as session:
        session.execute(update(EntrySession).where(EntrySession.id == guest.id).values(alive_at=now))
        practice.touch(session, guest.way.exercise, now)


def _read(site: Site, which: ColumnElement[bool]) -> list[Guest]:
    now = site.clock()
    with reading(site.sessions) as session:
        rows = session.execute(_asked(now).where(EntrySession.kind == "web", which)).all()
    found, ended = [], []
    for row, *beside in rows:
        why = row.why if row.closed_at else _why(row, beside, now)
        if why in FINAL and row.closed_at is None:
            ended.append((row, why))
        guest = _guest(site, row, beside[0], why)
        if guest is not None:
            found.append(guest)
    if ended:
        _close(site, ended, now)
    return found


def _asked(now: datetime) -> Select[*tuple[Any, ...]]:
    """Each session with all that decides about it: one search, however many there are."""
    member = exists().where(Membership.team_id == Participant.team_id, Membership.user_id == EntrySession.user_id)
    signed_in = or_(
        exists().where(SignIn.user_id == EntrySession.user_id, SignIn.expires_at > now),
        exists().where(Token.user_id == EntrySession.user_id, Token.expires_at > now),
    )
    return (
        select(EntrySession, Exercise, Environment, Participant.user_id, User, member, signed_in)
        .join(Exercise, Exercise.id == EntrySession.exercise_id)
        .join(Participant, Participant.id == EntrySession.participant_id)
        .outerjoin(Environment, Environment.participant_id == Participant.id)
        .outerjoin(User, User.id == EntrySession.user_id)
    )


def _why(row: EntrySession, beside: Sequence[Any], now: datetime) -> str | None:
    """What keeps the session's way closed now; `beside` is what stands beside it in `_asked`."""
    exercise, environment, alone, user, is_member, is_signed_in = beside
    if user is None or user.disabled_at is not None or not is_signed_in:
        return "signed-out"
    is_staff = access.may(Viewer(user.id, Role(user.role)), Action.JOIN, exercise)
    if not (is_member or alone == user.id or is_staff):
        return "signed-out"
    return closed_by(exercise, environment, row.generation, now)


def _guest(site: Site, row: EntrySession, exercise: Exercise, why: str | None) -> Guest | None:
    try:
        entries = site.shelf.get(exercise.digest).definition.entries
    except NcrError:
        # A scenario that is gone from the shelf cannot be got into.
        return None
    entry = next((each for each in entries if each.id == row.entry), None)
    if entry is None:
        return None
    way = Way(row.exercise_id, row.participant_id, row.generation, entry)
    own = label(row.entry, row.participant_id, row.exercise_id)
    return Guest(row.id, own, way, relay_ports(entries).get(entry.id, 0), why)


def _close(site: Site, ended: Sequence[tuple[EntrySession, str]], now: datetime) -> None:
    with site.sessions.begin() as session:
        for row, why in ended:
            still = (EntrySession.id == row.id, EntrySession.closed_at.is_(None))
            done = session.execute(update(EntrySession).where(*still).values(closed_at=now, why=why, cleared_at=now))
            if getattr(done, "rowcount", 0):
                log.info("entries.web.closed", session=row.id, exercise=row.exercise_id, user=row.user_id, why=why)
