"""A flow: one request on its way through, which can be cut at any moment, and must not stand still for ever."""

import asyncio
from typing import Protocol

from ncr.entries.front import Front


class Cuttable(Protocol):
    """The side towards the lab."""

    def fail(self, key: str) -> None:
        """End it; `key` (web_words) says why."""


class Flow:
    """`why` it was cut (web_words), and whether anything of an answer `has_begun` to go out."""

    __slots__ = ("_deadline", "_front", "_key", "has_begun", "towards_lab", "why")

    def __init__(self, front: Front) -> None:
        self.why: str | None = None
        self.has_begun = False
        self.towards_lab: Cuttable | None = None
        self._front = front
        self._deadline, self._key = float("inf"), "slow"

    def allow(self, seconds: float, key: str = "slow") -> None:
        """It has moved; the next move may take so long."""
        self._deadline, self._key = asyncio.get_running_loop().time() + seconds, key

    def look(self, now: float) -> None:
        """Cut it when it has stood still for too long."""
        if now > self._deadline:
            self.cut(self._key)

    def gone(self) -> None:
        """The browser has gone away."""
        self.cut("gone")

    def cut(self, why: str) -> None:
        """End it: with a page where nothing has gone out yet, else by breaking off."""
        self.why = self.why or why
        if self.towards_lab is not None:
            self.towards_lab.fail(self.why)
        if self.has_begun:
            self._front.cut()
