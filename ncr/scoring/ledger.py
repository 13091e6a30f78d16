"""The ledger: facts appended under the head row's lock, numbered without gaps, chained by hash, read and verified."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, column, func, insert, select, table, update
from sqlalchemy.orm import Session

from ncr.db import Utc
from ncr.errors import LostLead, NotFound, NotOpen, Problem
from ncr.exercise.lifecycle import ExerciseClock, State, is_open
from ncr.exercise.tables import Exercise
from ncr.scoring.facts import Draft, Fact, Kind
from ncr.scoring.tables import FactRow

CHANNEL = "ncr"
PAGE = 1000
CHUNK = 500

_HEAD = select(
    Exercise.id,
    Exercise.head_seq,
    Exercise.head_hash,
    Exercise.freeze_seq,
    Exercise.epoch,
    Exercise.fence,
    Exercise.state,
    Exercise.starts_at,
    Exercise.duration_s,
    Exercise.clock_t_s,
    Exercise.clock_at,
    Exercise.rate,
    Exercise.secret,
    Exercise.digest,
).where(Exercise.id == bindparam("exercise"))
_LOCKED_HEAD = _HEAD.with_for_update()
_MOVE_HEAD = (
    update(Exercise)
    .where(Exercise.id == bindparam("exercise"))
    .values(head_seq=bindparam("n"), head_hash=bindparam("h"))
)
# Columns without types: the values arrive ready for the driver, which halves the price of a row.
_COLUMNS = ("exercise_id", "seq", "at", "t", "kind", "team", "payload", "key", "hash")
_INSERT = insert(table("fact", *map(column, _COLUMNS)))
_FACT = select(
    FactRow.exercise_id,
    FactRow.seq,
    FactRow.at,
    FactRow.t,
    FactRow.kind,
    FactRow.team,
    FactRow.payload,
    FactRow.key,
    FactRow.hash,
).where(FactRow.exercise_id == bindparam("exercise"))
_BY_KEY = _FACT.where(FactRow.key == bindparam("key"))
_BY_KEYS = _FACT.where(FactRow.key.in_(bindparam("keys", expanding=True)))
_AFTER = _FACT.where(FactRow.seq > bindparam("after")).order_by(FactRow.seq).limit(bindparam("count"))
_NOTIFY = select(func.pg_notify(CHANNEL, bindparam("exercise")))


@dataclass(frozen=True, slots=True)
class Head:
    """The exercise row as the ledger sees it: last number and hash, and what decides whether the exercise is open."""

    exercise: str
    seq: int
    hash: str
    freeze_seq: int | None
    epoch: str
    fence: int
    state: State
    starts_at: datetime | None
    duration_s: float
    scale: float
    clock: ExerciseClock
    secret: str
    digest: str

    def is_open(self, now: datetime) -> bool:
        """Whether teams may act at `now`."""
        return is_open(self.state, self.starts_at, self.clock, self.duration_s, now)

    def t(self, now: datetime) -> float:
        """Exercise seconds at `now`; a ready exercise past its planned start already counts."""
        if self.state is State.READY and self.starts_at is not None and self.starts_at <= now:
            return (now - self.starts_at).total_seconds() * self.clock.rate
        return self.clock.t(now)


def head(session: Session, exercise: str) -> Head:
    """Where the ledger is now, without a lock. Raises NotFound."""
    return _head(session.connection(), _HEAD, exercise)


def lock(session: Session, exercise: str) -> Head:
    """The head, locked until the transaction ends: what follows is decided in the ledger's order. Raises NotFound."""
    session.flush()
    return _head(session.connection(), _LOCKED_HEAD, exercise)


def append(
    session: Session,
    exercise: str,
    drafts: Sequence[Draft],
    at: datetime,
    *,
    fence: int | None = None,
    open_required: bool = False,
) -> list[Fact]:
    """Number, chain and insert `drafts` in the caller's transaction; the facts, in the order of the drafts.

    A draft whose key the exercise already has is not inserted: the earlier fact stands in its place. `fence` is the
    director's fencing number. Raises NotFound, LostLead (a later director has written), NotOpen (with `open_required`).
    """
    locked = lock(session, exercise)
    if fence is not None and fence < locked.fence:
        raise LostLead()
    if open_required and not locked.is_open(at):
        raise NotOpen(f"The exercise is {locked.state}.")
    earlier = find(session, exercise, [draft.key for draft in drafts])
    return write(session, locked, drafts, at, earlier)


def find(session: Session, exercise: str, keys: Sequence[str]) -> dict[str, Fact]:
    """The facts that already have one of `keys`. Under the head's lock the answer cannot change."""
    connection = session.connection()
    if len(keys) == 1:
        rows = connection.execute(_BY_KEY, {"exercise": exercise, "key": keys[0]}).all()
        return {row.key: _fact(row) for row in rows}
    found: dict[str, Fact] = {}
    for start in range(0, len(keys), CHUNK):
        chunk = list(keys[start : start + CHUNK])
        found |= {row.key: _fact(row) for row in connection.execute(_BY_KEYS, {"exercise": exercise, "keys": chunk})}
    return found


