"""A student practises: an exercise of one that starts now, waits its turn, and ends itself."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ncr import db
from ncr.errors import Refused, TooMany
from ncr.exercise.practice import Limited, Reason
from ncr.runtime.simulated import SimulatedEngine
from ncr.scenario import loader
from ncr.scoring import practising
from tests.service.practice_hall import Hall, add_students
from tests.stage import LITEN, add_teams

LONG = 3600


@pytest.fixture
def open_hall(database_url: str, tmp_path: Path) -> Iterator[Any]:
    database = db.connect(database_url)
    sessions = db.sessions(database)
    add_teams(sessions)
    add_students(sessions)
    made: list[Hall] = []

    def hall(**site: Any) -> Hall:
        made.append(Hall(sessions, SimulatedEngine(), tmp_path / "data", **site))
        made[0].scenarios = [longer()]
        made[0].begin()
        made[0].run(1)
        return made[0]

    yield hall
    made[0].end()
    database.dispose()


@pytest.fixture
def hall(open_hall: Any) -> Hall:
    found: Hall = open_hall()
    return found


def longer() -> Any:
    scenario = loader.load(LITEN)
    return replace(scenario, definition=scenario.definition.model_copy(update={"duration": LONG}))


def test_a_run_is_built_and_opened_at_once(hall: Hall) -> None:
    run = hall.start("kari")
    assert hall.look(run).state == "queued"
    hall.run(6)
    seen = hall.look(run)
    assert (seen.state, seen.exercise_state, seen.environment) == ("running", "running", "open")
    assert seen.left_s == pytest.approx(LONG, abs=4)
    assert hall.row(run).built_s is not None


def test_a_run_ends_by_its_time_and_leaves_nothing(hall: Hall) -> None:
    run = hall.start("kari")
    hall.run(6)
    for _ in range(4):
        hall.run(LONG / 4, 150)
        hall.touch(run)
    hall.run(6)
    seen = hall.look(run)
    assert (seen.state, seen.ended, seen.environment) == ("finished", "time", "removed")
    assert (hall.left(), hall.subnets()) == ([], [])
    assert hall.kinds(run)[:2] == ["joined", "opened"]
    assert "finished" in hall.kinds(run)[-2:]


def test_injects_come_on_the_students_own_clock(hall: Hall) -> None:
    first = hall.start("kari")
    hall.run(8)
    second = hall.start("ola")
    hall.run(6)
    assert [len(hall.messages(run)) for run in (first, second)] == [1, 0]
    hall.run(10)
    assert [len(hall.messages(run)) for run in (first, second)] == [1, 1]


def test_who_asks_again_gets_the_run_going_on(hall: Hall) -> None:
    run = hall.start("kari")
    assert hall.start("kari") == run
    hall.run(6)
    assert hall.start("kari") == run
    hall.finish(run)
    again = hall.start("kari")
    assert again != run
    assert [(seen.id, seen.ended) for seen in hall.runs("kari")] == [(again, None), (run, "finished")]


def test_two_clicks_at_once_start_one_run(hall: Hall) -> None:
    with ThreadPoolExecutor(2) as threads:
        assert len({future.result() for future in [threads.submit(hall.start, "kari") for _ in range(2)]}) == 1


def test_starting_and_leaving_again_and_again_comes_to_an_end(hall: Hall) -> None:
    for _ in range(20):
        hall.finish(hall.start("kari"))
    with pytest.raises(TooMany):
        hall.start("kari")
    hall.start("ola")
    hall.clock.advance(601)
    hall.start("kari")


def test_the_limits_are_said_with_their_numbers(open_hall: Any) -> None:
    hall = open_hall(practice_runs_per_student=1)
    run = hall.start("kari")
    other = replace(hall.scenarios[0], definition=hall.scenarios[0].definition.model_copy(update={"id": "annen"}))
    with pytest.raises(Limited) as limited:
        hall.start("kari", other)
    assert (limited.value.reason, limited.value.numbers) == (Reason.MOST_RUNS, {"most": 1})
    assert "1 runs going already" in limited.value.detail
    exercise = replace(other, definition=other.definition.model_copy(update={"modes": ("exercise",)}))
    with pytest.raises(Limited) as limited:
        hall.start("ola", exercise)
    assert limited.value.reason == Reason.NOT_FOR_PRACTICE
    with pytest.raises(Limited) as limited:
        hall.extend(run)
    assert limited.value.reason == Reason.NOT_RUNNING


def test_a_site_without_practice_says_so(open_hall: Any) -> None:
    with pytest.raises(Limited) as limited:
        open_hall(practice_runs=0).start("kari")
    assert limited.value.reason == Reason.SITE_CLOSED


def test_a_full_site_lets_them_in_in_the_order_they_asked(open_hall: Any) -> None:
    hall = open_hall(practice_runs=2)
    runs = {}
    for who in ("kari", "ola", "nils", "siri", "per"):
        runs[who] = hall.start(who)
        hall.run(6)
    assert [hall.look(runs[who]).position for who in ("kari", "ola", "nils", "siri", "per")] == [None, None, 1, 2, 3]
    assert [hall.look(runs[who]).state for who in ("kari", "nils")] == ["running", "queued"]
    # The last one leaves the queue; the next is promised the end of the first run.
    hall.finish(runs["siri"])
    assert hall.look(runs["siri"]).ended == "left"
    assert hall.look(runs["per"]).position == 2
    promised = hall.look(runs["nils"]).estimate_s
    assert promised == pytest.approx(LONG, rel=0.02)
    hall.finish(runs["ola"])
    hall.run(6)
    assert [hall.look(runs[who]).state for who in ("nils", "per")] == ["running", "queued"]
    assert hall.look(runs["per"]).position == 1
    hall.finish(runs["kari"])
    hall.run(6)
    assert hall.look(runs["per"]).state == "running"


def test_nobody_overtakes_who_waits_for_more_room(open_hall: Any) -> None:
    hall = open_hall(reserve_memory_mib=1_048_576 - 410)
    small, big = hall.scenarios[0], heavy(hall)
    first = hall.start("kari", small)
    hall.run(6)
    waits, behind = hall.start("ola", big), hall.start("nils", small)
    hall.run(6)
    assert [hall.look(run).state for run in (first, waits, behind)] == ["running", "queued", "queued"]
    hall.finish(first)
    hall.run(6)
    assert [hall.look(run).state for run in (waits, behind)] == ["running", "queued"]


def heavy(hall: Hall) -> Any:
    """A scenario that needs more room than what one small run leaves."""
    folder = hall.folder.parent / "tung"
    folder.mkdir()
    for name in ("scenario.yml", "compose.yml"):
        text = (LITEN / name).read_text().replace("id: liten", "id: tung")
        text = text.replace("networks: [lan]\n    expose", "mem_limit: 450m\n    networks: [lan]\n    expose")
        (folder / name).write_text(text)
    return loader.load(folder)


def test_a_planned_exercise_keeps_its_room(open_hall: Any) -> None:
    # Room for one environment; in half an hour an exercise of three teams needs more than there is.
    hall = open_hall(reserve_memory_mib=1_048_576 - 410)
    start = hall.clock() + timedelta(seconds=1800)
    hall.plan(starts_at=start, prepare_lead_s=600.0, duration_s=60.0, compress=True)
    run = hall.start("kari")
    hall.run(6)
    seen = hall.look(run)
    # Its hour does not fit before the exercise: it waits until that is over.
    assert (seen.state, seen.position) == ("queued", 1)
    assert hall.row(run).turn_at == start + timedelta(seconds=60)
    hall.run(1860, 30)
    hall.run(10)
    assert hall.look(run).state == "running"


def test_a_run_is_extended_so_often_and_not_while_others_wait(open_hall: Any) -> None:
    hall = open_hall(practice_extensions=1, practice_runs=1, practice_extension_s=600)
    run = hall.start("kari")
    hall.run(6)
    waits = hall.start("ola")
    with pytest.raises(Limited) as limited:
        hall.extend(run)
    assert (limited.value.reason, limited.value.numbers) == (Reason.OTHERS_WAIT, {"waiting": 1})
    hall.finish(waits)
    before = hall.look(run)
    hall.extend(run)
    after = hall.look(run)
    assert after.ends_at is not None
    assert before.ends_at is not None
    assert (after.ends_at - before.ends_at).total_seconds() == 600
    assert (before.extensions_left, after.extensions_left) == (1, 0)
    with pytest.raises(Limited) as limited:
        hall.extend(run)
    assert (limited.value.reason, limited.value.numbers) == (Reason.NO_MORE_EXTENSIONS, {"most": 1})


def test_an_extension_yields_to_a_planned_exercise(open_hall: Any) -> None:
    hall = open_hall(reserve_memory_mib=1_048_576 - 410)
    run = hall.start("kari")
    hall.run(6)
    end = hall.look(run).ends_at
    assert end is not None
    hall.plan(starts_at=end.replace(microsecond=0), prepare_lead_s=0.0)
    with pytest.raises(Limited) as limited:
        hall.extend(run)
    assert limited.value.reason == Reason.ROOM_PROMISED


def test_an_idle_run_is_warned_and_closed(open_hall: Any) -> None:
    hall = open_hall(practice_idle_s=1800)
    run = hall.start("kari")
    hall.run(1190, 70)
    said = [message for message in hall.messages(run) if message.inject is None]
    assert said == []
    hall.run(20, 10)
    said = [message for message in hall.messages(run) if message.inject is None]
    assert ["10 min" in text for text in said[0].text.values()] == [True, True]
    # Typing makes it live on, and be warned again.
    hall.touch(run)
    hall.run(1500, 60)
    assert hall.look(run).state == "running"
    assert len([message for message in hall.messages(run) if message.inject is None]) == 2
    hall.run(330, 10)
    seen = hall.look(run)
    assert (seen.state, seen.ended, seen.environment) == ("finished", "idle", "removed")
    assert hall.left() == []


def test_touching_writes_at_most_each_20_s_and_spares_other_exercises(hall: Hall) -> None:
    run = hall.start("kari")
    hall.run(6)
    before = hall.row(run).active_at
    hall.touch(run)
    assert hall.row(run).active_at == before
    hall.run(20, 5)
    hall.touch(run)
    assert hall.row(run).active_at == hall.clock()
    hall.touch(hall.plan())


def test_a_disabled_account_ends_its_runs(hall: Hall) -> None:
    going, waiting = hall.start("kari"), hall.start("ola")
    hall.run(6)
    hall.disable("kari")
    hall.disable("ola")
    hall.run(6)
    assert [(hall.look(run).state, hall.look(run).ended) for run in (going, waiting)] == [("finished", "disabled")] * 2
    assert hall.left() == []


def test_a_run_that_cannot_be_built_says_so_and_can_be_started_again(hall: Hall) -> None:
    engine = hall.engine
    assert isinstance(engine, SimulatedEngine)
    # As often as it is tried.
    engine.misbehave("ensure_container", "error", on="*web", times=5)
    run = hall.start("kari")
    hall.run(60)
    seen = hall.look(run)
    assert seen.state == "failed"
    assert seen.failure
    again = hall.start("kari")
    hall.run(6)
    assert (again != run, hall.look(again).state) == (True, "running")


def test_reset_follows_the_scenarios_limit(hall: Hall) -> None:
    run = hall.start("kari")
    hall.run(6)
    for _ in range(3):
        with hall.sessions.begin() as session:
            practising.reset(session, hall.shelf, run, hall.clock())
        hall.run(6)
    assert (hall.look(run).resets, hall.look(run).generation, hall.look(run).environment) == (3, 4, "open")
    with pytest.raises(Refused, match="3 times"), hall.sessions.begin() as session:
        practising.reset(session, hall.shelf, run, hall.clock())


def test_an_engine_that_stops_keeps_the_queue(open_hall: Any) -> None:
    hall = open_hall(practice_runs=1)
    runs = [hall.start("kari")]
    hall.run(6)
    runs.append(hall.start("ola"))
    engine = hall.engine
    assert isinstance(engine, SimulatedEngine)
    engine.set_down(True)
    hall.finish(runs[0])
    hall.run(10)
    assert hall.look(runs[1]).state == "preparing"
    engine.set_down(False)
    hall.run(10)
    assert hall.look(runs[1]).state == "running"
