"""ctfcli: challenges and events come in with every field told of, answers and values are the same as there."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ncr.cli.scenario import app
from ncr.errors import ScenarioInvalid
from ncr.scenario.importers import formats
from ncr.scenario.importers.ctfcli import format as ctfcli
from ncr.scenario.importers.frame import Draft, write
from ncr.scenario.importers.report import UNKNOWN, Report
from ncr.scenario.model import Task
from ncr.scenario.topology import Scenario
from ncr.scoring.answers import is_right
from ncr.scoring.curves import curve

CONFIG = """\
[config]
url = https://ctf.invalid
access_token = ctfd_very-secret-token

[challenges]
web/bakery = web/bakery
crypto/shift = crypto/shift
pwn/gone = git@code.invalid:pwn/gone.git
"""
BAKERY = """\
name: Bakery counter
author: Kari
category: web
description: The bakery has a counter. Read what it should not tell.
attribution: Built for practice.
value: 500
type: dynamic
extra:
  initial: 500
  decay: 20
  minimum: 100
  function: logarithmic
image: .
protocol: http
host: ssh://root@old.invalid
connection_info: http://old.invalid:8080
healthcheck: health.py
solution: {path: solve.py, state: hidden}
attempts: 10
flags:
  - NCR{sourdough}
  - {type: static, content: "NCR{rye}", data: case_insensitive}
  - {type: regex, content: "NCR{(oat|spelt)+}"}
topics: [SQL injection, T1190]
tags: [easy]
files: [dist/menu.txt]
hints:
  - Look at the order of things.
  - {title: Closer, content: Try a quote., cost: 50, key: h2, requirements: [h1]}
requirements: {prerequisites: [Shifted, 7], anonymize: true}
next: Shifted
scheduled_at: 2026-03-01T18:30:00+01:00
module: Week 9
state: visible
version: "0.1"
colour: brown
"""
SHIFT = """\
name: Shifted
category: crypto
description: "Turn it back: ${key}."
value: 75
type: standard
image: null
flags:
  - 1984
  - {type: static, content: "NCR{second}", data: ""}
