"""Points, places and reasons: what the standings come to when somebody looks; pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from ncr.scoring import availability
from ncr.scoring.curves import Points, bonus, exact
from ncr.scoring.standings import ACTIVE, Standings
from ncr.scoring.tally import Cell, Tally

PARTS = ("tasks", "checks", "injects", "duel", "adjusted", "resets")


@dataclass(frozen=True, slots=True)
class TaskScore:
    """What a team has of a task: the value it holds, its first-solve bonus, its hints' cost, its place, the sum."""

    value: Points
    bonus: int
    hints: Points
    order: int | None
    points: Points


@dataclass(frozen=True, slots=True)
class Place:
    """A team's place; `rank` is None for one that is not ranked (hidden, reference, withdrawn)."""

    team: str
    rank: int | None
    points: Points


@dataclass(frozen=True, slots=True)
class Reason:
    """A number and the facts behind it: the part of the score, what in it, the points, the facts' numbers."""

    part: str
    of: str
    points: Points
    facts: tuple[int, ...]


def task_score(standings: Standings, team: str, task: str) -> TaskScore | None:
    """What the team has for solving the task; None before it has."""
    tally = standings.tallies[team]
    if task not in tally.solved or task not in standings.orders:
        return None
    rule, order = standings.rules.tasks[task], standings.orders[task].get(team)
    k = _held_at(standings, tally, task, order) if rule.keep else len(standings.orders[task])
    value = rule.value(k, standings.eligible)
    shares = standings.rules.first_solves
    extra = 0
    if order is not None and order <= len(shares):
        extra = bonus(shares[order - 1], rule.value(order, standings.eligible))
    hints = tally.hint_points(task)
    return TaskScore(value, extra, hints, order, max(0, value + extra - hints))


def _held_at(standings: Standings, tally: Tally, task: str, order: int | None) -> int:
    """How many eligible solves a kept value counts: the solver's place, or for one without, those before it."""
    if order is not None:
        return order
    seq = tally.solved[task].seq
    return sum(standings.tallies[other].solved[task].seq < seq for other in standings.orders[task])


def parts(standings: Standings, team: str) -> dict[str, Points]:
    """The team's points by part of the score, weighted; every part is there."""
    tally, weights = standings.tallies[team], standings.rules.weights
    graded = {of: max(0, entry.points - _hints_of(tally, of)) for of, entry in tally.grades.items()}
    scores = (task_score(standings, team, task) for task in tally.solved)
    raw: dict[str, Points] = dict.fromkeys(PARTS, 0)
    raw["tasks"] = sum(score.points for score in scores if score) + _sum_of(graded, "task:")
    raw["injects"] = _sum_of(graded, "inject:")
    raw["checks"] = sum(checks(standings, tally).values())
    for part, weight in weights.items():
        if weight != 1:
            raw[part] = raw[part] * weight
    raw["adjusted"] = sum(entry.points for entry in tally.adjusted)
    raw["resets"] = sum(entry.points for entry in tally.resets)
    return {part: exact(value) for part, value in raw.items()}


def points(standings: Standings, team: str) -> Points:
    """The team's points, exact."""
    return sum(parts(standings, team).values())


def checks(standings: Standings, tally: Tally) -> dict[str, Points]:
    """Points by check, before the weight of the part.

    plain: points a tick. penalty: the same less what each outage costs, at most `cap` percent of what the check gave.
    share: what all judged ticks were worth together, times the weighted share of them that were good.
    """
    rules = standings.rules
    known = {check: cell for check, cell in tally.cells.items() if check in rules.checks}
    scored = {check: _ticks(standings, check, cell) for check, cell in known.items()}
    if rules.availability == "share":
        judged = [(rules.checks[check].weight, cell.ticks) for check, cell in known.items()]
        reached = availability.share(judged) or 0
        scored = {check: rules.checks[check].points * cell.ticks.counted * reached for check, cell in known.items()}
    return {check: value + (rules.checks[check].once if known[check].holds else 0) for check, value in scored.items()}


def _ticks(standings: Standings, check: str, cell: Cell) -> Points:
    rules = standings.rules
    rule, penalty = rules.checks[check], rules.penalty
    gained = availability.plain(rule.points, cell.ticks) + exact(Fraction(rule.points * cell.halves, 2))
    if rules.availability != "penalty" or penalty is None:
        return gained
    cap, cost = gained * exact(penalty.cap) / Fraction(100), exact(penalty.points)
    lost = (availability.penalty(run, penalty.threshold, cost, cap, penalty.curve) for run in cell.outages)
    return exact(Fraction(max(0, gained - sum(lost))))


def places(standings: Standings) -> list[Place]:
    """Every team, best first: by points, then the earlier time of reaching them, then the earlier last solve.

    Teams equal on all three share a rank ("1 2 2 4") and stand by name; those without a rank come last, by name.
    """
    ranked: list[tuple[Points, float, float, str, str]] = []
    unranked: list[tuple[str, Place]] = []
    for team, entrant in standings.entrants.items():
        total, tally = points(standings, team), standings.tallies[team]
        if entrant.standing == ACTIVE:
            ranked.append((-total, tally.reached_t, tally.last_solve_t, entrant.name, team))
        else:
            unranked.append((entrant.name, Place(team, None, total)))
    ranked.sort()
    found: list[Place] = []
    for position, key in enumerate(ranked, 1):
        tied = position > 1 and key[:3] == ranked[position - 2][:3]
        found.append(Place(key[4], found[-1].rank if tied else position, -key[0]))
    return found + [place for _, place in sorted(unranked, key=lambda pair: (pair[0], pair[1].team))]


def why(standings: Standings, team: str) -> list[Reason]:
    """The facts behind every number of the team's points; each part's reasons add up to it before its weight."""
    tally = standings.tallies[team]
    return [
        *_task_reasons(standings, team, tally),
        *(
            Reason("checks", check, given, _tick_facts(standings, team, check))
            for check, given in checks(standings, tally).items()
        ),
        *(Reason("adjusted", entry.why, entry.points, (entry.seq,)) for entry in tally.adjusted),
        *(Reason("resets", entry.why, entry.points, (entry.seq,)) for entry in tally.resets),
    ]


def _task_reasons(standings: Standings, team: str, tally: Tally) -> Iterator[Reason]:
    for task, solve in tally.solved.items():
        score = task_score(standings, team, task)
        if score is not None:
            hints = tuple(entry.seq for entry in tally.hints.get(task, ()))
            yield Reason("tasks", task, score.points, (solve.seq, *hints))
    for of, entry in tally.grades.items():
        part, name = of.split(":", 1)
        hints = tuple(hint.seq for hint in tally.hints.get(name, ())) if part == "task" else ()
        yield Reason(f"{part}s", name, max(0, entry.points - _hints_of(tally, of)), (entry.seq, *hints))


def _tick_facts(standings: Standings, team: str, check: str) -> tuple[int, ...]:
    excused = standings.windows
    return tuple(
        tick.seq
        for tick in standings.ticks
        if check in tick.results.get(team, ()) and not any(window.covers(team, check, tick.t) for window in excused)
    )


def _hints_of(tally: Tally, of: str) -> Points:
    part, name = of.split(":", 1)
    return tally.hint_points(name) if part == "task" else 0


def _sum_of(graded: dict[str, Points], prefix: str) -> Points:
    return sum(value for of, value in graded.items() if of.startswith(prefix))
