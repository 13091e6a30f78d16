"""The one clock: wall time in UTC, always aware; tests put their own in its place."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def utcnow() -> datetime:
    """The wall time now, aware, in UTC."""
    return datetime.now(UTC)


class FrozenClock:
    """A clock that stands still until told: `clock()` reads it, `clock.advance(seconds)` moves it (also backwards)."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> datetime:
        self.at += timedelta(seconds=seconds)
        return self.at
