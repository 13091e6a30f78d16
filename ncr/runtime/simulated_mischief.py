"""How a simulated engine misbehaves: what is planned of it, each plan for so many calls."""

from dataclasses import dataclass
from fnmatch import fnmatch
from threading import Lock
from typing import Literal

How = Literal["error", "late", "half", "hang"]


@dataclass
class Mischief:
    """One planned misbehaviour: of a verb, on objects whose name matches `on`, so many times."""

    verb: str
    how: How
    on: str
    times: int


class Plans:
    """All that is planned; used by many threads."""

    def __init__(self) -> None:
        self._planned: list[Mischief] = []
        self._lock = Lock()

    def add(self, mischief: Mischief) -> None:
        """Plan it, behind what is planned already."""
        with self._lock:
            self._planned.append(mischief)

    def take(self, verb: str, target: str) -> How | None:
        """How this call is to go wrong, which is then done; None when it is to go well."""
        with self._lock:
            for mischief in self._planned:
                if mischief.times > 0 and mischief.verb in (verb, "*") and fnmatch(target, mischief.on):
                    mischief.times -= 1
                    return mischief.how
        return None
