"""Engines that restart, vanish, refuse and do things by halves; services that end; strangers and orphans."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ncr import db
from ncr.runtime.objects import FileSpec, NetworkSpec, VolumeSpec
from ncr.runtime.simulated import SimulatedEngine
from ncr.scoring import interventions
from tests.stage import Stage, add_teams


@pytest.fixture
def engine() -> SimulatedEngine:
    return SimulatedEngine()


@pytest.fixture
def stage(sqlite_template: Path, tmp_path: Path, engine: SimulatedEngine) -> Iterator[Stage]:
    path = tmp_path / "ncr.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = db.connect(f"sqlite:///{path}")
    sessions = db.sessions(database)
    add_teams(sessions)
    stage = Stage(sessions, engine, tmp_path / "data")
    stage.begin()
    yield stage
    stage.end()
    database.dispose()


def test_a_service_that_ended_is_started_again_and_its_team_stays_open(stage: Stage, engine: SimulatedEngine):
    exercise = stage.opened()
    web = next(name for name in engine.observe({}).containers if name.endswith("-web"))
    engine.crash(web)
    stage.run(4)
    assert engine.observe({}).containers[web].state == "running"
    assert not [row for row in stage.journal(exercise) if row.after == "degraded"]


def test_a_service_asked_to_restart_is_restarted_once(stage: Stage, engine: SimulatedEngine):
    exercise = stage.opened()
    with stage.sessions.begin() as session:
        interventions.restart(session, stage.environments(exercise)[0].id, "web", stage.clock())
    engine.calls.clear()
    stage.run(4)
    assert [verb for verb, _ in engine.calls].count("stop") == 1
    assert stage.environments(exercise)[0].restart_service is None


def test_the_engine_is_restarted_and_everything_comes_back_proven(stage: Stage, engine: SimulatedEngine):
    exercise = stage.opened()
    stage_time = stage.clock()
    engine.restart(losing="*-desk")
    stage.run(10)
    assert stage.states(exercise) == ["open"] * 3
    assert stage.count("running") == 9
    proven = [row.participant_id for row in stage.environments(exercise) if row.ready_at and row.ready_at > stage_time]
    assert len(proven) == 3
    assert [row.event for row in stage.journal(None)] == ["restored", "restored"]


def test_an_engine_that_is_gone_for_a_while_ends_nothing(stage: Stage, engine: SimulatedEngine):
    exercise = stage.opened()
    engine.set_down(True)
    stage.run(15)
    assert stage.state(exercise) == "running"
    engine.set_down(False)
    engine.restart()
    stage.run(15)
    assert stage.states(exercise) == ["open"] * 3
    assert {row.event for row in stage.journal(None)[1:]} == {"does not answer", "answers again", "restored"}
    assert not {result for fact in stage.facts(exercise) if fact.kind == "checked"
                for team in fact.payload["results"].values() for result in team.values()} & {"down"}  # fmt: skip


def test_an_engine_down_at_the_end_is_cleaned_up_when_it_is_back(stage: Stage, engine: SimulatedEngine):
    exercise = stage.opened()
    engine.set_down(True)
    stage.run(70, 10)
    assert stage.state(exercise) == "finished"
    assert stage.moments(exercise)["teardown"] == "waiting"
    engine.set_down(False)
    stage.run(10)
    assert (stage.left(), stage.moments(exercise)["teardown"]) == ([], "done")


def test_an_image_that_is_missing_fails_the_exercise_before_anything_is_made(stage: Stage, engine: SimulatedEngine):
    engine.misbehave("ensure_image", "error", on="ncr/base:*", times=99)
    exercise = stage.plan()
    stage.run(50, 5)
    assert stage.state(exercise) == "failed"
    assert "ncr/base:bookworm" in (stage.exercise(exercise).failure or "")
    assert not [call for call in engine.calls if call[0] in ("ensure_network", "ensure_container")]
    stage.run(5)
    assert (stage.left(), stage.subnets()) == ([], [])


def test_a_service_that_no_environment_can_have_fails_the_exercise_and_is_rolled_back(
    stage: Stage, engine: SimulatedEngine
):
    engine.misbehave("start", "error", on="*-web", times=999)
    exercise = stage.plan(prepare_lead_s=60.0)
    stage.run(80, 5)
    assert stage.state(exercise) == "failed"
    assert "-web: refused" in (stage.exercise(exercise).failure or "")
    stage.run(10)
    assert (stage.left(), stage.subnets()) == ([], [])


def test_one_teams_failed_environment_keeps_nobody_else_waiting(stage: Stage, engine: SimulatedEngine):
    exercise = stage.plan(prepare_lead_s=60.0)
    stage.step()
    stage.run(1)
    unlucky = stage.environments(exercise)[1]
    gate = next(one for one in engine.observe({"ncr.team": unlucky.participant_id}).containers if one.endswith(".gate"))
    with stage.sessions.begin() as session:
        interventions.reset(session, unlucky.id, stage.clock())
    engine.misbehave("ensure_container", "error", on=gate, times=999)
    stage.run(62, 2)
    assert stage.state(exercise) == "running"
    assert stage.states(exercise) == ["open", "failed", "open"]
    assert "refused" in (stage.environments(exercise)[1].failure or "")


@pytest.mark.parametrize("how", ["error", "late", "half"])
@pytest.mark.parametrize(
    "verb", ["ensure_network", "ensure_container", "start", "pause", "unpause", "remove_container"]
)
def test_an_engine_that_misbehaves_now_and_then_is_borne(stage: Stage, engine: SimulatedEngine, verb: str, how: str):
    engine.misbehave(verb, how, times=2)  # type: ignore[arg-type]
    exercise = stage.plan()
    stage.run(130, 5)
    stage.run(10)
    assert stage.state(exercise) == "finished"
    assert stage.kinds(exercise).count("opened") == 1
    assert stage.left() == []


def test_a_piece_of_the_pool_that_a_stranger_uses_is_left_alone(stage: Stage, engine: SimulatedEngine):
    engine.ensure_network(NetworkSpec("theirs", "br-theirs", "10.128.0.0/24", "team", {}))
    exercise = stage.plan()
    stage.run(60, 5)
    assert stage.states(exercise) == ["open"] * 3
    assert "theirs" in engine.observe({}).networks


def test_an_orphan_is_reaped_when_it_is_old_enough_and_a_strangers_is_not(stage: Stage, engine: SimulatedEngine):
    labels = {"ncr.managed": "1", "ncr.instance": "test", "ncr.exercise": "gone", "ncr.team": "gone"}
    engine.ensure_volume(VolumeSpec("old", labels))
    engine.ensure_volume(VolumeSpec("theirs", {**labels, "ncr.instance": "other"}))
    with engine._store.open() as world:
        for volume in world.vols.values():
            volume.created_at -= 121
    engine.ensure_volume(VolumeSpec("fresh", labels))
    stage.run(3)
    assert set(engine.observe({}).volumes) == {"theirs", "fresh"}


def test_a_container_that_fills_its_disk_is_halted_until_a_reset(stage: Stage, engine: SimulatedEngine):
    exercise = stage.opened()
    web = next(name for name in engine.observe({}).containers if name.endswith("-web"))
    engine.put_files(web, [FileSpec("/srv/big", b"x" * (3 * 2**20))])
    stage.run(5)
    assert engine.observe({}).containers[web].state == "paused"
    row = next(row for row in stage.environments(exercise) if row.health["web"] == "full")
    told = [message for message in stage.messages(exercise) if message.participant_id == row.participant_id]
    assert ["3 MiB" in message.text["nb"] for message in told] == [True]
    with stage.sessions.begin() as session:
        interventions.reset(session, row.id, stage.clock())
    stage.run(4)
    assert engine.observe({}).containers[web].state == "running"
    assert stage.states(exercise) == ["open"] * 3
