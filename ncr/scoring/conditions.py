"""Conditions: which participants have met what a conditional inject waits for, folded from facts; pure.

Every participant meets a condition for itself. Checks are judged on their ticks only: a state has lasted from the first
tick that found it to the last, and what the platform or the checker is to blame for (unknown, error) counts neither
for nor against it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ncr.scenario.model import Inject
from ncr.scoring.facts import Fact, Kind

UNJUDGED = frozenset({"unknown", "error"})


@dataclass(slots=True)
class Run:
    """How long a check has found the same state, in exercise seconds; `last_t` None: the last tick could not tell."""

    state: str
    lasted_s: float
    last_t: float | None

    def go_on(self, state: str, t: float) -> None:
        """A tick at `t` found `state`."""
        if state in UNJUDGED:
            self.last_t = None
            return
        if state != self.state:
            self.state, self.lasted_s = state, 0.0
        elif self.last_t is not None:
            self.lasted_s += t - self.last_t
        self.last_t = t


class Conditions:
    """`take` facts in order; `met` is then inject -> participant -> the exercise second at which it was met, once.

    `scale` is exercise seconds per second of the scenario's timeline.
    """

    def __init__(self, injects: Iterable[Inject], scale: float = 1.0) -> None:
        self._scale = scale
        self._solving: dict[str, list[str]] = {}
        self._checking: dict[str, list[tuple[str, str, float]]] = {}
        self.met: dict[str, dict[str, float]] = {}
        self.runs: dict[str, dict[str, Run]] = {}
        for inject in injects:
            self._await(inject)

    def take(self, fact: Fact) -> None:
        """One more fact."""
        if fact.kind is Kind.SUBMITTED and fact.payload["right"] and fact.team:
            for inject in self._solving.get(fact.payload["task"], ()):
                self.met[inject].setdefault(fact.team, fact.t)
        elif fact.kind is Kind.CHECKED:
            t = float(fact.payload["every"] * fact.payload["tick"])
            for team, results in fact.payload["results"].items():
                self._judge(team, results, t)

    def _await(self, inject: Inject) -> None:
        when = inject.when
        if when is None:
            return
        self.met[inject.id] = {}
        if when.solved is not None:
            self._solving.setdefault(when.solved, []).append(inject.id)
        elif when.check is not None:
            self._checking.setdefault(when.check, []).append((inject.id, when.is_ or "", when.for_ * self._scale))

    def _judge(self, team: str, results: Mapping[str, str], t: float) -> None:
        for check, waiting in self._checking.items():
            if check in results:
                run = self.runs.setdefault(check, {}).setdefault(team, Run("", 0.0, None))
                run.go_on(results[check], t)
                for inject, state, for_s in waiting:
                    if run.last_t is not None and run.state == state and run.lasted_s >= for_s:
                        self.met[inject].setdefault(team, t)
