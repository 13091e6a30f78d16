"""The ledger: facts appended under the head row's lock, numbered without gaps, chained by hash, read and verified."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from ncr.errors import LostLead, NotFound, NotOpen, Problem
from ncr.exercise.lifecycle import ExerciseClock, State, is_open
from ncr.exercise.tables import Exercise
from ncr.scoring.facts import Draft, Fact, Kind, canonical_frame, canonical_payload, chain
from ncr.scoring.prepared import Prepared, from_wall, to_wall
from ncr.scoring.tables import FactRow

CHANNEL = "ncr"
PAGE = 1000

_HEAD = select(
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
    Exercise.scale,
    Exercise.secret,
    Exercise.digest,
).where(Exercise.id == bindparam("exercise"))
_LOCKED_HEAD = Prepared(_HEAD.with_for_update())
_FREE_HEAD = Prepared(_HEAD)
_MOVE_HEAD = Prepared(
    update(Exercise)
    .where(Exercise.id == bindparam("exercise"))
    .values(head_seq=bindparam("last"), head_hash=bindparam("chained"))
)
_INSERT = Prepared(insert(FactRow), "exercise_id", "seq", "at", "t", "kind", "team", "payload", "key", "hash")
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
_FEW, _MANY = ([f"key_{number}" for number in range(size)] for size in (4, 100))
_BY_FEW, _BY_MANY = (Prepared(_FACT.where(FactRow.key.in_([*map(bindparam, slots)]))) for slots in (_FEW, _MANY))
_AFTER = Prepared(_FACT.where(FactRow.seq > bindparam("after")).order_by(FactRow.seq).limit(bindparam("count")))
_NOTIFY = Prepared(select(func.pg_notify(bindparam("channel"), bindparam("exercise"))))


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
    return _head(session.connection(), _FREE_HEAD, exercise)


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
    # The lock makes the look-up exact, so no insert can fail on a key; a savepoint would copy every page it touches.
    earlier = find(session, exercise, [draft.key for draft in drafts])
    return write(session, locked, drafts, at, earlier)


def find(session: Session, exercise: str, keys: Sequence[str]) -> dict[str, Fact]:
    """The facts that already have one of `keys`. Under the head's lock the answer cannot change."""
    connection = session.connection()
    found: dict[str, Fact] = {}
    slots, statement = (_FEW, _BY_FEW) if len(keys) <= len(_FEW) else (_MANY, _BY_MANY)
    for start in range(0, len(keys), len(slots)):
        some = keys[start : start + len(slots)]
        # The last key fills what is left over, so that the statement is always the same.
        filled = dict(zip_longest(slots, some, fillvalue=some[-1]))
        facts = map(_fact, statement.rows(connection, {"exercise": exercise, **filled}))
        found |= {fact.key: fact for fact in facts}
    return found


def write(
    session: Session, locked: Head, drafts: Sequence[Draft], at: datetime, earlier: dict[str, Fact]
) -> list[Fact]:
    """Insert those of `drafts` whose keys are not in `earlier`, after the locked head, and move the head.

    `earlier` gains the new facts. Raises sqlalchemy's IntegrityError when the exercise has a key that `earlier` lacks.
    """
    connection = session.connection()
    exercise, at, t = locked.exercise, at.astimezone(UTC), round(locked.t(at), 6)
    frame, shown = canonical_frame(exercise, at, t), to_wall(connection, at)
    seq, last = locked.seq, locked.hash
    rows: list[tuple[Any, ...]] = []
    for draft in drafts:
        kind, team, key = draft.kind, draft.team, draft.key
        if key in earlier:
            continue
        seq += 1
        payload = canonical_payload(draft.payload)
        last = chain(last, frame.content(seq, kind, team, payload, key))
        earlier[key] = Fact(exercise, seq, at, t, kind, team, draft.payload, key, last)
        rows.append((exercise, seq, shown, t, kind.value, team, payload.decode(), key, last))
    if rows:
        _INSERT.run(connection, rows)
        _MOVE_HEAD.run(connection, [(seq, last, exercise)])
        if connection.dialect.name == "postgresql":
            _NOTIFY.rows(connection, {"channel": CHANNEL, "exercise": exercise})
    return [earlier[draft.key] for draft in drafts]


def read(session: Session, exercise: str, after: int = 0, limit: int = PAGE) -> list[Fact]:
    """Up to `limit` facts with numbers over `after`, in order."""
    rows = _AFTER.rows(session.connection(), {"exercise": exercise, "after": after, "count": limit})
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


def _head(connection: Connection, statement: Prepared, exercise: str) -> Head:
    rows = statement.rows(connection, {"exercise": exercise})
    if not rows:
        raise NotFound("There is no such exercise.")
    seq, chained, freeze_seq, epoch, fence, state, starts_at, duration_s, clock_t_s, clock_at, rate, scale, *rest = (
        rows[0]
    )
    state = State(state)
    clock = ExerciseClock(clock_t_s, from_wall(clock_at), rate, runs=state is State.RUNNING)
    known = (freeze_seq, epoch, fence, state, from_wall(starts_at), duration_s, scale, clock)
    return Head(exercise, seq, chained, *known, *rest)


def _fact(row: Any) -> Fact:
    exercise, seq, at, t, kind, team, payload, key, chained = row
    if isinstance(payload, str):
        payload = orjson.loads(payload)
    return Fact(exercise, seq, from_wall(at) or at, t, Kind(kind), team, payload, key, chained)
