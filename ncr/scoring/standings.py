"""Standings: a fold over facts, advanced one fact at a time and equal to the fold from the beginning; pure."""

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ncr.scoring.curves import Points, exact
from ncr.scoring.facts import Fact, Kind
from ncr.scoring.rules import Rules
from ncr.scoring.tally import Entry, Solve, Tally

ACTIVE = "active"
FOREVER = float("inf")
Matrix = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Entrant:
    """A team that takes part; only an `active` one counts in ranks, orders and task values."""

    name: str
    partner: str | None = None
    standing: str = ACTIVE


@dataclass(frozen=True, slots=True)
class Tick:
    """One round of checks: the fact it came in, its exercise time, and team -> check -> state."""

    seq: int
    t: float
    results: Matrix


@dataclass(frozen=True, slots=True)
class Window:
    """Ticks from `from_t` to `to_t` that do not count, for a team or all (None), for some checks or all (None)."""

    seq: int
    team: str | None
    checks: frozenset[str] | None
    from_t: float
    to_t: float

    def covers(self, team: str, check: str, t: float) -> bool:
        """Whether this tick of this check of this team is excused."""
        mine = self.team in (None, team) and (self.checks is None or check in self.checks)
        return mine and self.from_t <= t <= self.to_t


class Standings:
    """Who has what after fact `seq`.

    `orders` is task -> {team: place among the eligible solvers, from 1}; what follows from it (values, points, ranks)
    is worked out when asked for. A team that withdraws, or is hidden, leaves the orders as if it had never solved.
    """

    def __init__(self, rules: Rules, entrants: Mapping[str, Entrant] | None = None) -> None:
        self.rules = rules
        self.seq = 0
        self.finished = False
        self.entrants: dict[str, Entrant] = {}
        self.tallies: dict[str, Tally] = {}
        self.orders: dict[str, dict[str, int]] = {task: {} for task in rules.tasks}
        self.ticks: list[Tick] = []
        self.windows: list[Window] = []
        self._last: dict[float, Matrix] = {}
        self.eligible = 0
        for team, entrant in (entrants or {}).items():
            self._enter(team, entrant)

    def apply(self, fact: Fact) -> None:
        """Take in the next fact. ValueError when it is not the next one."""
        if fact.seq != self.seq + 1:
            raise ValueError(f"fact {fact.seq} cannot follow {self.seq}")
        self.seq = fact.seq
        self.take(fact)

    def take(self, fact: Fact) -> None:
        """What a fact does, whatever its number; kinds that give no points do nothing."""
        does = _DOES.get(fact.kind)
        if does is not None:
            does(self, fact)

    def only(self, team: str) -> "Standings":
        """A copy in which one team goes on alone: it takes its own facts at these values, and nothing else moves."""
        other = copy.copy(self)
        other.tallies = {**self.tallies, team: copy.deepcopy(self._tally(team))}
        other.entrants = {**self.entrants, team: replace(self.entrants[team], standing="alone")}
        other.orders, other.ticks, other.windows = dict(self.orders), list(self.ticks), list(self.windows)
        other._last = {}
        return other

    def value(self, task: str) -> Points:
        """What the task is worth now."""
        return self.rules.tasks[task].value(len(self.orders[task]), self.eligible)

    def _tally(self, team: str) -> Tally:
        tally = self.tallies.get(team)
        if tally is None:
            self._enter(team, Entrant(team))
            tally = self.tallies[team]
        return tally

    def _enter(self, team: str, entrant: Entrant) -> None:
        before = self.entrants.get(team)
        self.entrants[team] = entrant
        tally = self.tallies.setdefault(team, Tally())
        was, now = before is not None and before.standing == ACTIVE, entrant.standing == ACTIVE
        if was == now:
            return
        self.eligible += 1 if now else -1
        for task in tally.solved:
            if task in self.orders:
                self._reorder(task)

    def _reorder(self, task: str) -> None:
        solvers = [
            (tally.solved[task].seq, team)
            for team, tally in self.tallies.items()
            if task in tally.solved and self.entrants[team].standing == ACTIVE
        ]
        self.orders[task] = {team: place for place, (_, team) in enumerate(sorted(solvers), 1)}

    def _joined(self, fact: Fact) -> None:
        team = str(fact.team)
        known = self.entrants.get(team) or Entrant(team)
        name, standing = fact.payload.get("name", known.name), fact.payload.get("standing", ACTIVE)
        self._enter(team, replace(known, name=name, standing=standing))

    def _withdrawn(self, fact: Fact) -> None:
        team = str(fact.team)
        self._enter(team, replace(self.entrants.get(team) or Entrant(team), standing="withdrawn"))

    def _submitted(self, fact: Fact) -> None:
        team, task = str(fact.team), fact.payload["task"]
        tally = self._tally(team)
        if not fact.payload["right"]:
            tally.wrong[task] = tally.wrong.get(task, 0) + 1
        elif not self.finished and task not in tally.solved and task in self.orders:
            tally.solved[task] = Solve(fact.seq, fact.at, fact.t)
            tally.reached_t = fact.t
            if self.entrants[team].standing == ACTIVE:
                order = self.orders[task]
                order[team] = len(order) + 1

    def _hinted(self, fact: Fact) -> None:
        tally, task = self._tally(str(fact.team)), fact.payload["task"]
        entry = Entry(fact.seq, exact(fact.payload["cost"]), f"hint {fact.payload['hint']}")
        tally.hints.setdefault(task, []).append(entry)
        if task in tally.solved and entry.points:
            tally.reached_t = fact.t

    def _checked(self, fact: Fact) -> None:
        payload = fact.payload
        every, results = payload["every"], payload["results"]
        last = self._last.get(every)
        # Rounds mostly repeat the one before: an equal matrix is kept once.
        if last is not None and last == results:
            results = last
        self._last[every] = results
        tick = Tick(fact.seq, every * payload["tick"], results)
        self.ticks.append(tick)
        checks, windows = self.rules.checks, self.windows
        for team, states in results.items():
            tally = self.tallies.get(team) or self._tally(team)
            tally.see(self._unexcused(team, states, tick.t) if windows else states, tick.t, checks)

    def _unexcused(self, team: str, states: Mapping[str, str], t: float) -> dict[str, str]:
        return {
            check: state
            for check, state in states.items()
            if not any(window.covers(team, check, t) for window in self.windows)
        }

    def _excused(self, fact: Fact) -> None:
        """Recount the ticks of the teams excused: what a spoiled tick was credited may hang on one now gone."""
        payload, checks = fact.payload, fact.payload.get("checks")
        to_t = FOREVER if payload.get("to_t") is None else payload["to_t"]
        chosen = frozenset(checks) if checks else None
        self.windows.append(Window(fact.seq, fact.team, chosen, payload["from_t"], to_t))
        for team in [fact.team] if fact.team else list(self.tallies):
            tally = self._tally(team)
            reached_t, tally.cells = tally.reached_t, {}
            for tick in self.ticks:
                if team in tick.results:
                    tally.see(self._unexcused(team, tick.results[team], tick.t), tick.t, self.rules.checks)
            tally.reached_t = reached_t

    def _graded(self, fact: Fact) -> None:
        payload = fact.payload
        of = f"task:{payload['task']}" if payload.get("task") else f"inject:{payload.get('inject')}"
        tally = self._tally(str(payload.get("participant") or fact.team))
        tally.grades[of] = Entry(fact.seq, self._graded_points(of, payload["scores"]), of)
        tally.reached_t = fact.t

    def _graded_points(self, of: str, scores: Mapping[str, Any]) -> Points:
        most = self.rules.rubrics.get(of, {})
        given = ((line, exact(score)) for line, score in scores.items())
        return sum(max(0, min(score, most[line])) if line in most else score for line, score in given)

    def _adjusted(self, fact: Fact) -> None:
        tally = self._tally(str(fact.team))
        tally.adjusted.append(Entry(fact.seq, exact(fact.payload["points"]), fact.payload.get("reason", "")))
        tally.reached_t = fact.t

    def _reset(self, fact: Fact) -> None:
        cost = exact(fact.payload.get("cost", 0))
        if cost:
            tally = self._tally(str(fact.team))
            tally.resets.append(Entry(fact.seq, -cost, "reset"))
            tally.reached_t = fact.t

    def _finished(self, _fact: Fact) -> None:
        self.finished = True


