"""An Idempotency-Key: the same request is done once, however often and however closely it is sent."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from ncr.exercise.tables import Exercise
from ncr.scoring.tables import FactRow
from tests.service import doors_site
from tests.service.doors_site import Caller, World

KEY = {"idempotency-key": "k-1"}
PLAN = {"scenario": "liten", "title": "Ny", "teams": ["blaa"]}


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> World:
    return doors_site.populate(tmp_path / "data", database_url)


@pytest.fixture
def caller(world: World, database_url: str) -> Iterator[Caller]:
    with doors_site.service(world.folder, database_url) as caller:
        yield caller


def count(caller: Caller, asked: Any) -> int:
    with caller.app.state.site.sessions() as session:
        return int(session.scalar(asked))


def plans(caller: Caller) -> int:
    return count(caller, select(func.count()).select_from(Exercise).where(Exercise.title == "Ny"))


def test_the_same_key_plans_once_and_answers_the_same(caller: Caller) -> None:
    answers = [caller.as_("owner", "POST", "/api/v1/exercises", PLAN, **KEY) for _ in range(3)]
    assert [answer.status for answer in answers] == [201, 201, 201]
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert plans(caller) == 1


def test_the_same_key_sent_eight_times_at_once_plans_once(caller: Caller) -> None:
    answers = caller.together(8, "owner", "POST", "/api/v1/exercises", PLAN, **KEY)
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert plans(caller) == 1


def test_the_same_key_with_another_body_is_refused(caller: Caller) -> None:
    caller.as_("owner", "POST", "/api/v1/exercises", PLAN, **KEY)
    other = caller.as_("owner", "POST", "/api/v1/exercises", {**PLAN, "title": "Ny", "teams": ["roed"]}, **KEY)
    assert other.status == 422
    assert [each["where"] for each in other.json()["errors"]] == ["Idempotency-Key"]
    assert plans(caller) == 1


def test_a_key_belongs_to_whoever_sent_it(caller: Caller) -> None:
    for who in ("owner", "instructor"):
        assert caller.as_(who, "POST", "/api/v1/exercises", PLAN, **KEY).status == 201
    assert plans(caller) == 2


def test_without_a_key_every_request_counts(caller: Caller) -> None:
    for _ in range(2):
        assert caller.as_("owner", "POST", "/api/v1/exercises", PLAN).status == 201
    assert plans(caller) == 2


def test_what_failed_is_not_remembered(caller: Caller) -> None:
    team = {"id": "ny", "name": "Ny", "members": ["finnes-ikke"]}
    assert caller.as_("admin", "POST", "/api/v1/teams", team, **KEY).status == 422
    user = {"login": "finnes-ikke", "name": "Finnes", "role": "student"}
    assert caller.as_("admin", "POST", "/api/v1/users", user).status == 201
    assert caller.as_("admin", "POST", "/api/v1/teams", team, **KEY).status == 201


def test_points_are_given_once(caller: Caller, world: World) -> None:
    path = world.path("/api/v1/exercises/{running}/adjustments")
    body = {"participant": world.ids["player_blaa"], "points": 5, "reason": "hjalp andre"}
    answers = [caller.as_("owner", "POST", path, body, **KEY).json() for _ in range(2)]
    answers += [each.json() for each in caller.together(4, "owner", "POST", path, body, **KEY)]
    assert len({answer["seq"] for answer in answers}) == 1
    adjusted = select(func.count()).select_from(FactRow).where(FactRow.kind == "adjusted")
    assert count(caller, adjusted) == 1


@pytest.mark.parametrize("headers", [{}, KEY], ids=["without-key", "with-key"])
def test_an_answer_sent_again_gets_the_same_verdict_and_counts_once(
    caller: Caller, world: World, headers: dict[str, str]
) -> None:
    path = world.path("/api/v1/exercises/{running}/tasks/find-web/submissions")
    answers = [caller.as_("member", "POST", path, {"answer": "NCR{8080}"}, **headers)]
    answers += caller.together(16, "member", "POST", path, {"answer": "NCR{8080}"}, **headers)
    assert {answer.status for answer in answers} == {200}
    verdicts = [answer.json() for answer in answers]
    assert all(verdict == verdicts[0] for verdict in verdicts)
    assert verdicts[0]["correct"] is True
    assert verdicts[0]["points_now"] == 100
    submitted = select(func.count()).select_from(FactRow).where(FactRow.kind == "submitted")
    assert count(caller, submitted) == 1
