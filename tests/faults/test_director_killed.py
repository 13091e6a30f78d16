"""Killed by SIGKILL at every named crash point of an exercise's life, the director ends it all the same."""

import json
import signal
from collections import Counter
from multiprocessing import get_context
from pathlib import Path

import pytest
from sqlalchemy import select

from ncr import db
from ncr.director.crashpoints import POINTS
from ncr.exercise.tables import Exercise
from ncr.runtime.simulated import SimulatedEngine
from ncr.scenario import loader
from ncr.scoring import ledger
from tests.faults.director_process import live
from tests.stage import FALL, TEAMS, Stage, add_teams

# Every process is forked from one that has everything imported and no threads.
PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.faults.director_process"])
CONVERGED_WITHIN_S = 30
# The first time is not always the worst: these are also killed at a later one, in the middle of many.
AGAIN = ("build-after-subnets:2", "ensure_network-after:3", "ensure_container-after:5", "start-after:4")
AGAIN += ("pause-after:2", "unpause-after:5", "inject-after-run:2", "round-after-fact:3", "remove_container-after:4")
AGAIN += ("remove_network-after:2", "build-after-commit:4")


@pytest.fixture
def stage(tmp_path: Path, sqlite_template: Path) -> Stage:
    path = tmp_path / "ncr.db"
    path.write_bytes(sqlite_template.read_bytes())
    sessions = db.sessions(db.connect(f"sqlite:///{path}"))
    add_teams(sessions)
    return Stage(sessions, SimulatedEngine(tmp_path / "engine.json"), tmp_path / "data")


def lives(folder: Path, crash_at: str = "") -> int | None:
    """Run a director until it has ended its exercise or died; returns how it ended."""
    process = PROCESSES.Process(target=live, args=(folder, f"sqlite:///{folder / 'ncr.db'}", crash_at))
    process.start()
    process.join(120)
    if process.is_alive():
        process.kill()
        pytest.fail("the director did not end its exercise")
    return process.exitcode


@pytest.mark.parametrize("point", [*POINTS, *AGAIN])
def test_killed_there_it_ends_the_exercise_all_the_same(point: str, stage: Stage, tmp_path: Path):
    exercise_id = stage.plan(scenario=loader.load(FALL), recurrence="1 14 * * *")
    assert lives(tmp_path, point) == -signal.SIGKILL, f"{point} was never reached"
    assert lives(tmp_path) == 0
    assert json.loads((tmp_path / "converged.json").read_text()) <= CONVERGED_WITHIN_S
    assert_ended_well(stage, exercise_id)
    assert_nothing_twice_and_nothing_lost(stage, exercise_id, tmp_path)
    assert stage.left() == []
    assert stage.subnets() == []


def assert_ended_well(stage: Stage, exercise_id: str) -> None:
    assert stage.state(exercise_id) == "finished"
    assert stage.states(exercise_id) == ["removed"] * 3
    assert set(stage.moments(exercise_id).values()) == {"done"}
    with stage.sessions() as session:
        following = session.scalars(select(Exercise).where(Exercise.follows == exercise_id)).all()
        assert [(row.state, row.starts_at.isoformat()) for row in following if row.starts_at] == [
            ("scheduled", "2026-09-02T12:01:00+00:00")
        ]


def assert_nothing_twice_and_nothing_lost(stage: Stage, exercise_id: str, folder: Path) -> None:
    facts = stage.facts(exercise_id)
    assert [fact.seq for fact in facts] == list(range(1, len(facts) + 1))
    assert Counter(fact.kind for fact in facts) == {
        "joined": 3, "opened": 1, "injected": 6 + 2 * 3, "reset": 1, "checked": 6, "finished": 1,
    }  # fmt: skip
    assert sorted(fact.payload["tick"] for fact in facts if fact.kind == "checked") == [1, 2, 3, 4, 5, 6]
    assert len(stage.messages(exercise_id)) == 1 + len(TEAMS)
    run = (folder / "execs.log").read_text().splitlines()
    assert len(run) == len(set(run)) == 2 * len(TEAMS)
    for ref in ("touch", "cut", "kill", "revive", "again", "met", "told"):
        assert [outcome.get("state") for outcome in stage.outcome(exercise_id, ref)] == ["done"] * len(TEAMS), ref
    with stage.sessions() as session:
        assert list(ledger.verify(session, exercise_id)) == []
