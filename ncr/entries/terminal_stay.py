"""How long a terminal waits for somebody who is away, and what the exercise's state means for it; pure."""

from collections.abc import Mapping

AWAY_S = 30.0
# Why a way is closed, and what that means to an open terminal: it waits, or it ends for a reason its reader is told.
HELD = frozenset({"paused", "building"})
ENDED: Mapping[str, str] = {"finished": "finished", "not-started": "finished", "reset": "reset", "failed": "container"}


class Stay:
    """Whether somebody is there, and whether the terminal is held; times are seconds of any clock."""

    def __init__(self, now: float) -> None:
        self._away_since: float | None = now
        self.held: str | None = None

    @property
    def is_away(self) -> bool:
        """Whether nobody is there."""
        return self._away_since is not None

    def arrive(self) -> None:
        """Somebody is there."""
        self._away_since = None

    def leave(self, now: float) -> None:
        """Nobody is there any more."""
        self._away_since = now

    def hold(self, why: str) -> bool:
        """Input is refused and nobody is missed; whether that is news."""
        is_news, self.held = self.held != why, why
        return is_news

    def release(self, now: float) -> bool:
        """As before the hold, and who is away has all the time again; whether that is news."""
        is_news, self.held = self.held is not None, None
        if is_news and self.is_away:
            self._away_since = now
        return is_news

    def is_over(self, now: float) -> bool:
        """Whether it has waited long enough."""
        return self.held is None and self._away_since is not None and now - self._away_since > AWAY_S

    def away_s(self, now: float) -> float:
        """How long nobody has been there."""
        return 0.0 if self._away_since is None else now - self._away_since
