"""How fast a terminal may put out: no more than its reader has drawn, and no more a second than does others harm; pure.

A reader that acknowledges at once would otherwise let `cat /dev/zero` have all of the machine.
"""

WINDOW = 256 * 1024
RATE = 1024 * 1024
BURST = 1024 * 1024
# Less than so much is not worth a read: the reader would be woken for crumbs.
LEAST = 8 * 1024


class Flow:
    """What may be read from one shell. Byte numbers count from its first output; times are seconds of any clock."""

    def __init__(self, now: float, window: int = WINDOW, rate: float = RATE, burst: float = BURST) -> None:
        self._window, self._rate, self._burst = window, rate, burst
        self._saved, self._at = burst, now
        self.acknowledged = 0

    def room(self, end: int, now: float) -> int:
        """How many bytes may be read now, when `end` have been so far; 0 for none yet."""
        self._save(now)
        unseen = self._window - (end - self.acknowledged)
        return max(0, min(unseen, int(self._saved) if self._saved >= LEAST else 0))

    def take(self, count: int, now: float) -> None:
        """So many bytes were read."""
        self._save(now)
        self._saved -= count

    def wait_s(self, end: int, now: float) -> float | None:
        """When to ask for room again; None when only an acknowledgement makes some."""
        self._save(now)
        if end - self.acknowledged >= self._window:
            return None
        return max(0.0, (LEAST - self._saved) / self._rate)

    def acknowledge(self, number: int, end: int) -> None:
        """The reader has all bytes before `number`; a number that makes no sense changes nothing."""
        if self.acknowledged < number <= end:
            self.acknowledged = number

    def _save(self, now: float) -> None:
        # A clock that stands still or jumps back saves nothing.
        if now > self._at:
            self._saved = min(self._burst, self._saved + (now - self._at) * self._rate)
        self._at = now
