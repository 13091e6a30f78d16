"""What one team has: its solves, hints, grades, adjustments and service ticks, as the facts left them; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ncr.scoring.availability import Ticks
from ncr.scoring.curves import Points
from ncr.scoring.rules import CheckRule

GOOD = frozenset({"up", "degraded", "recovering"})
SPOILED = frozenset({"error", "unknown"})
HALVES = {"up": 2, "degraded": 1, "recovering": 1}


@dataclass(frozen=True, slots=True)
class Solve:
    """A task solved: by which fact, when on the wall and in exercise seconds."""

    seq: int
    at: datetime
    t: float


@dataclass(frozen=True, slots=True)
class Entry:
    """Points one fact gave or took, and why: a grade, an adjustment, a reset, a hint."""

    seq: int
    points: Points
    why: str = ""


@dataclass(slots=True)
class Cell:
    """One check of one team. `halves`: half ticks credited for results that were not the service's fault."""

    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("up", "degraded", "recovering", "down", "error", "unknown"), 0)
    )
    state: str = "unknown"
    judged: str = "up"
    halves: int = 0
    holds: bool = False
    misses: int = 0
    runs: list[int] = field(default_factory=list)

    def see(self, state: str, rule: CheckRule | None) -> bool:
        """Count one tick; True when it earned something.

        What the checker or the platform spoiled counts as the state judged last, so that it neither costs nor gives.
        """
        state = state if state in self.counts else "unknown"
        self.counts[state] += 1
        self.state = state
        if state in SPOILED:
            self.halves += HALVES.get(self.judged, 0)
            return False
        if state != self.judged or state == "down":
            self._turn(state)
        if rule is None:
            return False
        if rule.once:
            won = state == "up" and not self.holds
            self.holds = state == "up" or (self.holds and rule.keep)
            if won:
                return True
        return rule.points > 0 and state in GOOD

    def _turn(self, state: str) -> None:
        if state == "down":
            self.misses += 1
        elif self.misses:
            self.runs.append(self.misses)
            self.misses = 0
        self.judged = state

    @property
    def ticks(self) -> Ticks:
        """The judged ticks."""
        counts = self.counts
        return Ticks(counts["up"], counts["degraded"], counts["recovering"], counts["down"])

    @property
    def outages(self) -> list[int]:
        """How many ticks down in a row, outage by outage; the one going on is the last."""
        return [*self.runs, self.misses] if self.misses else list(self.runs)


@dataclass(slots=True)
class Tally:
    """One team's part of the standings. `reached_t`: exercise seconds when its own doing last changed its points."""

    solved: dict[str, Solve] = field(default_factory=dict)
    hints: dict[str, list[Entry]] = field(default_factory=dict)
    wrong: dict[str, int] = field(default_factory=dict)
    grades: dict[str, Entry] = field(default_factory=dict)
    adjusted: list[Entry] = field(default_factory=list)
    resets: list[Entry] = field(default_factory=list)
    cells: dict[str, Cell] = field(default_factory=dict)
    reached_t: float = 0.0

    def see(self, states: Mapping[str, str], t: float, rules: Mapping[str, CheckRule]) -> None:
        """Count one tick of this team's checks."""
        cells, earned = self.cells, False
        for check, state in states.items():
            cell = cells.get(check)
            if cell is None:
                cell = cells[check] = Cell()
            # The usual case, a plain check still up, without a call: a matrix has many cells.
            rule = rules.get(check)
            if state == "up" and cell.judged == "up" and rule is not None and not rule.once:
                cell.counts["up"] += 1
                cell.state = "up"
                earned = earned or rule.points > 0
            elif cell.see(state, rule):
                earned = True
        if earned:
            self.reached_t = t

    def hint_points(self, task: str) -> Points:
        """What this team's hints of a task cost it."""
        taken = self.hints.get(task)
        return sum(entry.points for entry in taken) if taken else 0

    @property
    def last_solve_t(self) -> float:
        """Exercise seconds of the last solve; -1 before the first."""
        return max((solve.t for solve in self.solved.values()), default=-1.0)