def write(
    session: Session, locked: Head, drafts: Sequence[Draft], at: datetime, earlier: dict[str, Fact]
) -> list[Fact]:
    """Insert those of `drafts` whose keys are not in `earlier`, after the locked head, and move the head."""
    at, t, seq, last = at.astimezone(UTC), round(locked.t(at), 6), locked.seq, locked.hash
    facts: list[Fact] = []
    fresh: list[Fact] = []
    for draft in drafts:
        fact = earlier.get(draft.key)
        if fact is None:
            seq += 1
            fact = Fact(locked.exercise, seq, at, t, draft.kind, draft.team, draft.payload, draft.key)
            last = fact.chained(last)
            fact = replace(fact, hash=last)
            earlier[draft.key] = fact
            fresh.append(fact)
        facts.append(fact)
    if fresh:
        _insert(session.connection(), locked, fresh)
    return facts


def _insert(connection: Connection, locked: Head, fresh: Sequence[Fact]) -> None:
    last = fresh[-1]
    shown = _wall(connection, last.at)
    connection.execute(
        _INSERT,
        [
            {
                "exercise_id": fact.exercise,
                "seq": fact.seq,
                "at": shown,
                "t": fact.t,
                "kind": fact.kind.value,
                "team": fact.team,
                "payload": orjson.dumps(fact.payload).decode(),
                "key": fact.key,
                "hash": fact.hash,
            }
            for fact in fresh
        ],
    )
    connection.execute(_MOVE_HEAD, {"exercise": locked.exercise, "n": last.seq, "h": last.hash})
    if connection.dialect.name == "postgresql":
        connection.execute(_NOTIFY, {"exercise": locked.exercise})


def read(session: Session, exercise: str, after: int = 0, limit: int = PAGE) -> list[Fact]:
    """Up to `limit` facts with numbers over `after`, in order."""
    rows = session.connection().execute(_AFTER, {"exercise": exercise, "after": after, "count": limit})
    return [_fact(row) for row in rows]


def every(session: Session, exercise: str, after: int = 0, until: int | None = None) -> Iterator[Fact]:
    """All facts over `after`, up to and with `until`, page by page."""
    while page := read(session, exercise, after):
        for fact in page:
            if until is not None and fact.seq > until:
                return
            yield fact
        after = page[-1].seq


def verify(session: Session, exercise: str) -> list[Problem]:
    """What is wrong with the chain: numbers missing, content changed, hashes that do not follow, a head that disagrees.

    Empty when all is well; the first problem names the first wrong row. Raises NotFound.
    """
    top = head(session, exercise)
    problems: list[Problem] = []
    seq, last = 0, ""
    for fact in every(session, exercise):
        if fact.seq != seq + 1:
            problems.append(Problem(f"{exercise}/{seq + 1}", f"missing: the next fact is number {fact.seq}"))
        elif fact.chained(last) != fact.hash:
            problems.append(Problem(f"{exercise}/{fact.seq}", "its content does not give its hash"))
        seq, last = fact.seq, fact.hash
    if (seq, last) != (top.seq, top.hash):
        problems.append(Problem(f"{exercise}/{seq}", f"the head says fact {top.seq} with hash {top.hash or 'none'}"))
    return problems


def export(facts: Iterator[Fact]) -> Iterator[bytes]:
    """The facts as lines of NDJSON: the canonical content with its hash, enough to verify the chain elsewhere."""
    for fact in facts:
        yield fact.canonical()[:-1] + b',"hash":"' + fact.hash.encode() + b'"}\n'


def _head(connection: Connection, statement: Any, exercise: str) -> Head:
    row = connection.execute(statement, {"exercise": exercise}).first()
    if row is None:
        raise NotFound("There is no such exercise.")
    state = State(row.state)
    clock = ExerciseClock(row.clock_t_s, row.clock_at, row.rate, runs=state is State.RUNNING)
    return Head(
        exercise=row.id,
        seq=row.head_seq,
        hash=row.head_hash,
        freeze_seq=row.freeze_seq,
        epoch=row.epoch,
        fence=row.fence,
        state=state,
        starts_at=row.starts_at,
        duration_s=row.duration_s,
        scale=row.scale,
        clock=clock,
        secret=row.secret,
        digest=row.digest,
    )


def _fact(row: Any) -> Fact:
    return Fact(row[0], row[1], row[2], row[3], Kind(row[4]), row[5], row[6], row[7], row[8])


def _wall(connection: Connection, at: datetime) -> object:
    convert = Utc().dialect_impl(connection.dialect).bind_processor(connection.dialect)
    return at if convert is None else convert(at)
