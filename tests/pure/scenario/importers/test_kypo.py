"""KYPO: topologies and linear trainings come in, every row is checked, every field is told of."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ncr.cli.scenario import app
from ncr.errors import ScenarioInvalid
from ncr.scenario.importers import formats
from ncr.scenario.importers.frame import Draft, write
from ncr.scenario.importers.imagetable import NO_TABLE, ImageTable, read_table
from ncr.scenario.importers.kypo import format as kypo
from ncr.scenario.importers.report import UNKNOWN, Report
from ncr.scenario.model import Task
from ncr.scenario.topology import Scenario
from ncr.scoring.answers import is_right

TOPOLOGY = """\
name: archive-lab
hosts:
  - name: workstation
    base_box: {image: kali-box, mgmt_user: kari, mgmt_protocol: SSH}
    flavor: standard.small1x1
    block_internet: true
  - name: archive
    base_box: {image: debian-box, man_user: drift}
    flavor: archive
    volumes: [{size: 20}]
    extra: {role: files}
  - name: ghost
    base_box: {image: debian-box}
    hidden: true
routers:
  - {name: edge, base_box: {image: debian-box}, flavor: standard.tiny1x1}
wan: {name: wan, cidr: 100.100.100.0/24}
networks:
  - {name: users, cidr: 10.10.20.0/24, accessible_by_user: true}
  - {name: servers, cidr: 10.10.30.0/24, accessible_by_user: false, hidden: true}
net_mappings:
  - {host: workstation, network: users, ip: 10.10.20.5}
  - {host: archive, network: servers, ip: 10.10.30.5}
  - {host: ghost, network: users, ip: 10.10.20.6}
router_mappings:
  - {router: edge, network: users, ip: 10.10.20.1}
  - {router: edge, network: servers, ip: 10.10.30.1}
groups:
  - {name: all-servers, nodes: [archive, edge]}
monitoring_targets:
  tcp:
    - {node: archive, targets: [{port: 22, interface: eth0}]}
    - {node: edge, targets: [{port: 22, address: 10.10.30.1}]}
  icmp: [{node: archive, targets: [{address: 10.10.30.5}]}]
  http: {targets: [{url: "http://10.10.30.5:8080/ready?full=1", check_string: ready}, {url: "http://elsewhere.invalid/"}]}
"""
CONTAINERS = """\
containers:
  - {name: web, image: "registry.invalid/web:1"}
  - {name: mail, dockerfile: mail-server}
container_mappings:
  - {container: web, host: archive, port: 2222, hidden: true}
  - {container: mail, host: archive, port: 2223}
