"""The scribe: has each step taken, and writes down what came of it."""

import time
from collections.abc import Callable

from ncr.director.rehearsal.report import Outcome, Step
from ncr.errors import NcrError

Tell = Callable[[Step, bool], None]
LONGEST = 1500


class Differs(NcrError):
    """What was seen is not what the scenario promises."""


class Scribe:
    """Keeps the steps in order; `tell(step, over)` hears of each when it begins and when it is over."""

    def __init__(self, tell: Tell) -> None:
        self.steps: list[Step] = []
        self._tell = tell

    def see(self, name: str, what: str, team: str, work: Callable[[], str | None]) -> bool:
        """Whether `work` went through: an error of ours is what differs, what it returns is worth telling beside."""
        self._tell(Step(name, what, team), False)
        began = time.monotonic()
        try:
            said = work()
        except NcrError as error:
            return self._write(name, what, team, "failed", began, error.detail)
        return self._write(name, what, team, "passed", began, said or "")

    def note(self, name: str, what: str, message: str) -> None:
        """Something worth telling that is no fault."""
        self._write(name, what, "", "note", time.monotonic(), message)

    def fail(self, name: str, what: str, message: str, team: str = "") -> None:
        """Something that differs, seen without a look."""
        self._write(name, what, team, "failed", time.monotonic(), message)

    def _write(self, name: str, what: str, team: str, outcome: Outcome, began: float, message: str) -> bool:
        step = Step(name, what, team, outcome, round(time.monotonic() - began, 3), message.strip()[:LONGEST])
        self.steps.append(step)
        self._tell(step, True)
        return outcome != "failed"