_DOES: Mapping[Kind, Callable[[Standings, Fact], None]] = {
    Kind.JOINED: Standings._joined,
    Kind.WITHDRAWN: Standings._withdrawn,
    Kind.SUBMITTED: Standings._submitted,
    Kind.HINTED: Standings._hinted,
    Kind.CHECKED: Standings._checked,
    Kind.EXCUSED: Standings._excused,
    Kind.GRADED: Standings._graded,
    Kind.ADJUSTED: Standings._adjusted,
    Kind.RESET: Standings._reset,
    Kind.FINISHED: Standings._finished,
}


def fold(rules: Rules, facts: Iterable[Fact], entrants: Mapping[str, Entrant] | None = None) -> Standings:
    """The standings after `facts`, numbered from 1 without gaps."""
    standings = Standings(rules, entrants)
    for fact in facts:
        standings.apply(fact)
    return standings


def own_part(fact: Fact, team: str) -> Fact | None:
    """What of a fact is one team's own: its own deeds and points, its part of a round of checks; None for the rest."""
    if fact.kind is Kind.CHECKED:
        states = fact.payload["results"].get(team)
        return replace(fact, payload={**fact.payload, "results": {team: states}}) if states else None
    if fact.kind is Kind.EXCUSED and fact.team is None:
        return replace(fact, team=team)
    mine = team in (fact.team, fact.payload.get("participant"))
    return fact if mine and fact.kind not in (Kind.JOINED, Kind.WITHDRAWN) else None
