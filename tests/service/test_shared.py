"""What an exercise's teams share: made once, on every team's network, there before the exercise is ready, gone last."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from ncr import db
from ncr.config import Settings
from ncr.exercise import claims
from ncr.exercise.tables import Environment
from ncr.runtime.objects import TEAM, SeenContainer
from ncr.runtime.simulated import SimulatedEngine
from ncr.scenario import loader
from ncr.scoring import conduct, interventions
from tests.stage import TEAMS, Stage, add_teams

DELT = loader.load(Path(__file__).parents[1] / "scenarios" / "delt")


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


@pytest.fixture
def engine(stage: Stage) -> SimulatedEngine:
    assert isinstance(stage.engine, SimulatedEngine)
    return stage.engine


def shared(stage: Stage, exercise_id: str) -> Environment:
    with stage.sessions() as session:
        mine = (Environment.exercise_id == exercise_id, Environment.participant_id.is_(None))
        return session.scalars(select(Environment).where(*mine)).one()


def containers(stage: Stage, service: str) -> list[SeenContainer]:
    found = stage.engine.observe({"ncr.service": service}).containers.values()
    return sorted(found, key=lambda one: one.name)


def networks(stage: Stage, exercise_id: str) -> list[str]:
    """Every team's network of the name that both files have."""
    seen = stage.engine.observe({"ncr.exercise": exercise_id}).networks
    return sorted(name for name, one in seen.items() if name.endswith("-lan") and one.labels[TEAM] != "shared")


def test_it_is_on_every_teams_network_at_addresses_of_its_own(stage: Stage) -> None:
    exercise_id = stage.opened(scenario=DELT)
    [mail], [store], lans = containers(stage, "mail"), containers(stage, "store"), networks(stage, exercise_id)
    assert len(lans) == len(TEAMS)
    assert set(lans) < set(mail.addresses)
    assert not set(lans) & set(store.addresses)
    everybody = stage.engine.observe({}).containers.values()
    given = [address for one in everybody for address in one.addresses.values()]
    assert len(given) == len(set(given))
    assert (shared(stage, exercise_id).state, mail.state) == ("open", "running")


def test_its_services_are_told_the_teams(stage: Stage) -> None:
    stage.opened(scenario=DELT)
    [mail] = containers(stage, "mail")
    told = stage.engine.exec(mail.name, ["printenv", "NCR_TEAMS"]).stdout
    assert (told.strip(), stage.engine.exec(mail.name, ["printenv", "GREETING"]).stdout.strip()) == (
        b"t1 t2 t3",
        b"to t1 t2 t3",
    )


def test_it_comes_back_after_a_teams_reset(stage: Stage) -> None:
    exercise_id = stage.opened(scenario=DELT)
    first = stage.environments(exercise_id)[0]
    with stage.sessions.begin() as session:
        interventions.reset(session, first.id, stage.clock())
    stage.run_until(lambda: stage.states(exercise_id) == ["open"] * 3)
    assert stage.environments(exercise_id)[0].generation == 2
    assert set(networks(stage, exercise_id)) < set(containers(stage, "mail")[0].addresses)


def test_it_comes_back_after_its_own_reset(stage: Stage) -> None:
    exercise_id = stage.opened(scenario=DELT)
    with stage.sessions.begin() as session:
        interventions.reset(session, shared(stage, exercise_id).id, stage.clock())
    stage.run_until(lambda: shared(stage, exercise_id).state == "open")
    assert shared(stage, exercise_id).generation == 2
    assert set(networks(stage, exercise_id)) < set(containers(stage, "mail")[0].addresses)
    assert "reset" not in stage.kinds(exercise_id)


