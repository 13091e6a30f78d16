"""Signing in and out: a fresh secret each time, of which only the hash is kept."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ncr.db import Sessions
from ncr.errors import SignedOut
from ncr.people import limits
from ncr.people.passwords import is_right
from ncr.people.tables import SignIn, User

LASTS = timedelta(hours=12)


def fingerprint(secret: str) -> str:
    """What is kept of a session's or a token's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def sign_in(sessions: Sessions, login: str, password: str, now: datetime, earlier: str | None = None) -> str:
    """The secret of a new session, in place of the `earlier` one that the browser had.

    SignedOut for any wrong pair, TooMany after five tries a minute at one name. The password is judged outside any
    transaction: it takes long, and the database has one writer.
    """
    # User names are plain ASCII: what is not becomes a name that nobody has, and that every database can keep.
    subject = login.strip().lower()[:63].encode("ascii", "replace").decode().replace("\x00", "?")
    with sessions.begin() as session:
        limits.attempt(session, "sign-in", subject, now, most=5, within_s=60)
        user = session.scalars(select(User).where(User.login == subject, User.disabled_at.is_(None))).one_or_none()
    if not is_right(password, user.password_hash if user else None) or user is None:
        raise SignedOut("the user name or the password is wrong")
    with sessions.begin() as session:
        if earlier:
            session.execute(delete(SignIn).where(SignIn.id == fingerprint(earlier)))
        return _open(session, user.id, now)


def _open(session: Session, user_id: str, now: datetime) -> str:
    secret = secrets.token_urlsafe(32)
    session.execute(delete(SignIn).where(SignIn.user_id == user_id, SignIn.expires_at <= now))
    row = SignIn(id=fingerprint(secret), user_id=user_id, form_token=secrets.token_urlsafe(24), created_at=now)
    row.expires_at = now + LASTS
    session.add(row)
    session.get_one(User, user_id).last_used_at = now
    return secret


def sign_out(sessions: Sessions, secret: str | None) -> None:
    """End the session; one that is gone already is fine."""
    if secret:
        with sessions.begin() as session:
            session.execute(delete(SignIn).where(SignIn.id == fingerprint(secret)))
