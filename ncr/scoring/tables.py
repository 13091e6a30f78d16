"""The ledger's table and the answers behind it; facts are inserted and never changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ncr.db import Base


class FactRow(Base):
    """One fact (ncr.scoring.facts.Fact) as kept."""

    __tablename__ = "fact"
    exercise_id: Mapped[str] = mapped_column(ForeignKey("exercise.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    t: Mapped[float]
    kind: Mapped[str] = mapped_column(String(10))
    team: Mapped[str | None] = mapped_column(String(32))
    payload: Mapped[dict[str, Any]]
    key: Mapped[str] = mapped_column(String(200))
    hash: Mapped[str] = mapped_column(String(64))
    __table_args__ = (UniqueConstraint("exercise_id", "key"),)


class Answer(Base):
    """A raw answer, kept apart from the chain so that it can be erased (30 days by default)."""

    __tablename__ = "answer"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    exercise_id: Mapped[str] = mapped_column(ForeignKey("exercise.id", ondelete="CASCADE"))
    participant_id: Mapped[str] = mapped_column(String(32))
    task: Mapped[str] = mapped_column(String(63))
    user_id: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text)
    right: Mapped[bool]
    __table_args__ = (Index("ix_answer_participant", "exercise_id", "participant_id", "task", "at"),)
