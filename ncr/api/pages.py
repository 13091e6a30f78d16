"""Lists by cursor: a page of items and where the next one begins."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel
from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute, Session

Item = TypeVar("Item")
Row = TypeVar("Row")
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]


class Page(BaseModel, Generic[Item]):
    """Some of the items; `next` is the cursor of the following page, null at the end."""

    items: list[Item]
    next: str | None


def in_order(rows: Sequence[Row], cursor: str | None, limit: int, item: Callable[[Row], Item]) -> Page[Item]:
    """One page of `rows` that are in the order they are shown in; the cursor is the id of the last one shown."""
    ids = [getattr(row, "id") for row in rows]  # noqa: B009 - of any table
    first = ids.index(cursor) + 1 if cursor in ids else len(ids) if cursor else 0
    shown = rows[first : first + limit]
    return Page(items=[item(row) for row in shown], next=ids[first + limit - 1] if len(ids) > first + limit else None)


def by_key(
    session: Session,
    asked: Select[Row],
    column: InstrumentedAttribute[Any],
    cursor: str | None,
    limit: int,
    item: Callable[[Row], Item],
) -> Page[Item]:
    """One page of `asked`, ordered by `column`, which is unique text; NUL never matches anything."""
    after = (cursor or "").replace("\x00", "")
    rows: Sequence[Row] = session.scalars(asked.where(column > after).order_by(column).limit(limit + 1)).all()
    shown = rows[:limit]
    following = getattr(shown[-1], column.key) if len(rows) > limit else None
    return Page(items=[item(row) for row in shown], next=following)
