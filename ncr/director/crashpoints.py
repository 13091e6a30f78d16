"""Crash points: the named places where dying would be worst, so that tests can have the director die exactly there."""

import os
import signal
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Any, cast

from ncr.runtime.engine import Engine

# Around every verb that changes something on the engine.
VERBS = (
    "ensure_image",
    "ensure_network",
    "ensure_volume",
    "ensure_container",
    "start",
    "pause",
    "unpause",
    "stop",
    "connect",
    "disconnect",
    "exec",
    "remove_container",
    "remove_network",
    "remove_volume",
)
POINTS = (
    "prepare-before-commit",
    "prepare-after-commit",
    "begin-after-commit",
    "build-after-subnets",
    "build-before-commit",
    "build-after-commit",
    "ready-before-commit",
    "ready-after-commit",
    "open-before-commit",
    "open-after-commit",
    "unpause-before-commit",
    "unpause-after-commit",
    "say-before-commit",
    "say-after-commit",
    "met-before-commit",
    "met-after-commit",
    "inject-after-claim",
    "inject-before-run",
    "inject-half-done",
    "inject-after-run",
    "inject-before-done",
    "inject-after-done",
    "release-before-commit",
    "release-after-commit",
    "round-before-fact",
    "round-after-fact",
    "freeze-before-commit",
    "freeze-after-commit",
    "close-before-commit",
    "close-after-commit",
    "closed-after-commit",
    "remove-before-commit",
    "remove-after-commit",
    "teardown-before-commit",
    "teardown-after-commit",
    "next-before-commit",
    "next-after-commit",
    *(f"{verb}-{side}" for verb in VERBS for side in ("before", "after")),
)
# The places of practice, which an exercise never comes to.
PRACTICE = (
    "admit-before-commit",
    "admit-after-commit",
    "idle-warn-before-commit",
    "idle-warn-after-commit",
    "idle-close-before-commit",
    "idle-close-after-commit",
    "pool-make-before-commit",
    "pool-make-after-commit",
    "pool-yield-before-commit",
    "pool-yield-after-commit",
)
# The place of what teams share, which few exercises have.
SHARING = ("shared-after-visit",)

_lock = Lock()
_reached: dict[str, int] = {}


def reach(name: str) -> None:
    """Die here by SIGKILL if NCR_CRASH_AT says so: `name`, or `name:n` for the n-th time; else do nothing."""
    wanted = os.environ.get("NCR_CRASH_AT")
    if not wanted:
        return
    if name not in (*POINTS, *PRACTICE, *SHARING):
        raise ValueError(f"{name} is not a crash point")
    point, _, nth = wanted.partition(":")
    with _lock:
        _reached[name] = _reached.get(name, 0) + 1
        if name == point and _reached[name] == int(nth or 1):
            os.kill(os.getpid(), signal.SIGKILL)


def mortal(engine: Engine) -> Engine:
    """The engine with a crash point before and after each of VERBS; the engine itself unless a crash is asked for."""
    return cast(Engine, _Mortal(engine)) if os.environ.get("NCR_CRASH_AT") else engine


class _Mortal:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __getattr__(self, verb: str) -> Any:
        method = getattr(self._engine, verb)
        return _between(verb, method) if verb in VERBS else method


def _between(verb: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        reach(f"{verb}-before")
        answer = method(*args, **kwargs)
        reach(f"{verb}-after")
        return answer

    return call
