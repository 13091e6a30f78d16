"""Killed while what teams share is made, meets them or is taken away, the director ends the exercise all the same."""

import signal
from pathlib import Path

import pytest

from ncr.scenario import loader
from ncr.scenario.shared import SHARED
from tests.faults.test_director_killed import lives, stage
from tests.stage import Stage

__all__ = ["stage"]
DELT = loader.load(Path(__file__).parents[1] / "scenarios" / "delt")
FELLES = loader.load(Path(__file__).parents[1] / "scenarios" / "felles")
# One shared container goes to three networks when it is made, and to one anew after a team's reset.
WHILE_IT_MEETS = ("connect-before", "connect-after:2", "connect-after:3", "connect-after:4", "shared-after-visit")
# Eleven containers are removed before its own three are.
WHILE_IT_GOES = (
    "remove_container-after:13",
    "remove_network-after:8",
    "remove-before-commit:4",
    "remove-after-commit:4",
)
WHILE_IT_IS_MADE = ("ensure_network-after:1", "ensure_container-after:12", "start-after:12", "pause-after:12")


@pytest.mark.parametrize("point", [*WHILE_IT_MEETS, *WHILE_IT_IS_MADE, *WHILE_IT_GOES])
def test_killed_there_it_ends_and_nothing_is_left(point: str, stage: Stage, tmp_path: Path) -> None:
    exercise_id = stage.plan(scenario=DELT)
    assert lives(tmp_path, point) == -signal.SIGKILL, f"{point} was never reached"
    assert lives(tmp_path) == 0
    assert (stage.state(exercise_id), stage.states(exercise_id)) == ("finished", ["removed"] * 3)
    assert set(stage.moments(exercise_id).values()) == {"done"}
    assert (stage.left(), stage.subnets()) == ([], [])


WHILE_IT_IS_ACTED_ON = ("inject-after-claim", "inject-before-run", "inject-after-run", "inject-half-done")


@pytest.mark.parametrize("point", WHILE_IT_IS_ACTED_ON)
def test_killed_there_what_is_done_to_it_is_done_once(point: str, stage: Stage, tmp_path: Path) -> None:
    exercise_id = stage.plan(scenario=FELLES)
    assert lives(tmp_path, point) == -signal.SIGKILL, f"{point} was never reached"
    assert lives(tmp_path) == 0
    outcomes = [stage.moment(exercise_id, ref).outcome for ref in ("raid", "again", "off", "on")]
    assert [{owner: one["state"] for owner, one in outcome.items()} for outcome in outcomes] == [{SHARED: "done"}] * 4
    [raid] = (tmp_path / "execs.log").read_text().splitlines()
    assert raid.startswith("ncr-test-")
    assert [fact.payload["inject"] for fact in stage.facts(exercise_id) if fact.kind == "injected"] == [
        "raid", "again", "off", "on",
    ]  # fmt: skip
    assert (stage.left(), stage.subnets()) == ([], [])
