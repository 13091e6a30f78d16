"""What injects do to what teams share, and what checks ask of it: once for all, or for the team that it is about."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ncr import db
from ncr.exercise.tables import Environment
from ncr.runtime.engine import ExecResult
from ncr.runtime.objects import SeenContainer
from ncr.runtime.simulated import SimulatedEngine
from ncr.scenario import loader
from ncr.scenario.shared import SHARED
from ncr.scoring import interventions
from ncr.scoring.agenda import agenda
from tests.service.test_shared import containers, shared
from tests.stage import Stage, add_teams

FELLES = loader.load(Path(__file__).parents[1] / "scenarios" / "felles")


class Commands:
    """What was run where, in order; commands end well."""

    def __init__(self) -> None:
        self.run: list[tuple[str, tuple[str, ...]]] = []

    def __call__(self, seen: SeenContainer, command: Sequence[str], stdin: bytes) -> ExecResult | None:
        self.run.append((seen.name.rsplit("-", 1)[-1], tuple(command)))
        return None

    def of(self, words: str) -> list[str]:
        return [where for where, command in self.run if any(words in word for word in command)]


@pytest.fixture
def commands() -> Commands:
    return Commands()


@pytest.fixture
def stage(database_url: str, tmp_path: Path, commands: Commands) -> Iterator[Stage]:
    database = db.connect(database_url)
    sessions = db.sessions(database)
    add_teams(sessions)
    stage = Stage(sessions, SimulatedEngine(on_exec=commands), tmp_path / "data")
    stage.begin()
    yield stage
    stage.end()
    database.dispose()


def test_a_timed_one_happens_once_and_is_told_as_all_teams(stage: Stage, commands: Commands) -> None:
    exercise_id = stage.opened(scenario=FELLES)
    stage.run(16, 2)
    assert commands.of("all:") == ["attacker"]
    assert {owner: one["state"] for owner, one in stage.moment(exercise_id, "raid").outcome.items()} == {SHARED: "done"}
    facts = [fact for fact in stage.facts(exercise_id) if fact.kind == "injected"]
    assert [(fact.team, fact.payload["inject"]) for fact in facts] == [(None, "raid")]
    with stage.sessions() as session:
        items = agenda(session, stage.exercise(exercise_id), FELLES.definition)
    assert [(one.participant, one.state) for item in items if item.ref == "raid" for one in item.came] == [
        (SHARED, "done")
    ]


def test_one_that_a_team_brings_about_happens_there_for_each_that_does(stage: Stage, commands: Commands) -> None:
    exercise_id = stage.opened(scenario=FELLES)
    stage.solve(exercise_id, 1, "find", "target")
    stage.run(3)
    assert commands.of("touch") == ["target"]
    assert [one.get("state") for one in stage.outcome(exercise_id, "revenge")] == [None, "done", None]
    stage.end()
    stage.begin()
    stage.solve(exercise_id, 0, "find", "target")
    stage.run(3)
    assert commands.of("touch") == ["target"] * 2
    assert [one.get("state") for one in stage.outcome(exercise_id, "revenge")] == ["done", "done", None]
    with stage.sessions.begin() as session:
        interventions.fire(session, exercise_id, "revenge", stage.clock(), who="ine")
    stage.run(3)
    # One mark for each team: none was run twice, and none took another's for its own.
    assert len({command for _, command in commands.run if any("touch" in word for word in command)}) == 3
    assert [one.get("state") for one in stage.outcome(exercise_id, "revenge")] == ["done"] * 3


def test_it_is_stopped_and_started_for_all_and_a_teams_reset_changes_nothing(stage: Stage) -> None:
    exercise_id = stage.opened(scenario=FELLES)
    stage.run(45, 5)
    with stage.sessions.begin() as session:
        interventions.reset(session, stage.environments(exercise_id)[0].id, stage.clock())
    stage.run(8, 2)
    assert stage.states(exercise_id) == ["open"] * 3
    assert [one.state for one in containers(stage, "target")] == ["exited"]
    assert "undone" not in stage.moment(exercise_id, "off").outcome[SHARED]
    stage.run(14, 2)
    assert [one.state for one in containers(stage, "target")] == ["running"]
    assert {stage.moments(exercise_id)[ref] for ref in ("raid", "again", "off", "on")} == {"done"}


def test_its_own_reset_undoes_what_was_stopped_and_says_so(stage: Stage) -> None:
    exercise_id = stage.opened(scenario=FELLES)
    stage.run(46, 2)
    with stage.sessions.begin() as session:
        interventions.reset(session, shared(stage, exercise_id).id, stage.clock())
    stage.run_until(lambda: shared(stage, exercise_id).state == "open")
    assert [one.state for one in containers(stage, "target")] == ["running"]
    assert "undone" in stage.moment(exercise_id, "off").outcome[SHARED]


def test_one_that_is_due_waits_until_what_is_shared_is_open(stage: Stage) -> None:
    exercise_id = stage.opened(scenario=FELLES)
    with stage.sessions.begin() as session:
        session.get_one(Environment, shared(stage, exercise_id).id).state = "degraded"
    with stage.sessions.begin() as session:
        interventions.fire(session, exercise_id, "raid", stage.clock(), who="ine")
    assert stage.director is not None
    stage.director.step()
    with stage.sessions() as session:
        [raid] = [one for one in agenda(session, stage.exercise(exercise_id), FELLES.definition) if one.ref == "raid"]
    assert raid.reason is not None
    assert (raid.state, raid.reason.why, raid.reason.teams) == ("claimed", "environment", (SHARED,))
    stage.run_until(lambda: stage.moments(exercise_id)["raid"] == "done")


def test_its_checks_are_asked_once_for_every_team(stage: Stage, commands: Commands) -> None:
    exercise_id = stage.opened(scenario=FELLES)
    stage.run(12, 2)
    assert commands.of("test ! -e") == ["target"] * 3
    [checked, *_] = [fact for fact in stage.facts(exercise_id) if fact.kind == "checked"]
    assert [one["kept"] for one in checked.payload["results"].values()] == ["up"] * 3
