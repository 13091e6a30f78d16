"""Conditions of injects, folded from facts: who met what, when, and what counts neither for nor against."""

from datetime import UTC, datetime
from typing import Any

from ncr.scenario.model import Inject
from ncr.scoring.conditions import Conditions
from ncr.scoring.facts import Fact, Kind

AT = datetime(2027, 3, 1, 9, tzinfo=UTC)


def inject(id: str, **when: Any) -> Inject:
    return Inject.model_validate({"id": id, "when": when, "say": "x"})


def solved(team: str, task: str, t: float, right: bool = True) -> Fact:
    return Fact("e", 1, AT, t, Kind.SUBMITTED, team, {"task": task, "right": right}, f"{team}{task}{t}")


def tick(number: int, **states: str) -> Fact:
    results = {team: {"hmi-up": state, "other": "down"} for team, state in states.items()}
    payload = {"every": 15, "tick": number, "results": results}
    # Recorded late, which changes nothing: the tick is when it was.
    return Fact("e", number, AT, number * 15 + 3.7, Kind.CHECKED, None, payload, f"checked:15:{number}")


def down_for(for_: str, *ticks: str, scale: float = 1.0) -> tuple[dict[str, float], float]:
    conditions = Conditions([inject("i", check="hmi-up", **{"is": "down", "for": for_})], scale)
    for number, state in enumerate(ticks, 1):
        conditions.take(tick(number, a=state))
    return conditions.met["i"], conditions.runs["hmi-up"]["a"].lasted_s


def test_each_team_meets_by_itself_that_a_task_is_solved_and_once() -> None:
    conditions = Conditions([inject("i", solved="door"), inject("j", solved="root"), inject("k", manual=True)])
    for fact in (solved("a", "door", 5, right=False), solved("b", "door", 9), solved("a", "door", 12)):
        conditions.take(fact)
    conditions.take(solved("b", "door", 20))
    assert conditions.met == {"i": {"b": 9, "a": 12}, "j": {}, "k": {}}


def test_a_check_is_to_be_found_so_from_the_first_tick_to_the_last() -> None:
    assert down_for("30s", "up", "down", "down") == ({}, 15.0)
    assert down_for("30s", "up", "down", "down", "down") == ({"a": 60.0}, 30.0)
    assert down_for("30s", "down", "down", "up", "down", "down") == ({}, 15.0)
    assert down_for("0s", "up", "down") == ({"a": 30.0}, 0.0)


def test_what_was_met_stays_met_when_it_is_over() -> None:
    assert down_for("15s", "down", "down", "up", "up")[0] == {"a": 30.0}


def test_a_degraded_check_is_not_down() -> None:
    assert down_for("15s", "down", "degraded", "down") == ({}, 0.0)


def test_ticks_that_could_not_tell_count_neither_way() -> None:
    # Twice down, four times unknown, twice down: half a minute of which it is known.
    assert down_for("45s", "down", "down", *["unknown", "error"] * 2, "down", "down") == ({}, 30.0)
    assert down_for("30s", "down", "down", *["unknown", "error"] * 2, "down", "down")[0] == {"a": 120.0}
    assert down_for("0s", "unknown", "error") == ({}, 0.0)


def test_a_compressed_exercise_compresses_how_long_too() -> None:
    assert down_for("1m", "down", "down", "down", scale=0.5)[0] == {"a": 45.0}


def test_teams_are_judged_apart() -> None:
    conditions = Conditions([inject("i", check="hmi-up", **{"is": "down", "for": "15s"})])
    for number, states in enumerate(({"a": "down", "b": "up"}, {"a": "down", "b": "down"}, {"b": "down"}), 1):
        conditions.take(tick(number, **states))
    assert conditions.met["i"] == {"a": 30.0, "b": 45.0}
