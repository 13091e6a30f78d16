"""The board on both databases: what each audience sees, live, frozen, in the past and change by change."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from ncr.db import Sessions, connect, sessions
from ncr.errors import NotFound
from ncr.exercise.tables import Participant
from ncr.scoring import ledger
from ncr.scoring.board import Board, Boards
from ncr.scoring.facts import Draft, Kind
from tests.service.played import NOON, RULES, plan


@pytest.fixture
def base(database_url: str) -> Iterator[Sessions]:
    engine = connect(database_url)
    factory = sessions(engine)
    plan(factory)
    yield factory
    engine.dispose()


@pytest.fixture
def board(base: Sessions) -> Board:
    return Board(base, "e", RULES)


def add(base: Sessions, kind: Kind, team: str | None = None, **payload: Any) -> int:
    with base.begin() as session:
        number = ledger.head(session, "e").seq + 1
        return ledger.append(session, "e", [Draft(kind, f"k{number}", team, payload)], NOON)[0].seq


def solve(base: Sessions, team: str, task: str) -> int:
    return add(base, Kind.SUBMITTED, team, task=task, right=True, member="m", digest="d")


def freeze(base: Sessions) -> None:
    with base.begin() as session:
        session.execute(text("UPDATE exercise SET freeze_seq = head_seq"))


def test_a_snapshot_has_the_documented_shape(base: Sessions, board: Board) -> None:
    solve(base, "p2", "falling")
    add(base, Kind.CHECKED, None, every=15, tick=1, results={"p2": {"up": "degraded"}})
    shown = board.snapshot("public")
    assert (shown["seq"], shown["frozen"]) == (2, False)
    assert shown["standings"][0] == {
        "team": "p2", "name": "P2", "partner": "NTNU", "rank": 1, "points": 525,
        "tasks": {"falling": {"points": 525, "order": 1}}, "services": {"up": "degraded"},
        "last_solve": "2026-03-02T09:30:00.000Z", "solved": 1,
    }  # fmt: skip
    assert [row["rank"] for row in shown["standings"]] == [1, 2, 2]
    assert shown["tasks"]["falling"] == {
        "value": 500, "solves": 1, "category": "general", "title": {"nb": "D", "en": "D"},
    }  # fmt: skip
    assert orjson.loads(board.encoded("public")) == shown
    assert board.snapshot("staff")["standings"][0]["parts"]["tasks"] == 525


def test_frozen_means_frozen_for_all_but_staff(base: Sessions, board: Board) -> None:
    solve(base, "p1", "falling")
    freeze(base)
    before = {audience: board.snapshot(audience) for audience in ("public", "team")}
    solve(base, "p2", "falling")
    solve(base, "p3", "fixed")
    add(base, Kind.ADJUSTED, "p1", points=-9, reason="r", by="x")
    for audience in ("public", "team"):
        assert board.snapshot(audience) == before[audience] | {"frozen": True}
        assert board.snapshot(audience, at=4) == before[audience] | {"frozen": True}
        assert board.facts(1, audience) == []
        changed = board.changes(1, audience)
        assert changed is not None
        assert (changed.seq, changed.rows, changed.facts, changed.tasks) == (1, [], [], {})
        assert board.head(audience) == 1
    staff = board.snapshot("staff")
    assert (staff["seq"], staff["tasks"]["falling"]["solves"]) == (4, 2)


def test_a_frozen_team_still_sees_its_own_at_frozen_values(base: Sessions, board: Board) -> None:
    solve(base, "p1", "falling")
    freeze(base)
    solve(base, "p3", "falling")
    seq = solve(base, "p2", "falling")
    add(base, Kind.CHECKED, None, every=15, tick=1, results={"p1": {"up": "down"}, "p2": {"up": "up"}})
    shown = board.snapshot("team", "p2")
    assert shown["own"]["tasks"] == {"falling": {"points": 500, "order": None}}
    assert (shown["own"]["rank"], shown["own"]["services"]) == (2, {"up": "up"})
    assert board.points("p2", until=seq) == 500
    assert board.points("p1") == 525
    own = board.facts(1, "team", "p2")
    assert [(fact["seq"], fact["kind"]) for fact in own] == [(3, "submitted"), (4, "checked")]
    assert own[1]["payload"]["results"] == {"p2": {"up": "up"}}
    assert board.snapshot("team")["standings"] == shown["standings"]


def test_thawing_shows_all_again(base: Sessions, board: Board) -> None:
    freeze(base)
    solve(base, "p1", "fixed")
    assert board.snapshot("public")["standings"][0]["points"] == 0
    with base.begin() as session:
        session.execute(text("UPDATE exercise SET freeze_seq = NULL"))
    changed = board.changes(0, "public")
    assert changed is not None
    assert (changed.seq, changed.order[0], len(changed.facts)) == (1, "p1", 1)


def test_hidden_reference_and_withdrawn_teams_are_staffs_alone(base: Sessions, board: Board) -> None:
    add(base, Kind.JOINED, "p1", name="P1", standing="hidden")
    add(base, Kind.JOINED, "p2", name="P2", standing="reference")
    solve(base, "p1", "fixed")
    solve(base, "p2", "fixed")
    for audience in ("public", "team"):
        assert [row["team"] for row in board.snapshot(audience)["standings"]] == ["p3"]
        assert board.facts(0, audience) == []
        assert board.snapshot(audience)["tasks"]["fixed"]["solves"] == 0
    assert {row["team"]: row["rank"] for row in board.snapshot("staff")["standings"]} == {
        "p1": None,
        "p2": None,
        "p3": 1,
    }


def test_what_others_do_wrong_is_not_told(base: Sessions, board: Board) -> None:
    add(base, Kind.SUBMITTED, "p1", task="fixed", right=False, member="m", digest="d", foreign="p2")
    add(base, Kind.HINTED, "p1", task="fixed", hint=1, cost=20, member="m")
    assert board.facts(0, "public") == []
    assert board.facts(0, "team", "p2") == []
    assert [fact["payload"] for fact in board.facts(0, "team", "p1")] == [
        {"task": "fixed", "right": False},
        {"task": "fixed", "hint": 1, "cost": 20},
    ]


def test_changes_applied_in_order_equal_the_snapshot(base: Sessions, board: Board) -> None:
    held: dict[str, Any] = {row["team"]: row for row in board.snapshot("public")["standings"]}
    seq, order, tasks = 0, list(held), board.snapshot("public")["tasks"]
    for team, task in (("p1", "falling"), ("p2", "fixed"), ("p2", "falling"), ("p3", "few"), ("p1", "own")):
        solve(base, team, task)
        changed = board.changes(seq, "public")
        assert changed is not None
        assert changed.after == seq
        held |= {row["team"]: row for row in changed.rows}
        seq, order, tasks = changed.seq, changed.order, changed.tasks or tasks
        shown = board.snapshot("public")
        assert [held[team] for team in order] == shown["standings"]
        assert (tasks, seq) == (shown["tasks"], shown["seq"])
    nothing = board.changes(seq, "public")
    assert nothing is not None
    assert (nothing.rows, nothing.tasks, nothing.facts) == ([], {}, [])


def test_one_too_far_behind_takes_a_snapshot(base: Sessions, board: Board) -> None:
    with base.begin() as session:
        drafts = [Draft(Kind.INJECTED, f"k{number}", None, {"inject": "x"}) for number in range(1200)]
        ledger.append(session, "e", drafts, NOON)
    assert board.changes(199, "public") is None
    assert board.changes(200, "public") is not None
    assert board.changes(1201, "public") is None


def test_the_past_is_as_it_was(base: Sessions, board: Board) -> None:
    solve(base, "p1", "falling")
    then = board.snapshot("public")
    solve(base, "p2", "falling")
    assert board.snapshot("public", at=1) == then
    assert board.snapshot("public", at=0)["standings"][0]["points"] == 0
    assert board.snapshot("public", at=99)["seq"] == 2


def test_a_restored_database_begins_the_board_again(base: Sessions, board: Board) -> None:
    solve(base, "p1", "fixed")
    assert board.snapshot("public")["standings"][0]["points"] == 105
    with base.begin() as session:
        session.execute(text("DELETE FROM fact"))
        session.execute(text("UPDATE exercise SET epoch = 'two', head_seq = 0, head_hash = ''"))
    assert board.snapshot("public")["standings"][0]["points"] == 0


def test_a_team_that_comes_late_has_its_name(base: Sessions, board: Board) -> None:
    solve(base, "p1", "fixed")
    board.advance()
    with base.begin() as session:
        session.add(Participant(id="p4", exercise_id="e", name="Sene", partner="EVRY"))
    add(base, Kind.JOINED, "p4", name="Sene", standing="active")
    solve(base, "p4", "fixed")
    rows = {row["team"]: row for row in board.snapshot("public")["standings"]}
    assert (rows["p4"]["name"], rows["p4"]["partner"], rows["p4"]["rank"]) == ("Sene", "EVRY", 2)


def test_boards_are_made_once_and_only_for_exercises(base: Sessions) -> None:
    boards = Boards(base, lambda digest: RULES)
    assert boards.of("e") is boards.of("e")
    with pytest.raises(NotFound):
        boards.of("none")
