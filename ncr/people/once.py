"""Idempotency keys: the same request with the same key is done once and answered the same."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel
from sqlalchemy.orm import Session

from ncr.db import alone
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
    alone(session, f"once:{user_id}:{key}")
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
