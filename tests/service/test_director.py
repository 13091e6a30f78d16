"""The director carries an exercise through its whole life on the simulated engine."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from ncr import db
from ncr.clock import utcnow
from ncr.director.clockwork import Clockwork
from ncr.director.director import Director
from ncr.director.ear import ear
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Exercise, Participant
from ncr.runtime.simulated import SimulatedEngine
from ncr.scenario import loader
from ncr.scoring import conduct, interventions
from tests.stage import LITEN, NOON, Stage, add_teams, eventually, settings


@pytest.fixture
def stage(database_url: str, tmp_path: Path) -> Iterator[Stage]:
    database = db.connect(database_url)
    sessions = db.sessions(database)
    add_teams(sessions)
    stage = Stage(sessions, SimulatedEngine(), tmp_path / "data")
    stage.begin()
    yield stage
    stage.end()
    database.dispose()


def test_an_exercise_lives_from_plan_to_teardown(stage: Stage):
    exercise = stage.plan()
    assert stage.state(exercise) == "scheduled"
    stage.run(29)
    assert stage.left() == []
    stage.run(10)
    assert stage.state(exercise) == "ready"
    assert stage.states(exercise) == ["ready"] * 3
    stage.run(21)
    assert stage.state(exercise) == "running"
    assert stage.states(exercise) == ["open"] * 3
    stage.run(60)
    assert stage.state(exercise) == "finished"
    stage.run(3)
    assert stage.states(exercise) == ["removed"] * 3
    assert stage.left() == []
    assert stage.subnets() == []
    assert set(stage.moments(exercise).values()) == {"done"}
    kinds = stage.kinds(exercise)
    assert kinds[:4] == ["joined"] * 3 + ["opened"]
    assert {kind: kinds.count(kind) for kind in kinds[4:]} == {"injected": 2, "checked": 6, "finished": 1}


@pytest.fixture
def engine(stage: Stage) -> SimulatedEngine:
    assert isinstance(stage.engine, SimulatedEngine)
    return stage.engine


def test_ready_environments_are_held_until_the_start(stage: Stage, engine: SimulatedEngine):
    stage.plan()
    stage.run(50, 5)
    assert stage.count("paused") == 9
    stage.run(10, 5)
    assert stage.count("running") == 9


def test_words_arrive_once_and_commands_run_in_every_environment(stage: Stage, engine: SimulatedEngine):
    exercise = stage.opened()
    stage.run(30, 2)
    assert [message.text["nb"] for message in stage.messages(exercise)] == ["Noen ringer."]
    outcomes = stage.moment(exercise, "touch").outcome
    assert {row.participant_id for row in stage.environments(exercise)} == set(outcomes)
    assert {outcome["state"] for outcome in outcomes.values()} == {"done"}


def test_a_paused_exercise_is_frozen_and_nothing_falls_due(stage: Stage, engine: SimulatedEngine):
    exercise = stage.opened()
    with stage.sessions.begin() as session:
        conduct.pause(session, exercise, stage.clock())
    stage.run(300, 30)
    assert stage.states(exercise) == ["ready"] * 3
    assert stage.count("paused") == 9
    assert (stage.messages(exercise), stage.kinds(exercise).count("checked")) == ([], 0)
    with stage.sessions.begin() as session:
        conduct.resume(session, exercise, stage.clock())
    stage.run(70, 5)
    assert stage.state(exercise) == "finished"
    assert stage.kinds(exercise).count("checked") == 6


def test_an_extended_exercise_closes_later(stage: Stage):
    exercise = stage.opened()
    with stage.sessions.begin() as session:
        conduct.extend(session, exercise, 40, stage.clock())
    stage.run(95, 5)
    assert stage.state(exercise) == "running"
    stage.run(10, 5)
    assert stage.state(exercise) == "finished"
    assert stage.kinds(exercise).count("checked") == 10


def test_a_cancelled_exercise_leaves_nothing(stage: Stage):
    exercise = stage.plan()
    stage.run(40, 5)
    assert stage.left()
    with stage.sessions.begin() as session:
        conduct.cancel(session, exercise, stage.clock())
    stage.run(5)
    assert (stage.left(), stage.subnets(), stage.states(exercise)) == ([], [], ["removed"] * 3)


def test_launched_it_opens_as_soon_as_it_is_ready(stage: Stage):
    exercise = stage.plan(starts_at=None)
    with stage.sessions.begin() as session:
        conduct.launch(session, exercise, stage.clock())
    stage.run(6)
    assert stage.state(exercise) == "running"
    assert stage.exercise(exercise).lateness_ms == 0


def test_a_reset_environment_is_made_anew_and_opened(stage: Stage, engine: SimulatedEngine):
    exercise = stage.opened()
    before = set(engine.observe({"ncr.generation": "1"}).containers)
    mine = stage.environments(exercise)[0]
    with stage.sessions.begin() as session:
        interventions.reset(session, mine.id, stage.clock())
    stage.run(4)
    assert stage.states(exercise) == ["open"] * 3
    assert set(engine.observe({"ncr.generation": "2"}).containers) < before
    assert len(engine.observe({"ncr.generation": "1"}).containers) == 6


def test_a_start_missed_while_down_begins_at_once_and_says_how_late(stage: Stage):
    exercise = stage.plan()
    stage.run(40, 5)
    stage.end()
    stage.pass_time(50)
    stage.begin()
    stage.run(3)
    assert stage.state(exercise) == "running"
    assert stage.exercise(exercise).lateness_ms == pytest.approx(31_000, abs=1000)
    assert stage.exercise(exercise).duration_s == 60
    assert any("31.0 s late" in (row.why or "") for row in stage.journal(exercise))
    stage.run(30, 5)
    assert stage.state(exercise) == "finished"
    checked = {fact.payload["tick"] for fact in stage.facts(exercise) if fact.kind == "checked"}
    assert checked == {1, 2, 3, 4, 5, 6}


def test_ticks_nobody_was_there_for_are_unknown(stage: Stage):
    exercise = stage.opened()
    stage.end()
    stage.pass_time(35)
    stage.begin()
    stage.run(2)
    told = {fact.payload["tick"]: fact.payload["results"] for fact in stage.facts(exercise) if fact.kind == "checked"}
    assert {state for tick in (1, 2) for team in told[tick].values() for state in team.values()} == {"unknown"}
    assert {state for team in told[3].values() for state in team.values()} == {"up"}


def test_a_whole_exercise_missed_fails_and_makes_nothing(stage: Stage):
    exercise = stage.plan()
    stage.end()
    stage.pass_time(3600)
    stage.begin()
    stage.run(2)
    assert stage.state(exercise) == "failed"
    assert stage.exercise(exercise).failure == "its whole time passed before it could begin"
    assert stage.left() == []


def test_words_of_a_team_are_filled_in_for_each_team_and_read_by_it_alone(stage: Stage, tmp_path: Path):
    place = shutil.copytree(LITEN, tmp_path / "liten")
    text = (place / "scenario.yml").read_text()
    text = text.replace("say: {nb: Noen ringer., en:", "say: {nb: '${NCR_TEAM_NAME}, pumpe ${pump}.', en:")
    text = text.replace("en: A call}", "en: 'A call for ${NCR_TEAM}'}")
    text += "variables: {pump: {kind: number, min: 1, max: 1000000}}\n"
    (place / "scenario.yml").write_text(text)
    exercise = stage.opened(scenario=loader.load(place))
    stage.run(30, 2)
    with stage.sessions() as session:
        players = {row.id: row for row in session.scalars(select(Participant))}
    messages = stage.messages(exercise)
    assert {message.participant_id for message in messages} == set(players)
    for message in messages:
        player = players[message.participant_id or ""]
        assert message.text["nb"].startswith(f"{player.name}, pumpe ")
        assert (message.title or {})["en"] == f"A call for {player.team_id}"
    assert len({message.text["nb"].rpartition(" ")[2] for message in messages}) == 3
    assert stage.kinds(exercise).count("injected") == 2


def test_a_clock_that_jumps_back_undoes_nothing(stage: Stage):
    exercise = stage.opened()
    stage.run(15, 5)
    stage.clock.advance(-3600)
    stage.step()
    assert stage.state(exercise) == "running"
    stage.run(50, 5)
    assert stage.state(exercise) == "finished"
    assert len(stage.messages(exercise)) == 1
    assert stage.kinds(exercise).count("checked") == 6
    assert any("jumped" in row.event and "-3600" in (row.why or "") for row in stage.journal(exercise))
    assert [fact.t for fact in stage.facts(exercise)] == sorted(fact.t for fact in stage.facts(exercise))


def test_a_clock_that_jumps_forward_is_written_down(stage: Stage):
    exercise = stage.opened()
    stage.clock.advance(20)
    stage.step()
    assert any("+20.0 s" in (row.why or "") for row in stage.journal(exercise))
    assert stage.state(exercise) == "running"


def test_two_directors_on_one_database_do_everything_once(stage: Stage, tmp_path: Path):
    other = Director(
        stage.sessions, stage.engine, settings(tmp_path / "other"), Shelf(stage.shelf.folder),
        instance="test", clock=stage.clock, steady=lambda: stage.steady_s,
    )  # fmt: skip
    other.start()
    exercise = stage.plan()
    for _ in range(28):
        stage.run(5, 5)
        assert other.step() is False
    other.stop()
    assert stage.state(exercise) == "finished"
    kinds = stage.kinds(exercise)
    assert (kinds.count("opened"), kinds.count("checked"), len(stage.messages(exercise))) == (1, 6, 1)


def test_the_next_occurrence_of_a_recurring_exercise_is_planned_once(stage: Stage):
    first = stage.plan(recurrence="1 14 * * *")
    stage.run(90, 5)
    with stage.sessions() as session:
        following = session.scalars(select(Exercise).where(Exercise.follows == first)).all()
    assert [(row.state, row.starts_at) for row in following] == [("scheduled", NOON + timedelta(days=1, seconds=60))]


def test_the_clockwork_opens_an_exercise_on_its_second(database_url: str, tmp_path: Path):
    database = db.connect(database_url)
    sessions = db.sessions(database)
    add_teams(sessions)
    stage = Stage(sessions, SimulatedEngine(), tmp_path / "data")
    stage.clock = utcnow  # type: ignore[assignment]
    director = Director(sessions, stage.engine, stage.settings, stage.shelf, instance="test")
    clockwork = Clockwork(director, 1.0, utcnow, ear(stage.sessions.kw["bind"]))
    exercise = stage.plan(starts_at=utcnow() + timedelta(seconds=6), duration_s=4.0, compress=True)
    clockwork.start()
    try:
        with eventually(30) as wait:
            wait(lambda: stage.moments(exercise)["teardown"] == "done")
        assert stage.state(exercise) == "finished"
        lateness_ms = stage.exercise(exercise).lateness_ms
        assert lateness_ms is not None
        assert lateness_ms < 5000
    finally:
        clockwork.stop()
        database.dispose()
