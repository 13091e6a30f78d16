"""Standings and facts as people see them: plain rows, each audience its own; pure."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from ncr.scoring.curves import Points
from ncr.scoring.facts import Fact, Kind
from ncr.scoring.points import Place, parts, places, task_score
from ncr.scoring.standings import ACTIVE, Standings, own_part

Audience = Literal["public", "team", "staff"]
Row = dict[str, Any]

CLOCK = frozenset({Kind.OPENED, Kind.PAUSED, Kind.RESUMED, Kind.EXTENDED, Kind.FINISHED})
STAFF_ONLY = frozenset({"member", "digest", "foreign", "by"})


def standing_rows(standings: Standings, audience: Audience) -> list[Row]:
    """One row per team that the audience may see, best first (the shape is in ncr.scoring.board.Board)."""
    staff = audience == "staff"
    return [
        standing_row(standings, place, staff)
        for place in places(standings)
        if staff or standings.entrants[place.team].standing == ACTIVE
    ]


def standing_row(standings: Standings, place: Place, staff: bool = False) -> Row:
    """One team's row."""
    team, tally, entrant = place.team, standings.tallies[place.team], standings.entrants[place.team]
    scores = {task: task_score(standings, team, task) for task in tally.solved}
    last = max((solve.at for solve in tally.solved.values()), default=None)
    row: Row = {
        "team": team,
        "name": entrant.name,
        "partner": entrant.partner,
        "rank": place.rank,
        "points": shown(place.points),
        "tasks": {task: {"points": shown(s.points), "order": s.order} for task, s in scores.items() if s is not None},
        "services": {check: cell.state for check, cell in tally.cells.items()},
        "last_solve": rfc3339(last) if last else None,
        "solved": len(tally.solved),
    }
    if staff:
        row["standing"] = entrant.standing
        row["parts"] = {part: shown(value) for part, value in parts(standings, team).items()}
    return row


def task_rows(standings: Standings) -> dict[str, Row]:
    """Every task: its value, its eligible solves, its category and title."""
    return {
        task: {
            "value": shown(standings.value(task)),
            "solves": len(standings.orders[task]),
            "category": rule.task.category,
            "title": dict(rule.task.title.root),
        }
        for task, rule in standings.rules.tasks.items()
    }


def fact_row(fact: Fact, standings: Standings, audience: Audience, participant: str | None = None) -> Row | None:
    """The fact as the audience may see it, None where it may not.

    Staff sees all; a team its own facts but for what is staff's; everybody the clock and the solves of ranked teams.
    """
    if audience == "staff":
        return _fact(fact, dict(fact.payload))
    if fact.kind in CLOCK:
        return _fact(fact, dict(fact.payload))
    own = own_part(fact, participant) if participant is not None and audience == "team" else None
    if fact.kind is Kind.INJECTED:
        # What was planned, and for whom, is not for those whom it should surprise.
        return None
    if own is not None:
        return _fact(own, {name: value for name, value in own.payload.items() if name not in STAFF_ONLY})
    entrant = standings.entrants.get(fact.team or "")
    ranked = entrant is not None and entrant.standing == ACTIVE
    if fact.kind is Kind.SUBMITTED and fact.payload["right"] and ranked:
        return _fact(fact, {"task": fact.payload["task"], "right": True})
    return None


def _fact(fact: Fact, payload: dict[str, Any]) -> Row:
    return {
        "seq": fact.seq,
        "at": rfc3339(fact.at),
        "t": fact.t,
        "kind": fact.kind.value,
        "team": fact.team,
        "payload": payload,
    }


def shown(points: Points) -> int | float:
    """Points for display: whole, or rounded to two decimals."""
    if isinstance(points, int):
        return points
    rounded = round(float(points), 2)
    return int(rounded) if rounded.is_integer() else rounded


def rfc3339(at: datetime) -> str:
    """A time as the interface writes it, in UTC to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


@dataclass(frozen=True, slots=True)
class Changes:
    """What an audience that has seen fact `after` needs to be at `seq`.

    `facts` it may see, the standing `rows` that may have changed, all teams shown in `order`, and `tasks` (all of
    them, or empty when none changed).
    """

    after: int
    seq: int
    facts: list[Row]
    rows: list[Row]
    order: list[str]
    tasks: dict[str, Row]


@dataclass(slots=True)
class View:
    """What an audience is shown at fact `seq`; each row, and the tasks, with the fact by which it had last changed."""

    seq: int = -1
    rows: dict[str, tuple[Row, int]] = field(default_factory=dict)
    tasks: dict[str, Row] = field(default_factory=dict)
    tasks_seq: int = -1
    encoded: bytes = b""

    def show(self, standings: Standings, audience: Audience) -> None:
        """Move on to these standings."""
        before, self.seq, self.encoded = self.rows, standings.seq, b""
        self.rows = {}
        for row in standing_rows(standings, audience):
            old = before.get(row["team"])
            self.rows[row["team"]] = old if old and old[0] == row else (row, standings.seq)
        tasks = task_rows(standings)
        if tasks != self.tasks:
            self.tasks, self.tasks_seq = tasks, standings.seq