@pytest.mark.parametrize("losing", ["", "*-shared-*", "*mail*"])
def test_it_comes_back_after_the_engine_restarted(stage: Stage, engine: SimulatedEngine, losing: str) -> None:
    exercise_id = stage.opened(scenario=DELT)
    engine.restart(losing=losing)
    stage.run(1)
    stage.run_until(lambda: {*stage.states(exercise_id), shared(stage, exercise_id).state} == {"open"})
    assert set(networks(stage, exercise_id)) < set(containers(stage, "mail")[0].addresses)
    assert {one.state for one in stage.engine.observe({}).containers.values()} == {"running"}


def test_what_fell_off_a_network_is_put_back(stage: Stage, engine: SimulatedEngine) -> None:
    exercise_id = stage.opened(scenario=DELT)
    [mail], lans = containers(stage, "mail"), networks(stage, exercise_id)
    engine.disconnect(mail.name, lans[1])
    stage.run(3)
    [again] = containers(stage, "mail")
    assert again.addresses == mail.addresses


def test_the_exercise_is_not_ready_before_it_is(stage: Stage, engine: SimulatedEngine) -> None:
    engine.misbehave("start", "error", on="*-shared-mail", times=2)
    exercise_id = stage.plan(scenario=DELT)
    stage.run_until(lambda: stage.states(exercise_id) == ["ready"] * 3)
    assert (stage.state(exercise_id), shared(stage, exercise_id).state) == ("preparing", "building")
    stage.run_until(lambda: stage.state(exercise_id) == "ready")
    assert shared(stage, exercise_id).state == "ready"
    assert set(networks(stage, exercise_id)) < set(containers(stage, "mail")[0].addresses)


def test_without_it_there_is_no_exercise(stage: Stage, engine: SimulatedEngine) -> None:
    engine.misbehave("start", "error", on="*-shared-mail", times=100)
    exercise_id = stage.plan(scenario=DELT)
    stage.run_until(lambda: stage.state(exercise_id) == "failed", 300)
    assert "mail" in (stage.exercise(exercise_id).failure or "")
    stage.run_until(lambda: stage.moments(exercise_id)["teardown"] == "done")
    assert (stage.left(), stage.subnets()) == ([], [])


def test_it_stands_still_while_the_exercise_is_paused(stage: Stage) -> None:
    exercise_id = stage.opened(scenario=DELT)
    with stage.sessions.begin() as session:
        conduct.pause(session, exercise_id, stage.clock())
    stage.run(2)
    assert containers(stage, "mail")[0].state == "paused"
    with stage.sessions.begin() as session:
        conduct.resume(session, exercise_id, stage.clock())
    stage.run(2)
    assert containers(stage, "mail")[0].state == "running"


def test_it_goes_after_all_teams_and_nothing_is_left(stage: Stage) -> None:
    exercise_id = stage.opened(scenario=DELT)
    stage.run(75, 5)
    assert stage.moments(exercise_id)["teardown"] == "done"
    turns = [row for row in stage.journal(exercise_id) if row.after == "removed"]
    assert [row.subject for row in turns].index(f"environment:{shared(stage, exercise_id).id}") == len(TEAMS)
    assert (stage.left(), stage.subnets()) == ([], [])


def test_its_checks_and_commands_are_the_teams_alone(stage: Stage) -> None:
    exercise_id = stage.opened(scenario=DELT)
    stage.run(65, 5)
    [checked, *_] = [fact for fact in stage.facts(exercise_id) if fact.kind == "checked"]
    players = {row.participant_id for row in stage.environments(exercise_id)}
    assert set(checked.payload["results"]) == players
    assert set(stage.moment(exercise_id, "touch").outcome) == players


def test_it_is_reckoned_with(tmp_path: Path) -> None:
    site = Settings(_env_file=None, data=tmp_path)
    one, five = claims.needed(DELT, site), claims.needed(DELT, site, 5)
    # Two services of 256 MiB and a gate for each; what is shared is there once.
    assert (one.memory_mib, five.memory_mib) == (2 * (2 * 256 + 64), 6 * (2 * 256 + 64))
    assert (one.networks, five.networks) == (1 + 2, 5 + 2)
