"""Injects of every kind on the simulated engine: once in each environment, held until it is over, and told honestly."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ncr import db
from ncr.runtime.objects import SeenContainer
from ncr.runtime.simulated import SimulatedEngine
from ncr.scenario import loader
from tests.stage import MANGE, Stage, add_teams

CUT_AT, KILL_AT, REVIVE_AT, AGAIN_AT = 40, 120, 180, 210


@pytest.fixture
def engine() -> SimulatedEngine:
    return SimulatedEngine()


@pytest.fixture
def stage(database_url: str, tmp_path: Path, engine: SimulatedEngine) -> Iterator[Stage]:
    database = db.connect(database_url)
    sessions = db.sessions(database)
    add_teams(sessions)
    stage = Stage(sessions, engine, tmp_path / "data")
    stage.begin()
    yield stage
    stage.end()
    database.dispose()


@pytest.fixture
def exercise(stage: Stage) -> str:
    return stage.opened(scenario=loader.load(MANGE))


def to_t(stage: Stage, exercise: str, t_s: float) -> None:
    """Let time pass until the exercise's clock shows `t_s`, and a little for what falls due then."""
    own = stage.exercise(exercise)
    now_s = (stage.clock() - own.starts_at).total_seconds() if own.starts_at else 0.0
    stage.run(t_s - now_s, 5)
    stage.step()
    stage.step()


def boxes(stage: Stage, service: str) -> list[SeenContainer]:
    """The service's container in each team, always in the same order."""
    found = stage.engine.observe({"ncr.service": service}).containers
    return [found[name] for name in sorted(found)]


def is_on(box: SeenContainer) -> bool:
    return any(name.endswith("lan") for name in box.addresses)


def test_every_kind_happens_once_in_every_environment(stage: Stage, engine: SimulatedEngine, exercise: str):
    addresses = [box.addresses for box in boxes(stage, "web")]
    to_t(stage, exercise, CUT_AT)
    assert [is_on(box) for box in boxes(stage, "web")] == [False] * 3
    assert [is_on(box) for box in boxes(stage, "desk")] == [True] * 3
    assert [one["until_t"] - one["t"] for one in stage.outcome(exercise, "cut")] == [60.0] * 3
    to_t(stage, exercise, CUT_AT + 65)
    assert [box.addresses for box in boxes(stage, "web")] == addresses
    to_t(stage, exercise, KILL_AT)
    assert [box.state for box in boxes(stage, "web")] == ["exited"] * 3
    to_t(stage, exercise, REVIVE_AT - 5)
    assert [box.state for box in boxes(stage, "web")] == ["exited"] * 3
    to_t(stage, exercise, REVIVE_AT)
    assert [box.state for box in boxes(stage, "web")] == ["running"] * 3
    engine.calls.clear()
    to_t(stage, exercise, AGAIN_AT)
    assert [box.state for box in boxes(stage, "web")] == ["running"] * 3
    webs = {box.name for box in boxes(stage, "web")}
    assert sorted(engine.calls.count((verb, web)) for verb in ("stop", "start") for web in webs) == [1] * 6
    done = ("run", "cut", "kill", "revive", "again")
    assert {stage.moments(exercise)[ref] for ref in done} == {"done"}
    assert {one["state"] for ref in done for one in stage.outcome(exercise, ref)} == {"done"}
    assert all("back_t" in one for one in stage.outcome(exercise, "cut"))
    assert [row.held for row in stage.environments(exercise)] == [{}] * 3


def test_a_stopped_service_counts_as_down_until_it_is_started(stage: Stage, exercise: str):
    to_t(stage, exercise, REVIVE_AT + 25)
    found = {
        fact.payload["tick"] * 10: set(team["web-up"] for team in fact.payload["results"].values())
        for fact in stage.facts(exercise)
        if fact.kind == "checked"
    }
    assert [found[t] for t in range(KILL_AT + 10, REVIVE_AT, 10)] == [{"down"}] * 5
    assert (found[KILL_AT - 10], found[REVIVE_AT + 10]) == ({"up"}, {"up"})
