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
        return canonical(self, canonical_time(self.at), canonical_payload(self.payload))


def chain(previous: str, content: bytes) -> str:
    """A fact's hash from the hash before it and its canonical content."""
    return hashlib.sha256(previous.encode() + b"\n" + content).hexdigest()


def canonical_payload(payload: Mapping[str, Any]) -> bytes:
    """A payload as JSON with its keys in order. Raises TypeError for what is not JSON."""
    return orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)


def canonical_time(at: datetime) -> str:
    """A time to the microsecond, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def canonical(fact: Fact, at: str, payload: bytes) -> bytes:
    """A fact's canonical content, its time and payload already written."""
    content = {
        "at": at,
        "exercise": fact.exercise,
        "key": fact.key,
        "kind": fact.kind,
        "payload": orjson.Fragment(payload),
        "seq": fact.seq,
        "t": round(fact.t, 6),
        "team": fact.team,
    }
    return orjson.dumps(content)
