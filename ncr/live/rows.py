"""What the live view reads of an exercise besides its ledger: its life, its moments and its messages."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from ncr.exercise.addressees import reaches
from ncr.exercise.lifecycle import State
from ncr.exercise.tables import Exercise, Message, Moment

# Shown to everybody; injects are for the staff alone, who else should be surprised.
PUBLIC_MOMENTS = ("open", "freeze", "close")


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody sees of an exercise: as whom, as which participant in which room, and others' standings too."""

    kind: Literal["public", "team", "staff"]
    participant: str | None = None
    board: bool = True
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """The exercise row as far as viewers notice it; `said` and `planned` differ when messages or moments do."""

    id: str
    epoch: str
    digest: str
    state: State
    head_seq: int
    freeze_seq: int | None
    clock: Mapping[str, Any]
    said: int
    planned: float

    @property
    def over(self) -> bool:
        """Whether nothing can happen any more."""
        return self.state in (State.ARCHIVED, State.CANCELLED)

    def shown(self) -> dict[str, Any]:
        """What every audience is told."""
        return {"state": self.state, "frozen": self.freeze_seq is not None, "clock": self.clock}


# Counted, because ids do not become visible in order.
_SAID = select(func.count()).select_from(Message).where(Message.exercise_id == Exercise.id).scalar_subquery()
_WAITS = Moment.state.in_(("waiting", "claimed"))
# Moves when a moment is decided (a million for each that waits) and when one is put off.
_PLANNED = (
    select(func.coalesce(func.sum(case((_WAITS, 1e6), else_=0.0) + func.coalesce(Moment.offset_s, 0.0)), 0.0))
    .where(Moment.exercise_id == Exercise.id)
    .scalar_subquery()
)
_LIFE = select(
    Exercise.id,
    Exercise.epoch,
    Exercise.digest,
    Exercise.state,
    Exercise.head_seq,
    Exercise.freeze_seq,
    Exercise.clock_t_s,
    Exercise.clock_at,
    Exercise.rate,
    Exercise.duration_s,
    Exercise.starts_at,
    Exercise.ended_at,
    _SAID.label("said"),
    _PLANNED.label("planned"),
)


def lives(session: Session, exercises: Collection[str]) -> dict[str, Life]:
    """The exercises that there are, by id; one cheap question, asked many times a second."""
    found = session.execute(_LIFE.where(Exercise.id.in_(exercises)))
    return {row.id: _life(row) for row in found}


def _life(row: Any) -> Life:
    state = State(row.state)
    clock = {
        "t_s": row.clock_t_s,
        "at": row.clock_at,
        "rate": row.rate,
        "runs": state is State.RUNNING,
        "duration_s": row.duration_s,
        "starts_at": row.starts_at,
        "ended_at": row.ended_at,
    }
    return Life(row.id, row.epoch, row.digest, state, row.head_seq, row.freeze_seq, clock, row.said, row.planned)


def moments(session: Session, exercise: str) -> list[dict[str, Any]]:
    """The timeline in the order it happens: `{kind, inject?, clock, offset_s, state, at}`, without preparations."""
    statement = select(Moment).where(Moment.exercise_id == exercise, Moment.kind.in_((*PUBLIC_MOMENTS, "inject")))
    rows = sorted(session.scalars(statement), key=lambda row: (row.offset_s is None, row.offset_s or 0.0, row.id))
    return [_moment(row) for row in rows]


def _moment(row: Moment) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": row.kind, "clock": row.clock, "offset_s": row.offset_s}
    if row.kind == "inject":
        told["inject"] = row.ref
    return {**told, "state": row.state, "at": row.done_at}


@dataclass(frozen=True, slots=True)
class Said:
    """A message: what is shown of it, and who it is for."""

    id: int
    participant: str | None
    to: tuple[str, ...]
    shown: Mapping[str, Any]

    def is_for(self, sight: Sight) -> bool:
        """Staff read everything; a team what is for teams, or one of their rooms, unless it is for another team."""
        if sight.kind != "team":
            return sight.kind == "staff"
        return self.participant in (None, sight.participant) and reaches(self.to, sight.room)


def messages(session: Session, exercise: str, after: int) -> list[Said]:
    """The messages with ids over `after`, in order of id."""
    statement = select(Message).where(Message.exercise_id == exercise, Message.id > after).order_by(Message.id)
    return [_said(row) for row in session.scalars(statement)]


def _said(row: Message) -> Said:
    shown = {"id": row.id, "at": row.at, "t": row.t, "inject": row.inject, "to": row.to, "from": row.sender}
    shown |= {"participant": row.participant_id, "title": row.title, "text": row.text}
    return Said(row.id, row.participant_id, tuple(map(str, row.to)), shown)
