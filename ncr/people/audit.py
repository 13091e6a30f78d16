"""The audit log: who did what to people, settings and other people's things."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ncr.people.tables import Audit


def record(
    session: Session, at: datetime, user_id: str | None, action: str, subject: str, detail: dict[str, Any] | None = None
) -> None:
    """Write it down; `detail` holds nothing secret."""
    session.add(Audit(at=at, user_id=user_id, action=action, subject=subject, detail=detail or {}))