logic: all
solution: {path: writeup.md, state: solved}
scheduled_at: 2026-03-01 17:00:00+00:00
version: 0.1
"""
HEALTH = """\
from __future__ import annotations
import sys
print(sys.argv[1:])
sys.exit(0 if sys.argv[2] == "http://bakery-counter:8080" else 7)
"""
FILES = {
    ".ctf/config": CONFIG,
    "web/bakery/challenge.yml": BAKERY,
    "web/bakery/Dockerfile": 'FROM ncr/base:bookworm\nEXPOSE 8080\nCMD ["sleep", "infinity"]\n',
    "web/bakery/app/app.py": "print('bread')\n",
    "web/bakery/health.py": HEALTH,
    "web/bakery/solve.py": "print('NCR{sourdough}')\n",
    "web/bakery/dist/menu.txt": "bread\n",
    "crypto/shift/challenge.yml": SHIFT,
    "crypto/shift/writeup.md": "Turn every letter back.\n",
}


def event(folder: Path, changed: Mapping[str, str] | None = None) -> Path:
    place = folder / "Påske-CTF"
    for name, content in {**FILES, **(changed or {})}.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(content)
    return place


def imported(folder: Path, changed: Mapping[str, str] | None = None) -> tuple[Draft, Report]:
    return ctfcli.read(event(folder, changed))


def scenario_of(folder: Path, changed: Mapping[str, str] | None = None) -> Scenario:
    draft, report = imported(folder, changed)
    return write(draft, report, folder / "into")


def alone(folder: Path, lines: str, files: Mapping[str, str] | None = None) -> Scenario:
    """The scenario of one challenge with these lines besides its name and category."""
    draft, report = ctfcli.read(challenge(folder, lines, files))
    return write(draft, report, folder / "into")


def challenge(folder: Path, lines: str, files: Mapping[str, str] | None = None) -> Path:
    for name, content in {"challenge.yml": f"name: One\ncategory: misc\n{lines}", **(files or {})}.items():
        (folder / "one" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "one" / name).write_text(content)
    return folder / "one"


def problems(place: Path) -> str:
    with pytest.raises(ScenarioInvalid) as error:
        ctfcli.read(place)
    return "\n".join(map(str, error.value.problems))


def tasks(scenario: Scenario) -> dict[str, Task]:
    return {task.id: task for task in scenario.definition.tasks}


def test_an_event_becomes_one_scenario_with_a_service_for_each_image(tmp_path: Path) -> None:
    scenario = scenario_of(tmp_path)
    assert (scenario.definition.id, scenario.definition.authors) == ("paske-ctf", ("Kari",))
    assert list(tasks(scenario)) == ["shifted-1", "shifted", "bakery-counter"]
    assert set(scenario.topology.services) == {"desk", "bakery-counter"}
    built = scenario.topology.services["bakery-counter"]
    assert built.build is not None
    assert [port.number for port in built.ports] == [8080]
    assert {entry.id: entry.web for entry in scenario.definition.entries} == {
        "desk": None,
        "bakery-counter": "bakery-counter:8080",
    }
    context = sorted(path.name for path in (scenario.path / built.build.context).rglob("*") if path.is_file())
    assert context == ["Dockerfile", "app.py", "menu.txt"]
    assert not scenario.notes


def test_every_field_is_told_of_and_only_the_unknown_as_unknown(tmp_path: Path) -> None:
    _, report = imported(tmp_path)
    assert [entry.source for entry in report.entries if entry.why == UNKNOWN] == ["web/bakery.colour"]
    left = {entry.source for entry in report.entries if entry.outcome == "left"}
    assert left == {
        "web/bakery.colour", "web/bakery.host", "web/bakery.next", "web/bakery.module", "web/bakery.version",
        "web/bakery.value", "web/bakery.hints[1].key", "web/bakery.hints[1].requirements",
        "web/bakery.requirements.anonymize", "web/bakery.requirements.prerequisites[1]", "crypto/shift.version",
        "crypto/shift.image", ".ctf/config.config.url", ".ctf/config.config.access_token",
        '.ctf/config.challenges["pwn/gone"]',
    }  # fmt: skip
    assert {warned.trap for warned in report.warnings} == {
        "unknown-requirement",
        "challenge-not-fetched",
        "no-duration",
    }


def test_secrets_of_the_installation_are_copied_nowhere(tmp_path: Path) -> None:
    scenario_of(tmp_path)
    for path in (tmp_path / "into").rglob("*"):
        assert not path.is_file() or b"very-secret-token" not in path.read_bytes()


def test_values_fall_as_they_did_there(tmp_path: Path) -> None:
    points = tasks(scenario_of(tmp_path))["bakery-counter"].points
    assert not isinstance(points, int)
    assert [curve(points)(solves, 0) for solves in (1, 5, 11, 21)] == [500, 484, 400, 100]
    linear = BAKERY.replace("logarithmic", "linear").replace("decay: 20", "decay: 25")
    points = tasks(scenario_of(tmp_path / "linear", {"web/bakery/challenge.yml": linear}))["bakery-counter"].points
    assert not isinstance(points, int)
    assert [curve(points)(solves, 0) for solves in (0, 2, 5, 17)] == [500, 475, 400, 100]


def test_any_of_several_flags_is_right(tmp_path: Path) -> None:
    task = tasks(scenario_of(tmp_path))["bakery-counter"]
    for right in ("NCR{sourdough}", "ncr{RYE}", "NCR{oatspelt}"):
        assert is_right(task, right)
    for wrong in ("NCR{SOURDOUGH}", "xNCR{oat}", "NCR{}", "NCR.sourdough."):
        assert not is_right(task, wrong)


def test_all_flags_are_tasks_of_which_the_last_gives_the_points(tmp_path: Path) -> None:
    found = tasks(scenario_of(tmp_path))
    assert (found["shifted-1"].flag, found["shifted-1"].points) == ("1984", 0)
    assert (found["shifted"].flag, found["shifted"].points) == ("NCR{second}", 75)
    assert found["shifted"].requires == ("shifted-1",)
    assert found["bakery-counter"].requires == ("shifted",)


def test_texts_hints_hand_outs_and_times_come_along(tmp_path: Path) -> None:
    scenario = scenario_of(tmp_path)
    bakery, shift = tasks(scenario)["bakery-counter"], tasks(scenario)["shifted"]
    assert "`http://bakery-counter:8080`" in bakery.text.get("en")
    assert "Built for practice." in bakery.text.get("en")
    assert [(hint.cost, hint.text.get("nb")) for hint in bakery.hints] == [
        (0, "Look at the order of things."), (50, "**Closer**\n\nTry a quote."),
    ]  # fmt: skip
    assert bakery.files == ("files/bakery-counter/menu.txt",)
    assert (bakery.attempts, bakery.attack) == (10, ("T1190",))
    assert [task.opens.seconds for task in (shift, bakery) if task.opens] == [0, 1800]
    assert shift.explanation is not None
    assert "$${key}" in shift.text.get("nb")


def test_solutions_and_health_checks_become_the_rehearsal(tmp_path: Path) -> None:
    scenario = scenario_of(tmp_path)
    assert scenario.play is not None
    run = scenario.play.solve["bakery-counter"].run
    assert run is not None
    assert run.command == ("python3", "/play/bakery-counter.py", "--connection-info", "http://bakery-counter:8080")
    assert scenario.play.solve["shifted"].answer == "NCR{second}"
    assert not is_right(tasks(scenario)["bakery-counter"], str(scenario.play.wrong["bakery-counter"]))
    checks = {check.id: check for check in scenario.definition.checks}
    assert set(checks) == {"bakery-counter-up", "bakery-counter-healthy"}
    script = scenario.path / (checks["bakery-counter-healthy"].probe.script or "")
    assert subprocess.run([sys.executable, script], check=False, capture_output=True).returncode == 0
    script.write_text(script.read_text().replace("bakery-counter:8080'", "elsewhere:8080'"))
    assert subprocess.run([sys.executable, script], check=False, capture_output=True).returncode == 1


def test_a_health_check_that_cannot_run_here_is_left_and_the_port_is_asked(tmp_path: Path) -> None:
    draft, report = imported(tmp_path, {"web/bakery/health.py": "import pwn\n"})
    assert [check["id"] for check in draft.definition["checks"]] == ["bakery-counter-up"]
    assert "needs pwn" in next(one.why for one in report.entries if one.source == "web/bakery.healthcheck")


@pytest.mark.parametrize(
    ("lines", "image", "ports"),
    [
        (
            "image: registry://registry.invalid/a/b:1\nconnection_info: nc old.invalid 9001\n",
            "registry.invalid/a/b:1",
            [9001],
        ),
        ("image: library/nginx:1\nprotocol: http\n", "library/nginx:1", [80]),
        ("image: shop:latest\nprotocol: tcp\n", "shop:latest", []),
    ],
)
def test_images_of_a_registry(tmp_path: Path, lines: str, image: str, ports: list[int]) -> None:
    scenario = alone(tmp_path, f"{lines}flags: [a]\n")
    assert scenario.topology.services["one"].image == image
    assert [port.number for port in scenario.topology.services["one"].ports] == ports


def test_one_challenge_alone_is_a_scenario_too(tmp_path: Path) -> None:
    scenario = alone(tmp_path, "value: 10\nflags: ['NCR{${x}}']\n")
    assert scenario.definition.id == "one"
    assert is_right(tasks(scenario)["one"].model_copy(update={"flag": "NCR{${x}}"}), "NCR{${x}}")
    assert tasks(scenario)["one"].flag == "NCR{$${x}}"
    draft, _ = formats.read(tmp_path / "one" / "challenge.yml")
    assert draft.id == "one"


def test_a_hidden_challenge_stays_shut_and_is_warned_about(tmp_path: Path) -> None:
    secret = "name: Later\ncategory: misc\nstate: hidden\nflags: [a]\n"
    draft, report = imported(tmp_path, {"misc/later/challenge.yml": secret})
    assert [task["opens"] for task in draft.definition["tasks"] if task["id"] == "later"] == ["T-0s"]
    assert "hidden" in {warned.trap for warned in report.warnings}
    write(draft, report, tmp_path / "into")


def test_where_all_are_hidden_none_is_held_back(tmp_path: Path) -> None:
    draft, report = ctfcli.read(challenge(tmp_path, "state: hidden\nflags: [a]\n"))
    assert "opens" not in draft.definition["tasks"][0]
    assert "all-hidden" in {warned.trap for warned in report.warnings}


def test_a_recipe_that_no_image_names_is_told_of(tmp_path: Path) -> None:
    _, report = ctfcli.read(challenge(tmp_path, "flags: [a]\n", {"docker-compose.yml": "services: {}\n"}))
    assert "image-not-named" in {warned.trap for warned in report.warnings}


def test_every_member_submitting_is_warned_about(tmp_path: Path) -> None:
    _, report = ctfcli.read(challenge(tmp_path, "logic: team\nflags: [a]\n"))
    assert "logic-team" in {warned.trap for warned in report.warnings}


def test_a_challenge_without_flags_is_judged_by_people(tmp_path: Path) -> None:
    draft, report = ctfcli.read(challenge(tmp_path, "value: 30\ntype: manual_verification\n"))
    assert draft.definition["tasks"][0]["graded"]["rubric"][0]["max"] == 30
    assert {"no-flags", "plugin-type"} <= {warned.trap for warned in report.warnings}


REFUSED = [
    ("flags: [" + "a, " * 100 + "b]\n", "3:8: are over 100; keep fewer of them"),
    ("flags: [", "challenge.yml:3:9:"),
    ("flags: [a]\nvalue: -5\n", "challenge.yml:4:8: `value` is `-5`; write at least 0"),
    ("flags: [a]\nlogic: most\n", "4:8: `logic: most` is not one of 'any', 'all' or 'team'"),
    ("flags: [{type: regex, content: '(?=a)'}]\n", "3:32: is not a regular expression here"),
    ("flags: [{type: http, content: a}]\n", "3:16: `http` is a plugin's kind of flag"),
    ("flags: [{type: static}]\n", "3:9: `content` is missing"),
    ("flags: [a]\nscheduled_at: 2026-03-01T18:30:00\n", "4:15: `2026-03-01T18:30:00` is no moment with an offset"),
    ("flags: [a]\nscheduled_at: 2026-03-01\n", "4:15: `2026-03-01` is no moment with an offset"),
    ("flags: [a]\nfiles: [gone.txt]\n", "4:9: `gone.txt` is not there"),
    ("flags: [a]\nfiles: [../out.txt]\n", "4:9: `../out.txt` leaves the scenario's directory"),
    ("flags: [a]\nsolution: /etc/passwd\n", "4:11: `/etc/passwd` is not inside the scenario"),
    ("flags: [a]\nrequirements: [One]\n", "4:15: challenges require each other: One → One"),
    ("flags: [a]\ntype: dynamic\nextra: {initial: 10, minimum: 20, decay: 1}\n", "5:31: `minimum` is above `initial`"),
    ("flags: [a]\nstate: secret\n", "4:8: `state: secret` is not one of"),
    ("flags: [a]\nimage: 'a b'\n", "4:8: `a b` is no folder here and no image"),
]


@pytest.mark.parametrize(("lines", "told"), REFUSED)
def test_what_is_wrong_is_refused_with_its_place(tmp_path: Path, lines: str, told: str) -> None:
    assert told in problems(challenge(tmp_path, lines))


def test_what_is_wrong_in_an_event_names_the_challenge_and_nothing_is_written(tmp_path: Path) -> None:
    broken = {
        "crypto/shift/challenge.yml": SHIFT.replace("value: 75", "value: many"),
        "web/bakery/challenge.yml": BAKERY.replace("attempts: 10", "attempts: ["),
    }
    place = event(tmp_path, broken)
    result = CliRunner().invoke(app, ["import", str(place), "--into", str(tmp_path / "into")])
    assert result.exit_code == 1
    assert "crypto/shift/challenge.yml:4:8: `value` must be a whole number" in result.output
    assert "web/bakery/challenge.yml:21:3" in result.output
    assert not (tmp_path / "into").exists()


def test_two_challenges_of_one_name_are_refused(tmp_path: Path) -> None:
    told = problems(event(tmp_path, {"crypto/shift/challenge.yml": SHIFT.replace("Shifted", "Bakery counter")}))
    assert "web/bakery/challenge.yml:1:7: `Bakery counter` is the name of crypto/shift/challenge.yml too" in told


def test_a_broken_configuration_is_told_of_and_not_needed(tmp_path: Path) -> None:
    draft, report = imported(tmp_path, {".ctf/config": "url = a\n"})
    assert len(draft.definition["tasks"]) == 3
    assert [warned.where for warned in report.warnings if warned.trap == "config-unreadable"] == [".ctf/config:1:1"]


def test_an_encrypted_configuration_is_not_needed_either(tmp_path: Path) -> None:
    place = event(tmp_path)
    (place / ".ctf/config").write_bytes(b"\x00GITCRYPT\x00\xff\xfe")
    assert "config-unreadable" in {warned.trap for warned in ctfcli.read(place)[1].warnings}


def test_only_challenges_are_taken_for_challenges(tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text("services: {}\n")
    (tmp_path / "challenge.yml").write_text("services: {}\n")
    assert not ctfcli.recognises(tmp_path / "compose.yml")
    assert not ctfcli.recognises(tmp_path / "challenge.yml")
    (tmp_path / "empty").mkdir()
    assert not ctfcli.recognises(tmp_path / "empty")
