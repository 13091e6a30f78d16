"""Injects of every kind on the simulated engine: once in each environment, held until it is over, and told honestly."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ncr import db
from ncr.errors import Refused
from ncr.runtime.objects import SeenContainer
from ncr.runtime.simulated import SimulatedEngine
from ncr.scenario import loader
from ncr.scoring import conduct, interventions, ledger
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


def test_a_pause_stops_a_cuts_time_and_what_is_stopped_stays_so(stage: Stage, exercise: str):
    to_t(stage, exercise, CUT_AT + 20)
    with stage.sessions.begin() as session:
        conduct.pause(session, exercise, stage.clock())
    stage.run(120, 20)
    assert stage.states(exercise) == ["ready"] * 3
    assert [is_on(box) for box in boxes(stage, "web")] == [False] * 3
    with stage.sessions.begin() as session:
        conduct.resume(session, exercise, stage.clock())
    stage.run(30, 5)
    assert [is_on(box) for box in boxes(stage, "web")] == [False] * 3
    stage.run(20, 5)
    assert [is_on(box) for box in boxes(stage, "web")] == [True] * 3
    assert {round(one["back_t"] - one["t"]) for one in stage.outcome(exercise, "cut")} <= {60, 65}
    stage.run(30, 5)
    assert stage.outcome(exercise, "kill")[0]["state"] == "done"
    with stage.sessions.begin() as session:
        conduct.pause(session, exercise, stage.clock())
    stage.run(10, 5)
    assert stage.states(exercise) == ["ready"] * 3
    with stage.sessions.begin() as session:
        conduct.resume(session, exercise, stage.clock())
    stage.run(10, 5)
    assert stage.states(exercise) == ["open"] * 3
    assert [box.state for box in boxes(stage, "web")] == ["exited"] * 3


@pytest.mark.parametrize("how", ["reset", "lost"])
def test_an_environment_made_anew_is_as_the_scenario_says_and_the_outcome_says_so(
    stage: Stage, engine: SimulatedEngine, exercise: str, how: str
):
    to_t(stage, exercise, CUT_AT + 5)
    first = stage.environments(exercise)[0]
    if how == "reset":
        with stage.sessions.begin() as session:
            interventions.reset(session, first.id, stage.clock())
    else:
        mine = engine.observe({"ncr.team": first.participant_id or "", "ncr.service": "desk"}).containers
        engine.remove_container(next(iter(mine)))
    stage.run(10, 2)
    assert stage.states(exercise) == ["open"] * 3
    where = {box.labels["ncr.team"]: is_on(box) for box in boxes(stage, "web")}
    assert [where[row.participant_id or ""] for row in stage.environments(exercise)] == [True, False, False]
    outcomes = stage.outcome(exercise, "cut")
    assert ["undone" in one for one in outcomes] == [True, False, False]
    assert stage.environments(exercise)[0].held == {}


def test_what_is_stopped_is_started_by_staff_and_not_by_its_team(stage: Stage, exercise: str):
    to_t(stage, exercise, KILL_AT)
    ours, theirs, _ = stage.environments(exercise)
    with stage.sessions.begin() as session:
        interventions.restart(session, ours.id, "web", stage.clock(), who="ine")
    with stage.sessions.begin() as session, pytest.raises(Refused, match="stopped as part of the exercise"):
        interventions.restart(session, theirs.id, "web", stage.clock(), by_team=True)
    stage.run(10, 5)
    found = {box.labels["ncr.team"]: box.state for box in boxes(stage, "web")}
    assert [found[row.participant_id or ""] for row in (ours, theirs)] == ["running", "exited"]


def test_a_condition_is_met_by_each_team_for_itself(stage: Stage, exercise: str):
    to_t(stage, exercise, 5)
    stage.solve(exercise, 1, "find-web", "NCR{8080}")
    stage.run(2)
    assert [one.get("state") for one in stage.outcome(exercise, "solved")] == [None, "done", None]
    said = [message for message in stage.messages(exercise) if message.inject == "solved"]
    winner = stage.environments(exercise)[1].participant_id
    assert [(message.participant_id, message.text["nb"]) for message in said] == [(winner, "Bra, Lag Norsis.")]
    facts = [fact for fact in stage.facts(exercise) if fact.kind == "injected" and fact.payload["inject"] == "solved"]
    assert [fact.team for fact in facts] == [winner]
    assert stage.moments(exercise)["solved"] == "waiting"
    stage.end()
    stage.begin()
    stage.solve(exercise, 0, "find-web", "NCR{8080}")
    stage.run(2)
    with stage.sessions.begin() as session:
        interventions.fire(session, exercise, "solved", stage.clock(), who="ine")
    stage.run(2)
    assert [one.get("state") for one in stage.outcome(exercise, "solved")] == ["done", "done", None]
    assert len([message for message in stage.messages(exercise) if message.inject == "solved"]) == 3
    assert stage.moments(exercise)["solved"] == "done"
    with stage.sessions() as session:
        assert ledger.verify(session, exercise) == []


def test_a_check_that_is_down_for_long_enough_leads_to_its_inject(stage: Stage, exercise: str):
    to_t(stage, exercise, KILL_AT + 25)
    assert stage.moments(exercise)["helped"] == stage.moments(exercise)["noticed"] == "waiting"
    to_t(stage, exercise, REVIVE_AT)
    assert [one["state"] for ref in ("helped", "noticed") for one in stage.outcome(exercise, ref)] == ["done"] * 6
    assert {stage.moments(exercise)[ref] for ref in ("helped", "noticed")} == {"done"}
    assert all(one["exit_code"] == 0 for one in stage.outcome(exercise, "helped"))


def test_one_by_hand_happens_when_it_is_fired_and_once(stage: Stage, exercise: str):
    to_t(stage, exercise, 5)
    for _ in range(2):
        with stage.sessions.begin() as session:
            interventions.fire(session, exercise, "by-hand", stage.clock(), who="ine")
    stage.run(4, 2)
    assert [is_on(box) for box in boxes(stage, "desk")] == [False] * 3
    with stage.sessions.begin() as session, pytest.raises(Refused, match="can no longer be fired"):
        interventions.fire(session, exercise, "by-hand", stage.clock(), who="ine")
    assert [row.event for row in stage.journal(exercise) if row.subject == "inject:by-hand"] == ["fired", "injected"]


def test_an_exercise_that_ends_skips_what_waits_and_keeps_what_happened(stage: Stage, exercise: str):
    to_t(stage, exercise, 5)
    stage.solve(exercise, 1, "find-web", "NCR{8080}")
    stage.run(2)
    with stage.sessions.begin() as session:
        conduct.finish(session, exercise, stage.clock())
    stage.run(5)
    assert {ref: stage.moments(exercise)[ref] for ref in ("solved", "cut", "noticed", "by-hand")} == {
        "solved": "done", "cut": "skipped", "noticed": "skipped", "by-hand": "skipped",
    }  # fmt: skip
    assert stage.left() == []


def test_an_engine_that_refuses_to_stop_a_service_is_told_and_nothing_is_held(
    stage: Stage, engine: SimulatedEngine, exercise: str
):
    to_t(stage, exercise, KILL_AT - 10)
    first = stage.environments(exercise)[0].participant_id or ""
    web = next(name for name in engine.observe({"ncr.team": first}).containers if name.endswith("-web"))
    engine.misbehave("stop", "error", on=web)
    to_t(stage, exercise, KILL_AT + 10)
    assert [one["state"] for one in stage.outcome(exercise, "kill")] == ["failed", "done", "done"]
    assert "refused" in stage.outcome(exercise, "kill")[0]["why"]
    assert [bool(row.held) for row in stage.environments(exercise)] == [False, True, True]


def test_what_drifted_from_what_is_held_is_put_right(stage: Stage, engine: SimulatedEngine, exercise: str):
    to_t(stage, exercise, KILL_AT)
    web = boxes(stage, "web")[0].name
    engine.start(web)
    stage.run(5)
    assert boxes(stage, "web")[0].state == "exited"
    desk = boxes(stage, "desk")[0]
    engine.disconnect(desk.name, next(iter(desk.addresses)))
    stage.run(5)
    assert boxes(stage, "desk")[0].addresses == desk.addresses
