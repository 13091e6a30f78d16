"""Practice by the API: the catalogue, runs, their limits, and giving up a task."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from ncr.clock import utcnow
from ncr.exercise.tables import Exercise
from ncr.people.tables import User
from ncr.scoring import practising
from tests.service import doors_site
from tests.service.doors_site import Answer, Caller, World

TASK = "/tasks/find-web"


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> World:
    return doors_site.populate(tmp_path / "data", database_url)


@pytest.fixture
def caller(world: World, database_url: str) -> Iterator[Caller]:
    with doors_site.service(world.folder, database_url) as caller:
        yield caller


def post(caller: Caller, path: str, body: Any = None, who: str = "student", **headers: str) -> Answer:
    return caller.as_(who, "POST", f"/api/v1/practice{path}", body, **headers)


def get(caller: Caller, path: str, who: str = "student") -> Any:
    answer = caller.as_(who, "GET", f"/api/v1{path}")
    assert answer.status == 200, answer.body
    return answer.json()


def start(caller: Caller, who: str, **headers: str) -> Answer:
    return post(caller, "", {"scenario": "liten"}, who, **headers)


def test_the_catalogue_shows_what_there_is_and_what_was_done(caller: Caller, world: World) -> None:
    [entry] = get(caller, "/practice/catalogue")
    assert (entry["scenario"], entry["title"]["en"], entry["duration_s"]) == ("liten", "A small exercise", 3600)
    assert (entry["runs"], entry["run"], entry["solved"], entry["finished"]) == (1, world.ids["run"], [], False)
    solved = caller.as_("student", "POST", f"/api/v1/exercises/{world.ids['run']}{TASK}/submissions",
                        {"answer": "NCR{8080}"})  # fmt: skip
    assert solved.json()["correct"] is True
    [entry] = get(caller, "/practice/catalogue")
    assert (entry["solved"], entry["best"], entry["tasks"], entry["finished"]) == (["find-web"], 1, 1, True)
    [fresh] = get(caller, "/practice/catalogue", "stranger")
    assert (fresh["runs"], fresh["last_at"], fresh["run"]) == (0, None, None)


def test_a_start_is_a_place_in_the_queue_and_asking_again_is_the_same_run(caller: Caller) -> None:
    first = start(caller, "stranger")
    assert first.status == 201
    run = first.json()
    assert (run["state"], run["position"], run["title"]["nb"]) == ("queued", 1, "En liten øvelse")
    assert start(caller, "stranger").json()["id"] == run["id"]
    assert [each["id"] for each in get(caller, "/practice", "stranger")] == [run["id"]]
    assert get(caller, f"/practice/{run['id']}", "stranger")["participant"] == run["participant"]
    left = post(caller, f"/{run['id']}/finish", who="stranger").json()
    assert (left["state"], left["ended"]) == ("finished", "left")
    assert start(caller, "stranger").json()["id"] != run["id"]


def test_a_key_starts_once_and_answers_the_same_even_after_the_end(caller: Caller) -> None:
    key = {"idempotency-key": "k"}
    run = start(caller, "stranger", **key).json()
    assert post(caller, f"/{run['id']}/finish", who="stranger").status == 200
    assert start(caller, "stranger", **key).json() == run
    assert post(caller, "", {"scenario": "annen"}, "stranger", **key).status == 422


def test_starting_many_times_at_once_is_one_run(caller: Caller) -> None:
    answers = caller.together(8, "stranger", "POST", "/api/v1/practice", {"scenario": "liten"})
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


def test_runs_are_in_nobody_elses_lists(caller: Caller, world: World) -> None:
    run = world.ids["run"]
    for who in ("member", "observer", "instructor", "admin"):
        assert run not in [row["id"] for row in get(caller, "/exercises", who)["items"]]
        if who != "observer":
            assert run not in [row["id"] for row in get(caller, "/practice", who)]


def test_a_limit_is_told_by_name_and_in_words(caller: Caller, world: World) -> None:
    for _ in range(2):
        assert post(caller, f"/{world.ids['run']}/extend").status == 200
    refused = post(caller, f"/{world.ids['run']}/extend")
    assert refused.status == 409
    assert refused.json()["type"] == "urn:ncr:problem:practice-no-more-extensions"
    assert "extended 2 times" in refused.json()["detail"]
    assert get(caller, f"/practice/{world.ids['run']}")["extensions_left"] == 0


def test_an_exercise_is_no_practice_run(caller: Caller, world: World) -> None:
    running = world.ids["running"]
    assert caller.as_("member", "GET", f"/api/v1/practice/{running}").status == 404
    assert post(caller, f"/{running}/finish", who="member").status == 404
    assert post(caller, f"/{running}{TASK}/give-up", who="member").status == 404
    assert get(caller, f"/exercises/{running}", "member")["state"] == "running"


def test_who_gives_up_sees_the_solution_and_gets_no_points_for_it(caller: Caller, world: World) -> None:
    run = world.ids["run"]
    told = post(caller, f"/{run}{TASK}/give-up")
    assert (told.status, told.json()["answer"], told.json()["cost"]) == (200, "NCR{8080}", 100)
    assert post(caller, f"/{run}{TASK}/give-up").json() == told.json()
    answered = caller.as_("student", "POST", f"/api/v1/exercises/{run}{TASK}/submissions", {"answer": "NCR{8080}"})
    assert (answered.json()["correct"], answered.json()["points_now"]) == (True, 0)
    [entry] = get(caller, "/practice/catalogue")
    assert (entry["solved"], entry["finished"]) == ([], False)


def test_what_is_solved_cannot_be_given_up(caller: Caller, world: World) -> None:
    run = world.ids["run"]
    assert (
        caller.as_("student", "POST", f"/api/v1/exercises/{run}{TASK}/submissions", {"answer": "NCR{8080}"}).json()[
            "points_now"
        ]
        == 100
    )
    assert post(caller, f"/{run}{TASK}/give-up").status == 409
    assert post(caller, f"/{run}/tasks/nei/give-up").status == 404


def test_metrics_count_practice_and_not_the_pool_among_exercises(caller: Caller) -> None:
    site = caller.app.state.site
    with site.sessions.begin() as session:
        id = practising.start(
            session, site.shelf, site.settings, site.scenarios()[0], user(session, "stranger"), utcnow()
        )
        session.execute(update(Exercise).where(Exercise.id == id).values(mode="pool", state="ready"))
    text = caller.as_("admin", "GET", "/api/v1/metrics").body.decode()
    assert 'ncr_practice{state="pool-ready"} 1\n' in text
    assert 'ncr_practice{state="running"} 1\n' in text
    assert 'ncr_exercises{state="ready"}' not in text
    assert caller.as_("admin", "GET", f"/api/v1/exercises/{id}").status == 404


def user(session: Any, login: str) -> str:
    return str(session.query(User.id).filter_by(login=login).scalar())


def test_a_closed_run_takes_no_time(caller: Caller, world: World) -> None:
    site = caller.app.state.site
    with site.sessions.begin() as session:
        past = utcnow() - timedelta(hours=2)
        session.execute(update(Exercise).where(Exercise.id == world.ids["run"]).values(clock_at=past))
    assert get(caller, f"/practice/{world.ids['run']}")["left_s"] == 0


def test_what_stopped_a_run_is_for_staff(caller: Caller, world: World) -> None:
    with caller.app.state.site.sessions.begin() as session:
        values = {"state": "failed", "failure": "desk: NCR{8080}", "ended_at": utcnow()}
        session.execute(update(Exercise).where(Exercise.id == world.ids["run"]).values(**values))
    seen = get(caller, f"/practice/{world.ids['run']}")
    assert (seen["state"], seen["failure"]) == ("failed", None)
    assert get(caller, "/practice")[0]["failure"] is None
    assert get(caller, f"/practice/{world.ids['run']}", "admin")["failure"] == "desk: NCR{8080}"
