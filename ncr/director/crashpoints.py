"""Crash points: the named places where dying would be worst, so that tests can have the director die exactly there."""

import os
import signal
from threading import Lock

POINTS = (
    "prepare-before-commit",
    "prepare-after-commit",
    "build-after-state",
    "build-after-subnets",
    "build-after-network",
    "build-after-container",
    "build-before-row",
    "build-after-row",
    "ready-before-commit",
    "ready-after-commit",
    "open-before-commit",
    "open-after-commit",
    "unpause-before",
    "unpause-before-row",
    "say-before-commit",
    "say-after-commit",
    "exec-after-claim",
    "exec-before-run",
    "exec-after-run",
    "exec-before-done",
    "exec-after-done",
    "round-before-fact",
    "round-after-fact",
    "reset-before-remove",
    "freeze-before-commit",
    "freeze-after-commit",
    "close-before-commit",
    "close-after-commit",
    "close-before-row",
    "remove-before",
    "remove-after-container",
    "remove-before-row",
    "remove-after-row",
    "teardown-before-commit",
    "teardown-after-commit",
    "next-before-commit",
    "next-after-commit",
)

_lock = Lock()
_reached: dict[str, int] = {}


def reach(name: str) -> None:
    """Die here by SIGKILL if NCR_CRASH_AT says so: `name`, or `name:n` for the n-th time; else do nothing."""
    wanted = os.environ.get("NCR_CRASH_AT")
    if not wanted:
        return
    if name not in POINTS:
        raise ValueError(f"{name} is not a crash point")
    point, _, nth = wanted.partition(":")
    with _lock:
        _reached[name] = _reached.get(name, 0) + 1
        if name == point and _reached[name] == int(nth or 1):
            os.kill(os.getpid(), signal.SIGKILL)
