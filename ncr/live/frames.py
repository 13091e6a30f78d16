"""The frames of the live interface, each made once per audience: plain data in, encoded frame out; pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import orjson

from ncr.live.hub import Frame
from ncr.live.rows import Life

Farewell = Literal["slow", "signed-out", "finished", "restart"]
CLOSE_CODES: Mapping[Farewell, int] = {"slow": 4408, "signed-out": 4401, "finished": 1000, "restart": 1012}
RETRY_S: Mapping[Farewell, float | None] = {"slow": 1.0, "signed-out": None, "finished": None, "restart": 2.0}


def encode(value: object) -> bytes:
    """JSON in UTF-8; times as RFC 3339 UTC."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


def fragment(value: object) -> orjson.Fragment:
    """A part that goes into the frames of several audiences, encoded once."""
    return orjson.Fragment(encode(value))


def hello(audience: str, epoch: str, head: int, resume: bool, now: datetime, life: Life) -> Frame:
    """The first frame. `resume` says whether facts follow after the number asked for, instead of a snapshot."""
    values = {"type": "hello", "exercise": life.id, "epoch": epoch, "head": head, "resume": resume}
    return Frame(encode({**values, "audience": audience, "server_time": now, **life.shown()}))


def snapshot(
    epoch: str, board: Mapping[str, Any], latest: Sequence[object], timeline: object, services: object
) -> Frame:
    """Everything as of `seq`: what a screen needs when it knows nothing, or nothing that can be built on.

    `latest` holds the facts that led there last, for people to read; they are in the standings already.
    """
    values = {"type": "snapshot", "seq": board["seq"], "epoch": epoch, "frozen": board["frozen"]}
    values |= {"standings": board["standings"], "tasks": board["tasks"], "timeline": timeline, "services": services}
    return Frame(encode({**values, "latest": latest}), board["seq"])


def facts(after: int, to: int, told: Sequence[object], changed: Mapping[str, object]) -> Frame:
    """Facts over `after` up to `to`; `changed` holds the `rows` they changed and the `order` they gave."""
    return Frame(encode({"type": "facts", "from": after + 1, "to": to, "facts": told, **changed}), to)


def state(life: Life, timeline: object) -> Frame:
    """The exercise changed its state, its clock or its plan, or the scoreboard was frozen or thawed."""
    return Frame(encode({"type": "state", **life.shown(), "timeline": timeline}))


def message(values: Mapping[str, Any]) -> Frame:
    """Something was said to participants."""
    return Frame(encode({"type": "message", **values}))


def inject(values: Mapping[str, Any]) -> Frame:
    """A planned event happened, or was let go."""
    return Frame(encode({"type": "inject", **values}))


def beat(head: int, now: datetime) -> Frame:
    """Still here."""
    return Frame(encode({"type": "beat", "head": head, "server_time": now}))


def bye(reason: Farewell) -> Frame:
    """The last frame; `retry_after` in seconds, null when coming back is no use."""
    return Frame(encode({"type": "bye", "reason": reason, "retry_after": RETRY_S[reason]}))
