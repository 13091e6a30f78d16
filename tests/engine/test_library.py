"""The library: every scenario that comes with the service passes its rehearsal on the real engine."""

from pathlib import Path

import pytest

from ncr import app as composition
from ncr.config import Settings
from ncr.scenario import loader
from tests.command import ncr

LIBRARY = Path(__file__).parents[2] / "scenarios"
SCENARIOS = sorted(path.parent for path in LIBRARY.glob("*/scenario.yml"))


def test_the_library_is_there():
    assert {path.name for path in SCENARIOS} >= {"herding", "losepenge", "nettbutikken", "vannkraft"}


@pytest.mark.parametrize("place", SCENARIOS, ids=lambda place: place.name)
def test_it_is_good_and_play_knows_all_of_it(place: Path):
    scenario = loader.load(place)
    assert scenario.notes == ()
    assert scenario.play is not None
    assert set(scenario.play.solve) == {task.id for task in scenario.definition.tasks if task.graded is None}
    assert set(scenario.play.checks) == {check.id for check in scenario.definition.checks}
    for language in ("nb", "en"):
        assert (place / f"GUIDE.{language}.md").is_file()


@pytest.mark.usefixtures("engine_required")
@pytest.mark.parametrize("place", SCENARIOS, ids=lambda place: place.name)
def test_it_passes_its_rehearsal(place: Path, tmp_path: Path):
    assert differing(place, tmp_path) == []


@pytest.mark.usefixtures("engine_required")
def test_what_a_new_scenario_begins_as_passes_its_rehearsal(tmp_path: Path):
    assert ncr("scenario", "new", "my-lab", "--into", str(tmp_path)).code == 0
    assert differing(tmp_path / "my-lab", tmp_path / "data") == []


def differing(place: Path, data: Path) -> list[tuple[str, str, str]]:
    """The steps of its rehearsal that did not go as they should."""
    report = composition.rehearse(Settings(_env_file=None, data=data), place, lambda step, over: None)
    found = [(step.words, str(step.outcome), step.message) for step in report.steps if step.outcome != "passed"]
    assert report.passed == (not found)
    return found
