"""The library: every scenario that comes with the service passes its rehearsal on the real engine."""

from pathlib import Path

import pytest

from ncr import app as composition
from ncr.config import Settings
from ncr.scenario import loader

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
    report = composition.rehearse(Settings(_env_file=None, data=tmp_path), place, lambda step, over: None)
    assert [(step.words, step.outcome, step.message) for step in report.steps if step.outcome != "passed"] == []
    assert report.passed
