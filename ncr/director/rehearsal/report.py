"""What a rehearsal saw: a report of steps, each passed, failed or a note; pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Outcome = Literal["passed", "failed", "note"]
TEAMS = ("A", "B")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was to hold: of what (`name`), which (`what`), in which team, and what came of it."""

    name: str
    what: str
    team: str = ""
    outcome: Outcome = "passed"
    seconds: float = 0.0
    message: str = ""

    @property
    def words(self) -> str:
        """The step in one line."""
        return f"{self.name}: {self.what}" + (f" (team {self.team})" if self.team else "")


@dataclass(frozen=True, slots=True)
class Report:
    """A whole rehearsal. `scenario` and `digest` are empty when what stands in `path` is no valid scenario.

    `kept` says how to get into the environment that was left for the author, and how to be rid of it.
    """

    path: str
    scenario: str
    version: str
    digest: str
    seconds: float
    steps: tuple[Step, ...]
    kept: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing differs."""
        return bool(self.steps) and all(step.outcome != "failed" for step in self.steps)

    @property
    def failures(self) -> tuple[Step, ...]:
        """The steps that did not hold."""
        return tuple(step for step in self.steps if step.outcome == "failed")

    def document(self) -> dict[str, Any]:
        """The report as JSON has it."""
        told = asdict(self)
        told["passed"] = self.passed
        told["kept"], told["steps"] = list(self.kept), [asdict(step) for step in self.steps]
        return told


def refused(path: str, problems: Sequence[str], seconds: float) -> Report:
    """The report on what is no valid scenario: each of its problems is a step that failed."""
    steps = tuple(Step("scenario", "is valid", outcome="failed", message=problem) for problem in problems)
    return Report(path, "", "", "", seconds, steps)


def interrupted(digest: str, why: str) -> Report:
    """The report on a rehearsal that came to no end."""
    return Report("", "", "", digest, 0.0, (Step("rehearsal", "comes to its end", outcome="failed", message=why),))
