"""Tickets: a right to use one entry of an environment, once and soon; made by the doors, redeemed by `entries`."""

import secrets
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ncr.errors import Forbidden, NotOpen
from ncr.exercise.openness import CLOSED, closed
from ncr.exercise.tables import Exercise, Ticket
from ncr.people.limits import attempt
from ncr.people.signin import fingerprint

Mode = Literal["own", "watch", "join"]
LIFE = timedelta(seconds=30)
A_MINUTE = 60


def give(
    session: Session,
    exercise: Exercise,
    participant: str,
    user: str,
    entry: str,
    now: datetime,
    *,
    mode: Mode = "own",
    beside: str | None = None,
) -> str:
    """As `issue`, where the environment is open (else NotOpen) and the user has not had too many (TooMany)."""
    why = closed(session, exercise, participant, None, now)
    if why is not None:
        raise NotOpen(CLOSED[why])
    attempt(session, "ticket", user, now, A_MINUTE, 60.0)
    return issue(session, exercise.id, participant, user, entry, now, mode=mode, beside=beside)


def issue(
    session: Session,
    exercise: str,
    participant: str,
    user: str,
    entry: str,
    now: datetime,
    *,
    mode: Mode = "own",
    beside: str | None = None,
) -> str:
    """A ticket for `entry` of the participant's environment: its secret, kept nowhere. The caller has asked access."""
    secret = secrets.token_urlsafe(32)
    row = Ticket(id=fingerprint(secret), exercise_id=exercise, participant_id=participant, user_id=user, entry=entry)
    row.mode, row.session, row.made_at, row.expires_at = mode, beside, now, now + LIFE
    session.add(row)
    return secret


def redeem(session: Session, secret: str, now: datetime) -> Ticket:
    """The ticket, used from now on. Forbidden for one that never was, was used, or is too old: nobody is told which."""
    mine = Ticket.id == fingerprint(secret)
    used: Any = session.execute(
        update(Ticket).where(mine, Ticket.used_at.is_(None), Ticket.expires_at > now).values(used_at=now)
    )
    if used.rowcount != 1:
        raise Forbidden("This ticket is not valid, or no longer. Open the entry again from your page.")
    return session.scalars(select(Ticket).where(mine).execution_options(populate_existing=True)).one()
