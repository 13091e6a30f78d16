"""Facts for tests: a small ledger written by hand, and one drawn by hypothesis."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from ncr.scenario.model import Definition
from ncr.scoring.facts import Fact, Kind
from ncr.scoring.rules import Rules, rules

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TEAMS = ("p1", "p2", "p3", "p4")


def rules_of(**parts: Any) -> Rules:
    """The rules of a scenario with these parts; tasks need only an id."""
    tasks = [{"title": "T", "text": "x", "flag": "NCR{x}", **task} for task in parts.pop("tasks", [])]
    checks = [{"service": "s", "probe": {"tcp": 80}, **check} for check in parts.pop("checks", [])]
    whole = {"ncr": 1, "id": "x", "version": "1.0.0", "title": "X", "summary": "x", "duration": "90m"}
    return rules(Definition.model_validate({**whole, "tasks": tasks, "checks": checks, **parts}))


class Ledger:
    """Facts one after another, a second of exercise time apart unless told: `facts` is what came of it."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    def add(self, kind: Kind, team: str | None = None, t: float | None = None, **payload: Any) -> "Ledger":
        seq = len(self.facts) + 1
        t = float(seq) if t is None else t
        self.facts.append(Fact("e", seq, START + timedelta(seconds=t), t, kind, team, payload, f"k{seq}"))
        return self

    def join(self, *teams: str, standing: str = "active") -> "Ledger":
        for team in teams:
            self.add(Kind.JOINED, team, name=team.upper(), standing=standing)
        return self

    def solve(self, team: str, *tasks: str, t: float | None = None) -> "Ledger":
        for task in tasks:
            self.add(Kind.SUBMITTED, team, t, task=task, right=True, member="m")
        return self

    def check(self, tick: int, results: dict[str, dict[str, str]], every: int = 15) -> "Ledger":
        return self.add(Kind.CHECKED, None, float(tick * every), every=every, tick=tick, results=results)


RULES = rules_of(
    tasks=[
        {"id": "a", "points": {"curve": "linear", "initial": 500, "minimum": 100, "decay": 25}},
        {"id": "b", "points": {"curve": "proportional", "initial": 1000, "minimum": 400}},
        {"id": "c", "points": {"curve": "parabolic", "initial": 500, "minimum": 100, "decay": 3, "keep": True}},
        {"id": "d", "points": 50, "flag": None, "graded": {"rubric": [{"id": "facts", "max": 20, "text": "F"}]}},
    ],
    checks=[
        {"id": "up", "points": 5, "weight": 2},
        {"id": "other", "points": 3},
        {"id": "hard", "once": 150, "keep": False},
        {"id": "once", "once": 70},
    ],
    scoring={"first_solves": ["5%", "3%", "1%"], "weights": {"checks": 0.5}},
)

_team = st.sampled_from(TEAMS)
_task = st.sampled_from(["a", "b", "c", "gone"])
_state = st.sampled_from(["up", "up", "down", "degraded", "recovering", "error", "unknown"])
_cells = st.dictionaries(st.sampled_from(["up", "other", "hard", "once"]), _state, max_size=4)


def _payload(**fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {name: of if isinstance(of, st.SearchStrategy) else st.just(of) for name, of in fields.items()}
    )


_standing = st.sampled_from(["active", "hidden", "reference"])
_idle = st.sampled_from([Kind.OPENED, Kind.PAUSED, Kind.CAPTURED, Kind.INJECTED, Kind.REPLIED])
_scores = _payload(facts=st.integers(-5, 30))
_window = _payload(from_t=st.integers(0, 300), to_t=st.none() | st.integers(0, 600))
_any = st.one_of(
    st.tuples(st.just(Kind.JOINED), _team, _payload(standing=_standing)),
    st.tuples(st.just(Kind.WITHDRAWN), _team, _payload(reason="ill")),
    st.tuples(st.just(Kind.SUBMITTED), _team, _payload(task=_task, right=st.booleans())),
    st.tuples(st.just(Kind.HINTED), _team, _payload(task=_task, hint=1, cost=st.integers(0, 600))),
    st.tuples(st.just(Kind.CHECKED), st.none(), _payload(every=15, results=st.dictionaries(_team, _cells))),
    st.tuples(st.just(Kind.ADJUSTED), _team, _payload(points=st.integers(-50, 50) | st.just(0.1))),
    st.tuples(st.just(Kind.RESET), _team, _payload(cost=st.integers(0, 25))),
    st.tuples(st.just(Kind.GRADED), _team, _payload(task="d", scores=_scores)),
    st.tuples(st.just(Kind.EXCUSED), st.none() | _team, _window),
    st.tuples(_idle, st.none(), st.just({})),
)


@st.composite
def ledgers(draw: st.DrawFn) -> list[Fact]:
    """Any ledger of RULES' scenario: all kinds, four teams, ticks numbered as they come."""
    ledger, tick = Ledger(), 0
    for kind, team, payload in draw(st.lists(_any, max_size=60)):
        if kind is Kind.CHECKED:
            tick += 1
            payload = {**payload, "tick": tick}
        ledger.add(kind, team, float(tick * 15), **payload)
    return ledger.facts


def batches(facts: Sequence[Fact], cuts: Sequence[int]) -> list[Sequence[Fact]]:
    """The facts cut into pieces at these places."""
    edges = [0, *sorted(cut % (len(facts) + 1) for cut in cuts), len(facts)]
    return [facts[start:end] for start, end in pairwise(edges)]
