"""The director carries an exercise through its whole life on the simulated engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ncr import db
from ncr.runtime.simulated import SimulatedEngine
from tests.stage import Stage, add_teams


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
