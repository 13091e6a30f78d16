"""`ncr scenario import`: exit codes, what is told, and that nothing is written when it fails."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ncr.cli import app
from tests.pure.scenario.importers.labs import FILES, lab


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["scenario", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return lab(tmp_path / "guest-book", FILES)


def test_an_import_ends_with_0_passes_the_check_and_tells_every_field(place: Path, tmp_path: Path) -> None:
    code, told = run("import", str(place), "--into", str(tmp_path / "into"))
    assert code == 0
    assert "left    services.web.container_name (`container_name` is dropped" in told
    assert "warning cap_add: docker-compose.yml:29:24: the capability `SYS_PTRACE` is refused" in told
    assert (tmp_path / "into/guest-book.import-report.md").read_text().count("| left |") >= 10
    assert run("check", str(tmp_path / "into/guest-book"))[0] == 0


def test_json_says_the_same(place: Path, tmp_path: Path) -> None:
    code, told = run("import", str(place), "--into", str(tmp_path / "into"), "--id", "other", "--json")
    said = json.loads(told)
    assert (code, said["imported"], said["id"], said["path"]) == (0, True, "other", f"{tmp_path}/into/other")
    assert said["report"] == json.loads((tmp_path / "into/other.import-report.json").read_text())


def test_what_is_refused_ends_with_1_and_writes_nothing(place: Path, tmp_path: Path) -> None:
    (place / "docker-compose.yml").write_text("services:\n  a:\n    image: b\n    privileged: true\n")
    code, told = run("import", str(place), "--into", str(tmp_path / "into"))
    assert code == 1
    assert "docker-compose.yml:4:5: `privileged` is refused" in told
    assert "nothing was written" in told
    code, told = run("import", str(place), "--into", str(tmp_path / "into"), "--json")
    assert (code, json.loads(told)["problems"][0]["where"]) == (1, "docker-compose.yml:4:5")
    assert not (tmp_path / "into").exists()


def test_a_directory_that_is_there_is_never_overwritten(place: Path, tmp_path: Path) -> None:
    kept = tmp_path / "into/guest-book/mine.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("mine")
    code, told = run("import", str(place), "--into", str(tmp_path / "into"))
    assert (code, kept.read_text()) == (1, "mine")
    assert "is there already" in told
    assert [path.name for path in kept.parent.parent.iterdir()] == ["guest-book"]


@pytest.mark.parametrize("path", ["nowhere", "."])
def test_what_is_of_no_format_ends_with_1(tmp_path: Path, path: str) -> None:
    code, told = run("import", str(tmp_path / path), "--into", str(tmp_path / "into"))
    assert code == 1
    assert "to import" in told or "of no format" in told