hide_all: false
"""
VARIABLES = """\
secret_word: {type: password, length: 10, prohibited: [letmein]}
door: {type: port}
spare: {type: username}
"""
TRAINING: dict[str, Any] = {
    "title": "Arkivet på loftet",
    "description": "Find what the archive hides.",
    "prerequisites": ["A little Linux"],
    "outcomes": ["Find open ports", "Read a log"],
    "state": "RELEASED",
    "show_stepper_bar": True,
    "variant_sandboxes": True,
    "levels": [
        {
            "title": "Welcome", "level_type": "INFO_LEVEL", "order": 0, "estimated_duration": 5,
            "content": "Hello \U0001f5c4️",
        },
        {
            "title": "Getting in", "level_type": "ACCESS_LEVEL", "order": 1, "passkey": "open-sesame",
            "cloud_content": "Type the word.", "local_content": "Start your own machine.", "estimated_duration": 1,
        },
        {
            "title": "Open ports", "level_type": "TRAINING_LEVEL", "order": 3, "flag": "8080", "variant_answers": False,
            "content": "Which port?", "solution": "Scan it with ${tool}.", "solution_penalized": True, "max_score": 20,
            "hints": [
                {"title": "Second", "content": "nmap", "hint_penalty": 10, "order": 1},
                {"title": "First", "content": "scan", "hint_penalty": 5, "order": 0},
            ],
            "incorrect_answer_limit": 7, "attachments": ["map.png"], "commands_required": True,
            "mitre_techniques": [{"technique_key": "TA0043.T1595.001"}, "TA0007.T1046"], "expected_commands": ["nmap"],
            "reference_solution": [
                {"state_name": "told", "prereq_state": ["seen"], "cmd": "echo done", "cmd_type": "bash-command"},
                {"state_name": "seen", "prereq_state": [], "cmd": "nmap archive", "cmd_type": "bash-command"},
                {"state_name": "extra", "cmd": "rm -rf /", "optional": True},
            ],
            "estimated_duration": 20, "minimal_possible_solve_time": 2,
        },
        {"title": "In between", "level_type": "INFO_LEVEL", "order": 2, "content": "Well opened."},
        {
            "title": "The word", "level_type": "TRAINING_LEVEL", "order": 4, "variant_answers": True,
            "answer_variable_name": "secret_word", "content": "Which word?", "solution": "Read the log.",
            "solution_penalized": False, "hints": [], "incorrect_answer_limit": 0, "max_score": 30,
        },
        {
            "title": "What have you learnt", "level_type": "ASSESSMENT_LEVEL", "order": 5, "assessment_type": "TEST",
            "instructions": "Answer all.",
            "questions": [
                {"question_type": "MCQ", "text": "Which are protocols?", "points": 4, "penalty": 1, "order": 1,
                 "answer_required": True,
                 "choices": [{"text": "SSH", "correct": True, "order": 0}, {"text": "loft", "order": 1},
                             {"text": "HTTP", "correct": True, "order": 2}]},
                {"question_type": "FFQ", "text": "The port of SSH?", "points": 2, "order": 0,
                 "choices": [{"text": "22", "correct": True}, {"text": "twenty-two", "correct": True}]},
                {"question_type": "EMI", "text": "Match.", "points": 5, "order": 2,
                 "extended_matching_options": [{"text": "80", "order": 0}, {"text": "22", "order": 1}],
                 "extended_matching_statements": [
                     {"text": "HTTP", "order": 0, "correct_option_order": 0},
                     {"text": "SSH", "order": 1, "correct_option_order": 1}]},
            ],
        },
        {
            "title": "How was it", "level_type": "ASSESSMENT_LEVEL", "order": 6, "assessment_type": "QUESTIONNAIRE",
            "instructions": "Tell us.", "questions": [{"question_type": "FFQ", "text": "Was it fun?"}],
        },
        {"title": "Goodbye", "level_type": "INFO_LEVEL", "order": 7, "content": "Thank you."},
    ],
}  # fmt: skip
FILES = {
    "topology.yml": TOPOLOGY,
    "containers.yml": CONTAINERS,
    "variables.yml": VARIABLES,
    "training.json": json.dumps(TRAINING, indent="\t"),
}


def sandbox(folder: Path, changed: Mapping[str, str | None] | None = None) -> Path:
    place = folder / "lab"
    place.mkdir(parents=True)
    for name, content in {**FILES, **(changed or {})}.items():
        if content is not None:
            (place / name).write_text(content)
    return place


def imported(folder: Path, changed: Mapping[str, str | None] | None = None) -> tuple[Draft, Report]:
    return kypo.read(sandbox(folder, changed))


def scenario_of(
    folder: Path, changed: Mapping[str, str | None] | None = None, table: ImageTable = NO_TABLE
) -> Scenario:
    draft, report = kypo.read(sandbox(folder, changed), table)
    return write(draft, report, folder / "into")


def problems(folder: Path, changed: Mapping[str, str | None], table: ImageTable = NO_TABLE) -> str:
    with pytest.raises(ScenarioInvalid) as error:
        kypo.read(sandbox(folder, changed), table)
    return "\n".join(map(str, error.value.problems))


def with_level(number: int, **members: Any) -> str:
    """The training, on one line, with members of a level changed."""
    levels = [dict(level) for level in TRAINING["levels"]]
    levels[number] |= members
    return json.dumps({**TRAINING, "levels": [{k: v for k, v in one.items() if v is not None} for one in levels]})


def tasks(scenario: Scenario) -> dict[str, Task]:
    return {task.id: task for task in scenario.definition.tasks}


def test_hosts_networks_and_addresses_come_in(tmp_path: Path) -> None:
    topology = scenario_of(tmp_path).topology
    assert {name: network.subnet for name, network in topology.networks.items()} == {
        "users": "10.10.20.0/24", "servers": "10.10.30.0/24",
    }  # fmt: skip
    assert set(topology.services) == {"workstation", "archive", "ghost", "web-archive", "mail-archive"}
    workstation = topology.services["workstation"]
    assert workstation.networks["users"].ipv4 == "10.10.20.5"
    assert (workstation.hostname, workstation.cpus, workstation.memory_mib) == ("workstation", 1.0, 1024)
    assert topology.services["web-archive"].image == "registry.invalid/web:1"


def test_what_a_router_joined_is_joined_directly_with_a_warning(tmp_path: Path) -> None:
    draft, report = imported(tmp_path)
    networks = draft.compose["services"]["workstation"]["networks"] if isinstance(draft.compose, dict) else {}
    assert networks == {"users": {"ipv4_address": "10.10.20.5"}, "servers": {}}
    assert "edge" not in (draft.compose["services"] if isinstance(draft.compose, dict) else ())
    told = next(warned for warned in report.warnings if warned.trap == "router-flattened")
    assert "machines on users, servers are on all of these" in told.message


def test_networks_without_a_router_between_them_stay_apart(tmp_path: Path) -> None:
    text = TOPOLOGY.replace("  - {router: edge, network: servers, ip: 10.10.30.1}\n", "")
    topology = scenario_of(tmp_path, {"topology.yml": text}).topology
    assert set(topology.services["workstation"].networks) == {"users"}
    assert set(topology.services["archive"].networks) == {"servers"}


def test_terminals_lead_only_where_users_reach(tmp_path: Path) -> None:
    entries = scenario_of(tmp_path).definition.entries
    assert [(entry.id, entry.user) for entry in entries] == [("workstation", "kari")]


def test_what_was_watched_becomes_checks(tmp_path: Path) -> None:
    checks = scenario_of(tmp_path).definition.checks
    assert [(check.service, check.probe.tcp) for check in checks] == [("archive", 22), ("archive", None)]
    page = checks[1].probe.http
    assert page is not None
    assert (page.port, page.path, page.contains) == (8080, "/ready?full=1", "ready")


def test_levels_become_tasks_each_after_the_one_before(tmp_path: Path) -> None:
    scenario = scenario_of(tmp_path)
    found = tasks(scenario)
    assert {name: task.requires for name, task in found.items()} == {
        "getting-in": (),
        "open-ports": ("getting-in",),
        "the-word": ("open-ports",),
        "what-have-you-learnt-1": ("the-word",),
        "what-have-you-learnt-2": ("the-word",),
        "what-have-you-learnt-3": ("the-word",),
        "what-have-you-learnt-4": ("the-word",),
    }
    ports = found["open-ports"]
    assert (ports.points, ports.attempts, ports.attack) == (20, 7, ("T1595.001", "T1046"))
    assert ports.text.get("en") == "## In between\n\nWell opened.\n\nWhich port?"
    assert [(hint.cost, hint.text.get("nb")) for hint in ports.hints] == [
        (5, "**First**\n\nscan"), (10, "**Second**\n\nnmap"), (20, "Scan it with $${tool}."),
    ]  # fmt: skip
    assert is_right(ports, "8080")
    assert not is_right(ports, "80")
    assert is_right(found["getting-in"], "open-sesame")
    assert found["the-word"].hints[-1].cost == 0
    last = scenario.definition.tasks[-1].explanation
    assert last is not None
    assert "Thank you." in last.get("en")


def test_an_answer_by_a_variable_is_each_teams_own(tmp_path: Path) -> None:
    draft, report = imported(tmp_path)
    write(draft, report, tmp_path / "into")
    assert draft.definition["variables"] == {"secret_word": {"kind": "password", "length": 10}}
    assert next(task for task in draft.definition["tasks"] if task["id"] == "the-word")["answer"] == {
        "exact": "${secret_word}"
    }
    assert "variable-not-placed" in {warned.trap for warned in report.warnings}


@pytest.mark.parametrize(
    ("lines", "answer", "variable"),
    [
        ("{type: port}", "${secret_word}", {"kind": "port", "min": 35000, "max": 39000}),
        ("{type: port, min: 100, max: 200}", "${secret_word}", {"kind": "port", "min": 100, "max": 200}),
        ("{type: username, length: 2}", "${secret_word}", {"kind": "name", "length": 4}),
        (
            "{type: IP, min: 10.0.3.10, max: 10.0.3.20}",
            "10.0.3.${secret_word}",
            {"kind": "number", "min": 10, "max": 20},
        ),
        (
            "{type: IP, min: 10.0.3.10, max: 10.0.9.2}",
            "10.0.3.${secret_word}",
            {"kind": "number", "min": 10, "max": 255},
        ),
    ],
)
def test_variables_of_every_kind(tmp_path: Path, lines: str, answer: str, variable: dict[str, Any]) -> None:
    draft, report = imported(tmp_path, {"variables.yml": f"secret_word: {lines}\n"})
    write(draft, report, tmp_path / "into")
    assert draft.definition["variables"]["secret_word"] == variable
    assert next(one for one in draft.definition["tasks"] if one["id"] == "the-word")["answer"]["exact"] == answer


def test_a_test_becomes_tasks_that_are_answered_once(tmp_path: Path) -> None:
    found = [task for name, task in tasks(scenario_of(tmp_path)).items() if name.startswith("what-have")]
    assert [(task.points, task.attempts) for task in found] == [(2, 1), (4, 1), (2, 1), (3, 1)]
    free, choice, first, second = found
    assert is_right(free, "22")
    assert is_right(free, "twenty-two")
    assert not is_right(free, "23")
    assert is_right(choice, "a, c")
    assert not is_right(choice, "a")
    assert is_right(first, "a")
    assert is_right(second, "b")


def test_the_reference_solution_becomes_the_rehearsal(tmp_path: Path) -> None:
    scenario = scenario_of(tmp_path)
    assert scenario.play is not None
    way = scenario.play.solve["open-ports"]
    assert way.run is not None
    assert (way.run.entry, way.run.command, way.answer) == ("workstation", ("sh", "/play/open-ports.sh"), "8080")
    assert (scenario.path / "play/open-ports.sh").read_text() == "#!/bin/sh\nnmap archive\necho done\n"
    assert scenario.play.solve["what-have-you-learnt-2"].answer == ("a", "c")
    assert scenario.play.wrong["getting-in"] == "not-this-one"


def test_every_field_is_told_of_and_none_as_unknown(tmp_path: Path) -> None:
    _, report = imported(tmp_path)
    assert not [entry for entry in report.entries if entry.why == UNKNOWN]
    left = {entry.source for entry in report.entries if entry.outcome == "left"}
    assert {
        "topology.wan", "topology.groups", "topology.hosts[1].volumes", "topology.networks[1].hidden",
        "topology.monitoring_targets.icmp", "topology.monitoring_targets.tcp[1]", "variables.spare", "variables.door",
        "variables.secret_word.prohibited", "training.state", "training.levels[2].attachments",
        "training.levels[2].minimal_possible_solve_time", "training.levels[5].questions[0].penalty",
        "training.levels[6]", "training.show_stepper_bar", "containers.hide_all",
    } <= left  # fmt: skip
    assert {"playbooks", "addresses-move", "attempts-end", "placeholder"} <= {one.trap for one in report.warnings}


def test_unknown_keys_are_in_the_report(tmp_path: Path) -> None:
    changed = {
        "topology.yml": TOPOLOGY.replace("    hidden: true", "    hiden: true"),
        "training.json": with_level(2, colour=1),
    }
    _, report = imported(tmp_path, changed)
    left = {entry.source for entry in report.entries if entry.why == UNKNOWN}
    assert left == {"topology.hosts[2].hiden", "training.levels[2].colour"}


def test_texts_are_in_the_briefing_and_the_guide(tmp_path: Path) -> None:
    scenario = scenario_of(tmp_path)
    assert scenario.definition.id == "archive-lab"
    assert [text.get("en") for text in scenario.definition.objectives] == ["Find open ports", "Read a log"]
    assert scenario.definition.duration == 26 * 60
    assert "Hello \U0001f5c4" in scenario.briefing["nb"]
    assert "A little Linux" in scenario.briefing["en"]
    guide = (scenario.path / "GUIDE.en.md").read_text()
    for word in ("Was it fun?", "Read the log.", "Start your own machine.", "`nmap`"):
        assert word in guide


def test_a_training_or_a_topology_alone_is_enough(tmp_path: Path) -> None:
    training = {**TRAINING, "levels": TRAINING["levels"][:3]}
    place = sandbox(tmp_path, {"training.json": json.dumps(training, indent="\t")})
    for name, ident, services in (
        ("training.json", "arkivet-pa-loftet", {"desk"}),
        ("topology.yml", "archive-lab", None),
    ):
        draft, report = formats.read(place / name)
        scenario = write(draft, report, tmp_path / "into")
        assert (scenario.definition.id, report.format) == (ident, kypo.NAME)
        assert services is None or set(scenario.topology.services) == services
        assert not [entry for entry in report.entries if entry.why == UNKNOWN]


def test_a_table_says_which_images_stand_for_base_boxes(tmp_path: Path) -> None:
    (tmp_path / "images.yml").write_text("kali-box: registry.invalid/kali:1\ndebian-box: placeholder\n")
    table = read_table(tmp_path / "images.yml")
    topology = scenario_of(tmp_path, table=table).topology
    assert topology.services["workstation"].image == "registry.invalid/kali:1"
    assert topology.services["archive"].build is not None
    (tmp_path / "images.yml").write_text("kali-box: registry.invalid/kali:1\n")
    told = problems(tmp_path / "again", {}, read_table(tmp_path / "images.yml"))
    assert "topology.yml:8:23: the base box `debian-box` is not in the table of images" in told


def test_networks_that_cannot_be_kept_are_told_of(tmp_path: Path) -> None:
    text = TOPOLOGY.replace("10.10.20.", "147.251.1.")
    draft, report = imported(tmp_path, {"topology.yml": text})
    assert write(draft, report, tmp_path / "into").topology.networks["users"].subnet is None
    assert "subnet-not-fixed" in {warned.trap for warned in report.warnings}


def test_windows_is_told_of(tmp_path: Path) -> None:
    _, report = imported(tmp_path, {"topology.yml": TOPOLOGY.replace("mgmt_protocol: SSH", "mng_protocol: winrm")})
    assert "windows" in {warned.trap for warned in report.warnings}


REFUSED = [
    # (what is replaced in the topology, by what, the problem that must be told)
    ("name: workstation", "name: Work_station", "3:11: `name: Work_station` does not fit"),
    ("name: ghost", "name: archive", "7:11: `archive` names 2 things; names are of one thing each"),
    ("name: edge,", "name: users,", "`users` names 2 things"),
    ("10.10.30.0/24", "10.10.20.128/25", "20:27: `10.10.20.128/25` overlaps that of `users`; give each its own"),
    ("10.10.30.0/24", "100.100.100.0/25", "20:27: `100.100.100.0/25` overlaps that of `wan`"),
    ("10.10.30.0/24", "10.10.30.7/24", "20:27: `10.10.30.7/24` is no IPv4 network"),
    # The last mapping of a network is right here, and the earlier one is still looked at.
    ("ip: 10.10.20.5}", "ip: 10.10.99.5}", "22:45: `10.10.99.5` is no host's address in 10.10.20.0/24"),
    ("ip: 10.10.20.1}", "ip: 10.10.99.1}", "26:40: `10.10.99.1` is no host's address in 10.10.20.0/24"),
    ("ip: 10.10.20.6}", "ip: 10.10.20.255}", "24:39: `10.10.20.255` is no host's address in"),
    ("ip: 10.10.20.6}", "ip: 10.10.20.5}", "24:39: `10.10.20.5` is that of `workstation` too; give each its own"),
    ("ip: 10.10.30.5}", "ip: 10.10.30.1}", "is the gateway's on a container engine; write a later one"),
    ("ip: 10.10.30.5}", "ip: ten}", "23:43: `ten` is no IPv4 address"),
    ("host: ghost", "host: gost", "24:12: the host `gost` does not exist; did you mean `ghost`?"),
    ("network: servers, ip: 10.10.30.5", "network: servers1, ip: 10.10.30.5", "the network `servers1` does not exist"),
    ("{router: edge, network: users", "{router: egde, network: users", "the router `egde` does not exist"),
    ("nodes: [archive, edge]", "nodes: [archive, egde]", "29:42: the node `egde` does not exist"),
    ("host: ghost, network: users, ip: 10.10.20.6", "host: workstation, network: users, ip: 10.10.20.7",
     "24:5: `workstation` is on `users` already"),
    ("base_box: {image: kali-box, ", "base_box: {", "4:5: `image` is missing in `base_box`"),
    ("port: 22, interface", "port: 0, interface", "is `0`; write at least 1"),
    ("hosts:\n", "hosts: [\n", "topology.yml:"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "told"), REFUSED)
def test_what_is_wrong_in_a_topology_is_refused_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in TOPOLOGY
    place = sandbox(tmp_path, {"topology.yml": TOPOLOGY.replace(old, new, 1)})
    with pytest.raises(ScenarioInvalid) as error:
        kypo.read(place)
    assert told in "\n".join(map(str, error.value.problems))


LEVELS = [
    (2, {"hints": [{"content": "a", "hint_penalty": 15}, {"content": "b", "hint_penalty": 6}]},
     "cost 21 together, more than the level's 20; make them cheaper"),
    (2, {"flag": "x" * 51}, "is too long; write at most 50 characters"),
    (2, {"flag": None}, "has no `answer`, so nothing would be right"),
    (2, {"answer_variable_name": "secret_word"}, "goes with `variant_answers` only, and there is an `answer`"),
    (2, {"max_score": 101}, "`max_score` is `101`; write at most 100"),
    (2, {"incorrect_answer_limit": -1}, "`incorrect_answer_limit` is `-1`; write at least 0"),
    (2, {"content": None}, "`content` is missing"),
    (4, {"answer_variable_name": None}, "answers by a variable, so it needs `answer_variable_name`"),
    (4, {"answer_variable_name": "secret"}, "the variable `secret` is not in variables.yml; did you mean"),
    (0, {"level_type": "GAME_LEVEL"}, "`level_type: GAME_LEVEL` is not one of 'INFO_LEVEL'"),
    (1, {"passkey": None}, "`passkey` is missing"),
    (5, {"instructions": None}, "`instructions` is missing"),
    (5, {"questions": [{"question_type": "MCQ", "text": "a", "choices": [{"text": "b"}]}]},
     "has fewer than two choices"),
    (5, {"questions": [{"question_type": "MCQ", "text": "a", "choices": [{"text": "b"}, {"text": "c"}]}]},
     "has no correct choice; mark one"),
    (5, {"questions": [{"question_type": "EMI", "text": "a", "extended_matching_options": [
        {"text": "b", "order": 0}, {"text": "c", "order": 1}], "extended_matching_statements": [{"text": "d"}]}]},
     "needs the `correct_option_order` of one of the options"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "members", "told"), LEVELS)
def test_what_is_wrong_in_a_training_is_refused_with_its_place(
    tmp_path: Path, number: int, members: dict[str, Any], told: str
) -> None:
    found = problems(tmp_path, {"training.json": with_level(number, **members)})
    assert told in found
    assert found.startswith("training.json:1:")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"title": "a",\n "levels": [}', "training.json:2:13: is not JSON"),
        ('{"title": "a", "levels": ' + "[" * 4000, "training.json:1:1: is nested deeper"),
        ('{"title": "a", "levels": []}', "training.json:1:26: `levels` has too few items"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    place = sandbox(tmp_path, {"training.json": text})
    with pytest.raises(ScenarioInvalid) as error:
        kypo.read(place)
    assert told in "\n".join(map(str, error.value.problems))


CONTAINED = [
    ("container: web, host: archive", "container: wed, host: archive", "5:17: the container `wed` does not exist"),
    ("host: archive, port: 2223", "host: attic, port: 2223", "6:29: the host `attic` does not exist"),
    ('"registry.invalid/web:1"', "a b", "2:24: `a b` is no image; write NAME:TAG"),
    ("dockerfile: mail-server", "name2: a", "3:5: must have exactly one of image and dockerfile"),
]


@pytest.mark.parametrize(("old", "new", "told"), CONTAINED)
def test_what_is_wrong_in_containers_is_refused_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert told in problems(tmp_path, {"containers.yml": CONTAINERS.replace(old, new)})


def test_a_sandbox_that_nobody_could_run_is_refused(tmp_path: Path) -> None:
    many = "".join(f"  - {{name: n{at}, cidr: 10.{at // 250}.{at % 250}.0/24}}\n" for at in range(501))
    told = problems(tmp_path, {"topology.yml": f"name: a\nhosts: []\nrouters: []\nnetworks:\n{many}"})
    assert "topology.yml:5:3: are over 500; make it smaller" in told


def test_the_command_writes_nothing_when_it_refuses(tmp_path: Path) -> None:
    place = sandbox(tmp_path, {"topology.yml": TOPOLOGY.replace("ip: 10.10.20.5}", "ip: 10.10.99.5}")})
    result = CliRunner().invoke(app, ["import", str(place), "--into", str(tmp_path / "into")])
    assert result.exit_code == 1
    assert "topology.yml:22:45" in result.output
    assert not (tmp_path / "into").exists()


def test_only_kypos_files_are_taken_for_kypos(tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text("services: {}\nnetworks: {}\n")
    (tmp_path / "topology.yml").write_text("name: a\ntopology: {nodes: {}}\n")
    assert not kypo.recognises(tmp_path)
    assert not kypo.recognises(tmp_path / "compose.yml")
    assert not kypo.recognises(tmp_path / "topology.yml")
