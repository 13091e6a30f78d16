"""Rate limits: tries are rows, counted within a window, so that they hold across processes and restarts."""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from ncr.db import alone
from ncr.errors import TooMany
from ncr.people.tables import Attempt


def attempt(session: Session, kind: str, subject: str, now: datetime, most: int, within_s: float) -> None:
    """Note a try; TooMany, and nothing noted, when there were `most` in the last `within_s` seconds."""
    # Tries at the same moment must be counted one after the other.
    alone(session, f"{kind}:{subject}")
    since = now - timedelta(seconds=within_s)
    mine = (Attempt.kind == kind, Attempt.subject == subject)
    count, oldest = session.execute(select(func.count(), func.min(Attempt.at)).where(*mine, Attempt.at > since)).one()
    if count >= most:
        raise TooMany(max(1.0, (oldest - since).total_seconds()))
    session.execute(delete(Attempt).where(Attempt.kind == kind, Attempt.at <= since))
    session.add(Attempt(kind=kind, subject=subject, at=now))
