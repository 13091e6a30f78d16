"""A fact: one thing that happened in an exercise, numbered, immutable, chained to the one before."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson


class Kind(StrEnum):
    """What can happen. The payload of each kind:

    opened, paused, resumed, finished: {} · extended: {by_s}
    submitted: {task, right, member, digest?, foreign?} (foreign: the participant whose own flag this was)
    hinted: {task, hint, cost, member}
    checked: {every, tick, results: {participant: {check: up|degraded|recovering|down|error|unknown}}}; team is None
    captured: {service, victim, tick} · injected: {inject} · replied: {inject, member}
    graded: {task|inject, participant, scores}
    adjusted: {points, reason, by} · reset: {cost, generation} · excused: {from_t, to_t, checks?, reason}
    joined: {name, standing} · withdrawn: {reason}
    """

    OPENED = "opened"
    PAUSED = "paused"
    RESUMED = "resumed"
    EXTENDED = "extended"
    FINISHED = "finished"
    SUBMITTED = "submitted"
    HINTED = "hinted"
    CHECKED = "checked"
    CAPTURED = "captured"
    INJECTED = "injected"
    REPLIED = "replied"
    GRADED = "graded"
    ADJUSTED = "adjusted"
    RESET = "reset"
    EXCUSED = "excused"
    JOINED = "joined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Draft:
    """A fact not yet numbered. `key` makes repeats harmless: it is unique in the exercise."""

    kind: Kind
    key: str
    team: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fact:
    """A ledger row. `at` is wall time, `t` exercise seconds, `team` a participant's id."""

    exercise: str
    seq: int
    at: datetime
    t: float
    kind: Kind
    team: str | None
    payload: Mapping[str, Any]
    key: str
    hash: str = ""

    def chained(self, previous: str) -> str:
        """The hash of this fact after `previous`: SHA-256 over the previous hash and the canonical content."""
        return chain(previous, self.canonical())

    def canonical(self) -> bytes:
        """The fact's content as one line of JSON that is the same wherever it is written."""
        frame = canonical_frame(self.exercise, self.at, self.t)
        return frame.content(self.seq, self.kind, self.team, canonical_payload(self.payload), self.key)


def chain(previous: str, content: bytes) -> str:
    """A fact's hash from the hash before it and its canonical content."""
    return hashlib.sha256(previous.encode() + b"\n" + content).hexdigest()


def canonical_payload(payload: Mapping[str, Any]) -> bytes:
    """A payload as JSON with its keys in order. Raises TypeError for what is not JSON."""
    return orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)


@dataclass(frozen=True, slots=True)
class Frame:
    """The canonical content of facts of one moment, but for what is each fact's own; keys stand in order."""

    template: bytes

    def content(self, seq: int, kind: str, team: str | None, payload: bytes, key: str) -> bytes:
        """One fact's canonical content, around its canonical payload."""
        own = (orjson.dumps(key), orjson.dumps(kind), payload, seq, orjson.dumps(team))
        return self.template % own


def canonical_frame(exercise: str, at: datetime, t: float) -> Frame:
    """What the facts of `exercise` at wall time `at` and exercise seconds `t` share."""
    wall = orjson.dumps(at.astimezone(UTC).isoformat(timespec="microseconds"))
    shared = (wall, orjson.dumps(exercise).replace(b"%", b"%%"), orjson.dumps(round(t, 6)))
    return Frame(b'{"at":%b,"exercise":%b,"key":%%b,"kind":%%b,"payload":%%b,"seq":%%d,"t":%b,"team":%%b}' % shared)
