"""Idempotency keys: the same request with the same key is done once and answered the same."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.orm import Session

from ncr.errors import Invalid, Problem
from ncr.people.tables import Replay

Answer = TypeVar("Answer", bound=BaseModel)


def once(
    session: Session,
    user_id: str,
    key: str | None,
    request: str,
    now: datetime,
    model: type[Answer],
    work: Callable[[], Answer],
) -> Answer:
    """`work()`, or what it answered when this key came before; Invalid when it came with another `request`.

    The answer is kept in the transaction of the work itself, so the two stand or fall together.
    """
    if key is None:
        return work()
    _alone(session, user_id, key)
    mark = hashlib.sha256(request.encode()).hexdigest()
    kept = session.get(Replay, (user_id, key))
    if kept is None:
        answer = work()
        row = Replay(user_id=user_id, key=key, request=mark, status=200, body=answer.model_dump(mode="json"), at=now)
        session.add(row)
        return answer
    if kept.request != mark:
        raise Invalid(problems=[Problem("Idempotency-Key", "was used for another request; take a new one")])
    return model.model_validate(kept.body)


def _alone(session: Session, user_id: str, key: str) -> None:
    # SQLite has one writer at a time anyway.
    if session.get_bind().dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(f"{user_id}:{key}".encode()).digest()[:8], "big", signed=True)
        session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
