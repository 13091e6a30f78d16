"""How long a rehearsal waits, in real time, for what must come to hold."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Seen = TypeVar("Seen")
FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds for checks to be green at the start, and to turn after something was done."""

    start_s: float = 60.0
    turn_s: float = 30.0


def until(look: Callable[[], Seen], holds: Callable[[Seen], bool], within_s: float) -> Seen:
    """What was seen once it `holds`, or last when the time is up."""
    end, wait_s = time.monotonic() + within_s, FIRST_WAIT_S
    while not holds(seen := look()) and time.monotonic() < end:
        time.sleep(wait_s)
        wait_s = min(LONGEST_WAIT_S, wait_s * 1.5)
    return seen
