"""What a scenario is, byte for byte: its digest, its copy, its images, its schema."""

from pathlib import Path

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from ncr.scenario.digest import copy, digest
from ncr.scenario.images import image_reference, images
from ncr.scenario.loader import load
from ncr.scenario.schema import schema
from tests.pure.scenario.directories import DEFINITION, compose_of, write

BUILT = {"compose.yml": compose_of("build: images/web"), "images/web/Dockerfile": "FROM ncr/base:bookworm\n"}
BUNDLED = sorted(path.parent for path in Path("scenarios").glob("*/scenario.yml"))


def test_the_digest_follows_content_names_and_executable_bits_only(tmp_path: Path) -> None:
    place = write(tmp_path)
    before = digest(place)
    (place / ".git").mkdir()
    (place / ".git" / "HEAD").write_text("x")
    (place / "scenario.yml~").write_text("x")
    (place / "compose.yml").touch()
    assert digest(place) == before
    (place / "compose.yml").chmod(0o755)
    changed = digest(place)
    assert changed != before
    (place / "compose.yml").rename(place / "compose.yaml")
    assert digest(place) not in (before, changed)


def test_a_copy_has_the_same_digest(tmp_path: Path) -> None:
    place = write(tmp_path, {"checks/a.py": "1\n", "__pycache__/x.pyc": "x"})
    copy(place, tmp_path / "there" / "small")
    assert digest(tmp_path / "there" / "small") == digest(place) == load(place).digest
    assert not (tmp_path / "there" / "small" / "__pycache__").exists()


def test_an_image_is_named_by_what_it_is_made_of(tmp_path: Path) -> None:
    scenario = load(write(tmp_path, BUILT))
    need = images(scenario)["web"]
    assert need.reference.startswith("ncr/small-web:")
    assert len(need.reference.rpartition(":")[2]) == 12
    assert need.context == tmp_path / "small" / "images" / "web"
    assert image_reference(scenario, "web") == need.reference
    (tmp_path / "small" / "images" / "web" / "Dockerfile").write_text("FROM ncr/base:bookworm\nRUN true\n")
    assert image_reference(scenario, "web") != need.reference


def test_a_service_without_a_build_needs_its_image_as_written(tmp_path: Path) -> None:
    need = images(load(write(tmp_path)))["web"]
    assert (need.reference, need.context) == ("ncr/base:bookworm", None)


def test_the_schema_accepts_what_the_loader_accepts() -> None:
    validator = jsonschema_rs.validator_for(schema())
    texts = [DEFINITION, *((place / "scenario.yml").read_text() for place in BUNDLED)]
    for text in texts:
        data = YAML(typ="safe", pure=True).load(text)
        assert [error.message for error in validator.iter_errors(data)] == []


@pytest.mark.parametrize(("old", "new"), [("tasks:", "taks:"), ("points: 5", "points: -5"), ("ncr: 1", "ncr: 2")])
def test_the_schema_refuses_what_is_wrong(old: str, new: str) -> None:
    data = YAML(typ="safe", pure=True).load(DEFINITION.replace(old, new))
    assert not jsonschema_rs.validator_for(schema()).is_valid(data)


@pytest.mark.parametrize("place", BUNDLED, ids=[place.name for place in BUNDLED])
def test_every_bundled_scenario_is_good_and_complete(place: Path) -> None:
    scenario = load(place)
    assert scenario.notes == ()
    assert scenario.play is not None
    assert set(scenario.play.solve) == {task.id for task in scenario.definition.tasks if task.graded is None}
    assert set(scenario.play.checks) == {check.id for check in scenario.definition.checks}
