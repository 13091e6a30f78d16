"""A rehearsal waits for room beside what runs or is about to be prepared, and says so."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from ncr import db
from ncr.clock import utcnow
from ncr.exercise import claims, rehearsals
from ncr.exercise.rehearsals import Wait
from ncr.exercise.tables import Machine, Rehearsal
from ncr.runtime.simulated import SimulatedEngine
from ncr.scenario import loader
from ncr.scenario.topology import Scenario
from tests.service import doors_site
from tests.service.doors_site import Caller, World
from tests.service.test_rehearsals import PATH, Rehearser, asked, directed, seen, text
from tests.stage import LITEN, NOON, Stage, add_teams, scenario, settings

SIMULATED_MIB = 1_048_576
TEAM_MIB = 576


@pytest.fixture
def database(database_url: str) -> Iterator[db.Sessions]:
    engine = db.connect(database_url)
    sessions = db.sessions(engine)
    add_teams(sessions)
    yield sessions
    engine.dispose()


def stage_of(sessions: db.Sessions, folder: Path, teams: float) -> tuple[Stage, Rehearser]:
    """A stage on a machine with room for so many teams, whose director can rehearse and has seen the machine."""
    # Twice what is there is promised.
    site = settings(folder, reserve_memory_mib=SIMULATED_MIB - round(teams * TEAM_MIB / 2))
    stage, rehearser = Stage(sessions, SimulatedEngine(), folder, site=site), Rehearser()
    rehearser.go_on.set()
    directed(stage, rehearser)
    stage.step()
    return stage, rehearser


def wait_of(stage: Stage, rehearsal_id: str) -> Wait | None:
    with stage.sessions() as session:
        row = session.get_one(Rehearsal, rehearsal_id)
        return rehearsals.awaited(session, stage.shelf, stage.settings, row, stage.clock())


def test_it_waits_until_an_exercise_that_is_prepared_soon_is_over(database: db.Sessions, tmp_path: Path) -> None:
    stage, rehearser = stage_of(database, tmp_path, 4)
    exercise = stage.plan()
    mine = asked(stage)
    stage.step()
    assert seen(stage, mine).state == "asked"
    assert wait_of(stage, mine) == Wait("room", NOON + timedelta(seconds=120))
    stage.run_until(lambda: stage.state(exercise) == "running")
    assert (seen(stage, mine).state, rehearser.began) == ("asked", [])
    stage.run_until(lambda: stage.state(exercise) == "finished")
    stage.run(2)
    assert seen(stage, mine).state == "passed"
    assert wait_of(stage, mine) is None
    stage.end()


def test_an_exercise_that_is_prepared_much_later_is_not_waited_for(database: db.Sessions, tmp_path: Path) -> None:
    stage, _ = stage_of(database, tmp_path, 4)
    stage.plan(starts_at=NOON + timedelta(hours=2), prepare_lead_s=1800.0)
    mine = asked(stage)
    assert wait_of(stage, mine) is None
    stage.step()
    assert seen(stage, mine).state == "passed"
    stage.end()


def test_it_begins_beside_an_exercise_when_there_is_room_for_both(database: db.Sessions, tmp_path: Path) -> None:
    stage, _ = stage_of(database, tmp_path, 5)
    stage.plan()
    mine = asked(stage)
    stage.step()
    assert seen(stage, mine).state == "passed"
    stage.end()


def test_one_that_is_too_large_for_the_machine_begins_and_fails_by_itself(
    database: db.Sessions, tmp_path: Path
) -> None:
    stage, rehearser = stage_of(database, tmp_path, 1)
    mine = asked(stage)
    assert wait_of(stage, mine) is None
    stage.step()
    assert len(rehearser.began) == 1
    stage.end()


def larger(folder: Path) -> Scenario:
    """One of which a rehearsal takes as much as six teams of the small one."""
    place = folder / "liten"
    shutil.copytree(LITEN, place)
    compose = (place / "compose.yml").read_text()
    (place / "compose.yml").write_text(compose.replace("  web:\n", "  web:\n    mem_limit: 1408m\n"))
    return loader.load(place)


def test_a_smaller_one_that_has_room_goes_before(database: db.Sessions, tmp_path: Path) -> None:
    stage, rehearser = stage_of(database, tmp_path / "data", 8)
    stage.plan()
    with stage.sessions.begin() as session:
        large = rehearsals.ask(session, stage.shelf, larger(tmp_path), stage.clock(), "kari").id
    stage.pass_time(1)
    small = asked(stage)
    stage.step()
    assert (seen(stage, large).state, seen(stage, small).state) == ("asked", "passed")
    assert [path.name for path in rehearser.began] == ["liten"]
    stage.end()


def test_one_that_is_under_way_takes_its_room_from_practice(database: db.Sessions, tmp_path: Path) -> None:
    stage, _ = stage_of(database, tmp_path, 4)
    mine = asked(stage)
    with stage.sessions.begin() as session:
        assert rehearsals.take(session, mine)
        (taken,) = claims.standing(session, stage.shelf, stage.settings, NOON)
    assert taken.need == claims.needed(scenario(), stage.settings, 2)
    assert (taken.start, taken.runs) == (NOON, 0)
    stage.end()


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> World:
    return doors_site.populate(tmp_path / "site", database_url)


@pytest.fixture
def caller(world: World, database_url: str) -> Iterator[Caller]:
    with doors_site.service(world.folder, database_url) as caller:
        yield caller


def test_the_doors_say_what_it_waits_for(caller: Caller) -> None:
    with caller.app.state.site.sessions.begin() as session:
        session.add(Machine(name="engine", memory_mib=5000, cpus=8, networks=100, parallel=2, seen_at=utcnow()))
    made = caller.as_("owner", "POST", PATH).json()
    assert (made["state"], made["waits_for"]) == ("asked", "room")
    assert made["waits_until"] is not None
    page = text(caller, "GET", "/scenarios/liten/rehearsal")
    assert "Generalprøven er bestilt og venter på plass. Det er ventelig plass" in page
    assert "to lag til får ikke plass ved siden av dem" in page
    english = caller.browse("owner", "GET", "/scenarios/liten/rehearsal", **{"accept-language": "en"}).body.decode()
    assert "waits for room" in english
    with caller.app.state.site.sessions.begin() as session:
        session.query(Machine).update({"memory_mib": 500_000, "cpus": 500})
        what = rehearsals.Version("0" * 64, "annen", "1.0.0")
        before = rehearsals.record(session, what, passed=False, now=utcnow(), who=None, report={})
        before.state = "running"
    (listed, *_) = caller.as_("observer", "GET", PATH).json()
    assert (listed["waits_for"], listed["waits_until"]) == ("turn", None)
    assert "begynner når den som er i gang, er ferdig" in text(caller, "GET", "/scenarios/liten/rehearsal")
    with caller.app.state.site.sessions.begin() as session:
        session.query(Rehearsal).filter_by(digest="0" * 64).update({"state": "failed"})
    assert caller.as_("observer", "GET", PATH).json()[0]["waits_for"] is None
