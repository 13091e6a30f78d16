"""The pool keeps what is most practised ready, hands each environment out once, and yields to whatever needs room."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from ncr import access, db
from ncr.access import Viewer
from ncr.errors import NotFound
from ncr.exercise.practice import counts
from ncr.exercise.tables import Environment, Exercise, Participant
from ncr.people.roles import Role
from ncr.runtime.simulated import SimulatedEngine
from ncr.scenario import loader
from tests.service.practice_hall import Hall, add_students
from tests.stage import LITEN, add_teams

ROOMY = 1_048_576


@pytest.fixture
def open_hall(database_url: str, tmp_path: Path) -> Iterator[Any]:
    database = db.connect(database_url)
    sessions = db.sessions(database)
    add_teams(sessions)
    add_students(sessions, ["kari", *(f"s{number}" for number in range(20))])
    made: list[Hall] = []

    def hall(**site: Any) -> Hall:
        hall = Hall(sessions, SimulatedEngine(), tmp_path / "data", **{"pool_size": 1, **site})
        made.append(hall)
        hall.begin()
        hall.run(1)
        return hall

    yield hall
    made[0].end()
    database.dispose()


def practised(hall: Hall) -> str:
    """A first run, so that the scenario is one that is practised; then the pool is filled."""
    run = hall.start("kari")
    hall.run(40, 5)
    hall.run(4)
    return run


def test_what_is_practised_is_kept_ready_and_opens_at_once(open_hall: Any) -> None:
    hall = open_hall()
    assert (hall.pool(), hall.pool("preparing")) == ([], [])
    practised(hall)
    [ready] = hall.pool()
    assert hall.states(ready) == ["ready"]
    assert hall.count("paused") == 3
    run = hall.start("s1")
    assert run == ready
    assert (hall.look(run).state, hall.look(run).exercise_state) == ("running", "running")
    hall.run(1)
    assert hall.look(run).environment == "open"
    with hall.sessions() as session:
        [player] = session.query(Participant).filter_by(exercise_id=run)
        assert (player.user_id, player.name) == ("s1", "S1")
    assert hall.kinds(run)[:2] == ["joined", "opened"]
    # The next one is made in its place.
    hall.run(6)
    assert len(hall.pool()) == 1
    assert hall.pool() != [ready]


def test_no_two_students_get_the_same_environment(open_hall: Any) -> None:
    hall = open_hall(pool_size=8)
    practised(hall)
    ready = set(hall.pool())
    assert len(ready) == 8
    with ThreadPoolExecutor(20) as threads:
        runs = list(threads.map(hall.start, [f"s{number}" for number in range(20)]))
    assert len(set(runs)) == 20
    assert ready <= set(runs)
    hall.run(12)
    assert {hall.look(run).environment for run in runs} == {"open"}
    with hall.sessions() as session:
        players = session.query(Participant.exercise_id, Participant.user_id).filter(Participant.exercise_id.in_(runs))
        assert sorted(user for _, user in players) == sorted(f"s{number}" for number in range(20))


def test_the_pool_is_nobodys_to_see(open_hall: Any) -> None:
    hall = open_hall()
    practised(hall)
    [ready] = hall.pool()
    with hall.sessions() as session:
        for role in (Role.ADMIN, Role.OBSERVER, Role.STUDENT):
            viewer = Viewer(user_id="kari", role=role)
            assert access.visible_exercises(session, viewer) == []
            with pytest.raises(NotFound):
                access.audience(session, viewer, session.get_one(Exercise, ready))
        assert counts(session)["pool-ready"] == 1


def test_a_new_version_takes_the_place_of_the_old(open_hall: Any, tmp_path: Path) -> None:
    hall = open_hall()
    practised(hall)
    [old] = hall.pool()
    folder = tmp_path / "liten"
    shutil.copytree(LITEN, folder)
    text = (folder / "scenario.yml").read_text()
    (folder / "scenario.yml").write_text(text.replace("version: 1.0.0", "version: 1.0.1"))
    hall.scenarios = [loader.load(folder)]
    # Nobody is given the old one any more.
    assert hall.start("s1") != old
    hall.run(40, 5)
    hall.run(4)
    [new] = hall.pool()
    assert new != old
    assert hall.exercise(new).digest == hall.scenarios[0].digest
    assert hall.states(old) == ["removed"]


def test_a_scenario_that_holds_the_teams_name_is_not_built_before_there_is_one(open_hall: Any, tmp_path: Path) -> None:
    hall = open_hall()
    folder = tmp_path / "liten"
    shutil.copytree(LITEN, folder)
    text = (
        (folder / "compose.yml")
        .read_text()
        .replace("    image", "    environment: {WHO: '${NCR_TEAM_NAME}'}\n    image", 1)
    )
    (folder / "compose.yml").write_text(text)
    hall.scenarios = [loader.load(folder)]
    practised(hall)
    assert (hall.pool(), hall.pool("preparing")) == ([], [])


def test_it_yields_to_a_planned_exercise_and_stays_out_of_its_room(open_hall: Any) -> None:
    # Room for four environments of 576 MiB each, promised twice over: the run, and three teams.
    hall = open_hall(reserve_memory_mib=ROOMY - 1160)
    hall.finish(practised(hall))
    hall.run(2)
    assert len(hall.pool()) == 1
    exercises = [hall.plan(starts_at=hall.clock(), prepare_lead_s=0.0, duration_s=300.0)]
    hall.run(8)
    # Beside three teams there is room for one still; a second exercise of one team takes it.
    assert len(hall.pool()) == 1
    run = hall.start("s1")
    assert hall.look(run).exercise_state == "running"
    hall.run(8)
    assert hall.pool() == []
    assert {hall.state(exercise) for exercise in exercises} == {"running"}
    hall.run(330, 15)
    hall.run(6)
    assert len(hall.pool()) == 1


def test_it_gives_room_back_before_an_exercise_is_prepared(open_hall: Any) -> None:
    hall = open_hall(reserve_memory_mib=ROOMY - 870)
    hall.finish(practised(hall))
    hall.run(2)
    assert len(hall.pool()) == 1
    exercise = hall.plan(starts_at=hall.clock(), prepare_lead_s=0.0, duration_s=600.0)
    hall.run(8)
    assert hall.pool() == []
    assert hall.state(exercise) == "running"
    assert hall.states(exercise) == ["open"] * 3


def test_it_yields_to_a_student_of_another_scenario(open_hall: Any, tmp_path: Path) -> None:
    hall = open_hall(reserve_memory_mib=ROOMY - 300)
    hall.finish(practised(hall))
    hall.run(6)
    assert len(hall.pool()) == 1
    folder = tmp_path / "annen"
    shutil.copytree(LITEN, folder)
    (folder / "scenario.yml").write_text((LITEN / "scenario.yml").read_text().replace("id: liten", "id: annen"))
    run = hall.start("s1", loader.load(folder))
    hall.run(8)
    assert hall.look(run).scenario == "annen"
    assert hall.look(run).state == "running"
    assert hall.pool() == []


def test_without_a_pool_what_was_kept_is_taken_down(open_hall: Any) -> None:
    hall = open_hall()
    hall.finish(practised(hall))
    hall.settings = hall.settings.model_copy(update={"pool_size": 0})
    hall.end()
    hall.begin()
    hall.run(4)
    assert (hall.pool(), hall.left()) == ([], [])


def test_an_environment_that_cannot_be_built_is_not_tried_again_at_once(open_hall: Any) -> None:
    hall = open_hall()
    run = hall.start("kari")
    hall.run(6)
    engine = hall.engine
    assert isinstance(engine, SimulatedEngine)
    engine.misbehave("ensure_container", "error", on="*web", times=1000)
    hall.run(120, 5)
    with hall.sessions() as session:
        failed = session.query(Exercise).filter_by(mode="pool", state="failed").count()
    assert failed == 1
    assert hall.look(run).environment == "removed"


def test_what_a_run_shares_with_nobody_is_kept_ready_and_handed_out_with_it(open_hall: Any) -> None:
    hall = open_hall()
    hall.scenarios = [loader.load(LITEN.parent / "delt")]
    hall.run(31)
    run = practised(hall)
    assert hall.look(run).state == "running"
    [ready] = hall.pool()
    # Three containers of the student's, three shared ones.
    assert hall.count("paused") == 6
    given = hall.start("s1")
    assert (given, hall.look(given).environment) == (ready, "ready")
    hall.run(2)
    assert (hall.look(given).environment, hall.count("running")) == ("open", 12)
    for one in (run, given):
        hall.finish(one)
    hall.run(3)
    assert [hall.look(one).environment for one in (run, given)] == ["removed"] * 2
    assert hall.count("running") == 0


def test_a_run_whose_shared_part_is_not_whole_is_not_handed_out(open_hall: Any) -> None:
    hall = open_hall()
    hall.scenarios = [loader.load(LITEN.parent / "delt")]
    hall.run(31)
    practised(hall)
    [ready] = hall.pool()
    with hall.sessions.begin() as session:
        mine = (Environment.exercise_id == ready, Environment.participant_id.is_(None))
        session.execute(update(Environment).where(*mine).values(state="degraded"))
    assert hall.start("s1") != ready
