"""Standings: the fold, its rules, and its equality with a recount from the beginning."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ncr.scoring.facts import Fact, Kind
from ncr.scoring.points import parts, places, points, task_score, why
from ncr.scoring.rows import standing_rows, task_rows
from ncr.scoring.standings import Entrant, Standings, fold
from tests.pure.scoring.ledgers import RULES, TEAMS, Ledger, batches, ledgers, rules_of

LINEAR = {"id": "a", "points": {"curve": "linear", "initial": 500, "minimum": 100, "decay": 25}}


def shown(standings: Standings) -> object:
    """Everything anybody can see of the standings."""
    teams = list(standings.entrants)
    return (
        standings.seq,
        standing_rows(standings, "staff"),
        task_rows(standings),
        {team: (points(standings, team), parts(standings, team), why(standings, team)) for team in teams},
        standings.tallies,
    )


@given(ledgers(), st.lists(st.integers(0, 60), max_size=5))
def test_looking_on_the_way_changes_nothing(facts: list[Fact], cuts: list[int]) -> None:
    advanced = Standings(RULES)
    for batch in batches(facts, cuts):
        for fact in batch:
            advanced.apply(fact)
        shown(advanced)
    assert shown(advanced) == shown(fold(RULES, facts))


@given(ledgers())
def test_the_fold_equals_a_recount_by_another_way(facts: list[Fact]) -> None:
    standings = fold(RULES, facts)
    for team in standings.entrants:
        assert parts(standings, team)["tasks"] == _recount_tasks(facts, team)


def _recount_tasks(facts: list[Fact], team: str) -> object:
    """The task part worked out from the whole list, with no state kept along the way."""
    standing = dict.fromkeys((f.team for f in facts if f.team), "active")
    for fact in facts:
        if fact.kind is Kind.CHECKED:
            standing |= {t: standing.get(t, "active") for t in fact.payload["results"]}
        elif fact.kind in (Kind.JOINED, Kind.WITHDRAWN):
            standing[fact.team] = fact.payload.get("standing", "withdrawn")
    eligible = sum(value == "active" for value in standing.values())
    total: object = 0
    for task, rule in RULES.tasks.items():
        solves = [f for f in facts if f.kind is Kind.SUBMITTED and f.payload["right"] and f.payload["task"] == task]
        first: dict[str, int] = {}
        for fact in solves:
            first.setdefault(str(fact.team), fact.seq)
        cost = sum(
            f.payload["cost"] for f in facts if f.kind is Kind.HINTED and f.team == team and f.payload["task"] == task
        )
        ranked = [other for other in first if standing[other] == "active"]
        if team in first:
            place = ranked.index(team) + 1 if team in ranked else None
            before = sum(first[other] < first[team] for other in ranked)
            k = (place or before) if rule.keep else len(ranked)
            extra = (
                round(RULES.first_solves[place - 1] * Fraction(rule.value(place, eligible)))
                if place and place <= 3
                else 0
            )
            total += max(0, rule.value(k, eligible) + extra - cost)
        grades = [f for f in facts if f.kind is Kind.GRADED and f.team == team and f.payload["task"] == task]
        if grades:
            total += max(0, max(0, min(20, grades[-1].payload["scores"]["facts"])) - cost)
    return total


def test_a_fact_out_of_turn_is_refused() -> None:
    facts = Ledger().join("p1", "p2").facts
    with pytest.raises(ValueError, match="cannot follow"):
        Standings(RULES).apply(facts[1])


def test_every_solver_holds_the_current_value_and_first_solvers_their_bonus() -> None:
    rules = rules_of(tasks=[LINEAR], scoring={"first_solves": ["5%", "3%", "1%"]})
    ledger = Ledger().join(*TEAMS)
    for team in TEAMS:
        ledger.solve(team, "a")
    standings = fold(rules, ledger.facts)
    scores = [task_score(standings, team, "a") for team in TEAMS]
    assert [(score.value, score.bonus, score.order) for score in scores] == [
        (425, 25, 1),
        (425, 14, 2),
        (425, 4, 3),
        (425, 0, 4),
    ]


def test_a_kept_value_is_that_of_its_moment() -> None:
    rules = rules_of(tasks=[{**LINEAR, "keep": True}])
    standings = fold(rules, Ledger().solve("p1", "a").solve("p2", "a").solve("p3", "a").facts)
    assert [points(standings, team) for team in ("p1", "p2", "p3")] == [500, 475, 450]


def test_hints_take_from_their_task_and_never_below_zero() -> None:
    rules = rules_of(tasks=[{"id": "a", "points": 30}, {"id": "b", "points": 100}])
    ledger = Ledger().solve("p1", "b").add(Kind.HINTED, "p1", task="a", hint=1, cost=40)
    assert points(fold(rules, ledger.facts), "p1") == 100
    assert points(fold(rules, ledger.solve("p1", "a").facts), "p1") == 100


CURVES = [
    {"points": 30},
    {"points": {"curve": "linear", "initial": 500, "minimum": 100, "decay": 25}},
    {"points": {"curve": "parabolic", "initial": 500, "minimum": 100, "decay": 3, "keep": True}},
    {"points": {"curve": "exponential", "initial": 1000, "minimum": 250, "difficulty": 5}},
    {"points": {"curve": "proportional", "initial": 1000, "minimum": 400}},
    {"points": {"curve": "tanh", "initial": 500, "minimum": 100, "solves": 100}},
]


@pytest.mark.parametrize("curve", CURVES, ids=str)
@pytest.mark.parametrize("shares", [(), ("5%",)])
def test_a_task_whose_solution_was_looked_up_gives_nothing_however_it_is_worth(
    curve: dict[str, object], shares: tuple[str, ...]
) -> None:
    rules = rules_of(tasks=[{"id": "a", **curve}], scoring={"first_solves": list(shares)})
    most = rules.tasks["a"].most(rules.first_solves)
    alone = Ledger().join("p1").solve("p1", "a")
    assert most - 1 < points(fold(rules, alone.facts), "p1") <= most
    given_up = Ledger().join("p1").add(Kind.HINTED, "p1", task="a", hint="solution", cost=most).solve("p1", "a")
    assert points(fold(rules, given_up.facts), "p1") == 0


@pytest.mark.parametrize("standing", ["hidden", "reference"])
def test_teams_out_of_competition_change_nobodys_value(standing: str) -> None:
    rules = rules_of(tasks=[LINEAR], scoring={"first_solves": ["5%"]})
    ledger = Ledger().join("p1", "p2").join("nop", standing=standing).solve("nop", "a").solve("p1", "a")
    standings = fold(rules, ledger.facts)
    assert points(standings, "p1") == 525
    assert task_score(standings, "nop", "a").order is None
    assert [place.team for place in places(standings) if place.rank] == ["p1", "p2"]


def test_a_team_that_withdraws_is_as_if_it_had_never_solved() -> None:
    rules = rules_of(tasks=[LINEAR], scoring={"first_solves": ["5%", "3%"]})
    solved = Ledger().join("p1", "p2", "p3").solve("p1", "a").solve("p2", "a").solve("p3", "a")
    gone = fold(rules, solved.add(Kind.WITHDRAWN, "p1", reason="ill").facts)
    assert [points(gone, team) for team in ("p2", "p3")] == [475 + 25, 475 + 14]
    assert [(place.team, place.rank) for place in places(gone)] == [("p2", 1), ("p3", 2), ("p1", None)]


def test_ranks_are_1_2_2_4() -> None:
    rules = rules_of(tasks=[{"id": "a", "points": 30}, {"id": "b", "points": 100}])
    ledger = Ledger().join(*TEAMS).solve("p4", "b").solve("p2", "a", t=50.0).solve("p3", "a", t=50.0)
    found = [(place.team, place.rank) for place in places(fold(rules, ledger.facts))]
    assert found == [("p4", 1), ("p2", 2), ("p3", 2), ("p1", 4)]


def test_ties_go_to_who_reached_the_score_first_then_to_the_earlier_last_solve() -> None:
    rules = rules_of(tasks=[{"id": "a", "points": 30}, {"id": "b", "points": 20}])
    ledger = Ledger().join("p1", "p2", "p3").solve("p2", "a", t=10.0).solve("p1", "a", t=20.0)
    ledger.add(Kind.ADJUSTED, "p3", 5.0, points=30, reason="r")
    assert [place.team for place in places(fold(rules, ledger.facts))] == ["p3", "p2", "p1"]
    # All reach 50 at once; p2's last solve is the earliest.
    for team in ("p1", "p2", "p3"):
        ledger.add(Kind.ADJUSTED, team, 60.0, points=20, reason="r")
    ledger.add(Kind.ADJUSTED, "p3", 60.0, points=-1, reason="r")
    assert [place.team for place in places(fold(rules, ledger.facts))] == ["p2", "p1", "p3"]


def test_a_late_solve_gives_nothing_and_moves_no_tie() -> None:
    rules = rules_of(tasks=[{"id": "a", "points": 30}])
    ledger = Ledger().join("p1", "p2").add(Kind.FINISHED).solve("p2", "a")
    assert [(place.team, place.rank, place.points) for place in places(fold(rules, ledger.facts))] == [
        ("p1", 1, 0),
        ("p2", 1, 0),
    ]


def test_plain_availability_and_the_last_tick_after_the_end() -> None:
    rules = rules_of(checks=[{"id": "up", "points": 5}])
    ledger = (
        Ledger().check(1, {"p1": {"up": "up"}}).check(2, {"p1": {"up": "degraded"}}).check(3, {"p1": {"up": "down"}})
    )
    ledger.add(Kind.FINISHED).check(4, {"p1": {"up": "recovering"}})
    assert points(fold(rules, ledger.facts), "p1") == 10


@pytest.mark.parametrize("spoiled", ["error", "unknown"])
def test_faults_of_checker_and_platform_cost_nothing_and_give_nothing(spoiled: str) -> None:
    rules = rules_of(checks=[{"id": "up", "points": 5}])
    good = Ledger().check(1, {"p1": {"up": "up"}}).check(2, {"p1": {"up": spoiled}})
    assert points(fold(rules, good.facts), "p1") == 10
    bad = Ledger().check(1, {"p1": {"up": "down"}}).check(2, {"p1": {"up": spoiled}})
    assert points(fold(rules, bad.facts), "p1") == 0


def test_excused_windows_leave_numerator_and_denominator_also_afterwards() -> None:
    rules = rules_of(checks=[{"id": "up", "points": 4}], scoring={"availability": "share"})
    ledger = Ledger()
    for tick, state in enumerate(["up", "up", "down", "down"], 1):
        ledger.check(tick, {"p1": {"up": state}, "p2": {"up": state}})
    assert points(fold(rules, ledger.facts), "p1") == 8
    ledger.add(Kind.EXCUSED, "p1", from_t=40, to_t=75, reason="power cut")
    ledger.check(5, {"p1": {"up": "down"}, "p2": {"up": "down"}}).check(6, {"p1": {"up": "up"}, "p2": {"up": "up"}})
    standings = fold(rules, ledger.facts)
    assert standings.tallies["p1"].cells["up"].ticks.counted == 3
    assert (points(standings, "p1"), points(standings, "p2")) == (12, 12)
    assert standings.tallies["p2"].cells["up"].ticks.counted == 6


def test_share_weighs_checks() -> None:
    checks = [{"id": "x", "points": 1, "weight": 5}, {"id": "y", "points": 1, "weight": 3}]
    rules = rules_of(checks=checks, scoring={"availability": "share"})
    ledger = Ledger().check(1, {"p1": {"x": "up", "y": "down"}}).check(2, {"p1": {"x": "up", "y": "degraded"}})
    assert points(fold(rules, ledger.facts), "p1") == 4 * (5 + Fraction(3, 4)) / 8


def test_penalty_stays_after_recovery() -> None:
    scoring = {"availability": "penalty", "penalty": {"threshold": 2, "points": 3, "curve": "additive", "cap": 50}}
    rules = rules_of(checks=[{"id": "x", "points": 5}], scoring=scoring)
    ledger = Ledger()
    for tick, state in enumerate(["up"] * 4 + ["down"] * 3 + ["up"], 1):
        ledger.check(tick, {"p1": {"x": state}})
    assert points(fold(rules, ledger.facts), "p1") == 25 - 6


def test_a_check_paid_once_is_lost_again_only_without_keep() -> None:
    checks = [{"id": "kept", "once": 150}, {"id": "held", "once": 150, "keep": False}]
    rules = rules_of(checks=checks)
    ledger = Ledger().check(1, {"p1": {"kept": "up", "held": "up"}})
    assert points(fold(rules, ledger.facts), "p1") == 300
    assert points(fold(rules, ledger.check(2, {"p1": {"kept": "unknown", "held": "unknown"}}).facts), "p1") == 300
    assert points(fold(rules, ledger.check(3, {"p1": {"kept": "down", "held": "down"}}).facts), "p1") == 150
    assert points(fold(rules, ledger.check(4, {"p1": {"kept": "up", "held": "up"}}).facts), "p1") == 300


def test_grades_count_the_latest_within_the_rubric_and_adjustments_add_up_exactly() -> None:
    ledger = Ledger().join("p1").add(Kind.GRADED, "p1", task="d", scores={"facts": 12})
    ledger.add(Kind.GRADED, "p1", task="d", scores={"facts": 25})
    for _ in range(3):
        ledger.add(Kind.ADJUSTED, "p1", points=0.1, reason="r", by="a")
    ledger.add(Kind.RESET, "p1", cost=5, generation=2)
    standings = fold(RULES, ledger.facts)
    assert parts(standings, "p1") == {
        "tasks": 20, "checks": 0, "injects": 0, "duel": 0, "adjusted": Fraction(3, 10), "resets": -5,
    }  # fmt: skip


@given(ledgers())
def test_the_reasons_add_up_to_the_points(facts: list[Fact]) -> None:
    standings = fold(RULES, facts)
    for team in standings.entrants:
        sums: dict[str, Fraction] = {}
        for reason in why(standings, team):
            assert reason.facts
            sums[reason.part] = sums.get(reason.part, Fraction(0)) + reason.points
        weighted = sum(value * RULES.weights.get(part, 1) for part, value in sums.items())
        assert weighted == points(standings, team)


@given(ledgers(), ledgers())
def test_a_team_that_goes_on_alone_moves_nobody(before: list[Fact], after: list[Fact]) -> None:
    frozen = fold(RULES, before, {team: Entrant(team) for team in TEAMS})
    seen = shown(frozen)
    alone = frozen.only("p1")
    for fact in after:
        if fact.team == "p1" and fact.kind not in (Kind.JOINED, Kind.WITHDRAWN):
            alone.take(fact)
    points(alone, "p1")
    assert shown(frozen) == seen
    assert task_rows(alone) == task_rows(frozen)
