"""`ncr scenario`: exit codes, lines for people and JSON for programs."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ncr.cli import app
from ncr.config import Settings
from ncr.errors import Invalid, Refused
from ncr.exercise.capacity import GATE_MEMORY_MIB
from ncr.scenario.maxima import Maxima
from tests.pure.scenario.directories import write


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["scenario", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def site(monkeypatch: pytest.MonkeyPatch, data: Path, *folders: Path) -> None:
    monkeypatch.setenv("NCR_ENGINE", "simulated")
    monkeypatch.setenv("NCR_DATA", str(data / "data"))
    monkeypatch.setenv("NCR_SCENARIOS", json.dumps([str(folder) for folder in folders]))


def test_a_good_scenario_ends_with_0(tmp_path: Path) -> None:
    code, told = run("check", str(write(tmp_path)))
    assert (code, told.splitlines()[-1]) == (0, f"{tmp_path}/small: good")


def test_a_bad_scenario_ends_with_1_and_every_problem_on_a_line(tmp_path: Path) -> None:
    place = write(tmp_path, {"compose.yml": "services:\n  web: {image: a, pid: host, ipc: host}\n"})
    code, told = run("check", str(place))
    assert code == 1
    assert [line.split(": ")[0] for line in told.splitlines()[:2]] == [
        f"{place}/compose.yml:2:24",
        f"{place}/compose.yml:2:35",
    ]


def test_json_says_the_same(tmp_path: Path) -> None:
    code, told = run("check", "--json", str(write(tmp_path)), str(tmp_path / "nowhere"))
    good, bad = json.loads(told)
    assert code == 1
    assert (good["valid"], good["id"], good["problems"]) == (True, "small", [])
    assert bad["problems"][0]["where"] == "scenario.yml:1:1"


def test_the_schema_is_json() -> None:
    code, told = run("schema")
    assert code == 0
    assert json.loads(told)["properties"].keys() >= {"tasks", "checks", "injects", "duel"}


def test_the_list_shows_the_site_s_scenarios_broken_ones_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    write(tmp_path / "other", {"compose.yml": "services: {}\n"})
    site(monkeypatch, tmp_path, tmp_path, tmp_path / "other")
    code, told = run("list", "--json")
    rows = json.loads(told)
    assert code == 0
    assert (rows[0]["id"], rows[0]["services"], rows[0]["memory_mib"]) == ("small", 1, 256 + GATE_MEMORY_MIB)
    assert rows[0]["images"] == {"needed": 3, "there": 0, "mib": 0.0}
    assert "problem" in rows[1]["problem"]
    code, told = run("list")
    assert code == 0
    assert "0 of 3, 0 MiB" in told


def test_a_new_scenario_is_good_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site(monkeypatch, tmp_path, tmp_path / "mine")
    code, told = run("new", "my-lab")
    assert (code, "ncr scenario check" in told) == (0, True)
    code, told = run("check", str(tmp_path / "mine" / "my-lab"))
    assert (code, told) == (0, f"{tmp_path}/mine/my-lab: good\n")
    assert json.loads(run("new", "other", "--into", str(tmp_path), "--json")[1]) == {
        "id": "other",
        "path": str(tmp_path / "other"),
    }


@pytest.mark.parametrize("id", ["My-Lab", "../out", "", "prøve"])
def test_a_new_scenario_needs_an_id(id: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["scenario", "new", id, "--into", str(tmp_path)])
    assert isinstance(result.exception, Invalid)
    assert "is not an id" in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_a_new_scenario_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "my-lab").mkdir()
    result = CliRunner().invoke(app, ["scenario", "new", "my-lab", "--into", str(tmp_path)])
    assert isinstance(result.exception, Refused)
    assert [path.name for path in tmp_path.rglob("*")] == ["my-lab"]


def test_the_site_s_maxima_hold_in_a_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Maxima() == Maxima.of(Settings(_env_file=None))
    place = write(tmp_path, {"compose.yml": "services:\n  web: {image: a, mem_limit: 3g}\n"})
    monkeypatch.chdir(tmp_path)
    assert run("check", str(place))[0] == 0
    (tmp_path / ".env").write_text("NCR_MAX_MEMORY_MIB=2048\n")
    assert run("check", str(place))[0] == 1
    monkeypatch.setenv("ncr_max_memory_mib", "4096")
    assert run("check", str(place))[0] == 0


@pytest.mark.parametrize("words", [("check",), ("chek",), ("schema", "--nope")])
def test_wrong_usage_ends_with_2(words: tuple[str, ...]) -> None:
    assert run(*words)[0] == 2
