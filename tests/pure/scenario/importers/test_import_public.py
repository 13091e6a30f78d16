"""What public collections do that is nobody's mistake comes in; what is one is told in words and with its place."""

import json
from pathlib import Path

from ncr.scenario.importers import formats
from ncr.scenario.importers.report import UNKNOWN
from tests.pure.scenario.importers.labs import brought_in, lab, outcomes, refusals

SAND = "name: Sand\ncategory: misc\nflags: ['NCR{dune}']\n"
TOPOLOGY = """\
name: yard
hosts:
  - {name: gate, base_box: {image: debian}, flavor: small}
routers: []
networks:
  - {name: lane, cidr: 10.9.8.0/24}
net_mappings:
  - {host: gate, network: lane, ip: 10.9.8.7}
router_mappings: []
"""
RANGE = """\
name: Dam
nodes:
  gauge:
    type: vm
    source: gauge
    resources: {ram: 64 MiB, cpu: 1}
    roles: {op: root}
    conditions: {wet: op}
infrastructure: {gauge: 1}
conditions: {wet: {command: /wet, interval: 10}}
metrics: {flow: {type: conditional, condition: wet, max-score: 10}}
evaluations: {fine: {metrics: [flow], min-score: 50}}
events: {flood: {conditions: [wet]}}
scripts: {day: {start-time: 0, end-time: 2h, speed: 1, events: {flood: 10 min}}}
stories: {all: {scripts: [day]}}
"""


def test_hand_outs_may_be_named_from_the_events_folder_and_an_empty_item_is_none(tmp_path: Path) -> None:
    files = {
        "misc/sand/challenge.yml": f"{SAND}files:\n  -\n  - misc/sand/dune.txt\n",
        "misc/sand/dune.txt": "sand\n",
        "misc/stone/challenge.yml": SAND.replace("Sand", "Stone"),
    }
    scenario, _ = brought_in(lab(tmp_path / "lab" / "event", files), tmp_path)
    assert scenario.definition.tasks[0].files == ("files/sand/dune.txt",)


def test_a_resource_of_kctf_by_a_challenges_name_is_left_and_told(tmp_path: Path) -> None:
    files = {
        "misc/sand/challenge.yml": SAND,
        "misc/other/challenge.yaml": "apiVersion: kctf.dev/v1\nkind: Challenge\nmetadata: {name: other}\n",
    }
    scenario, report = brought_in(lab(tmp_path / "lab" / "event", files), tmp_path)
    assert [task.id for task in scenario.definition.tasks] == ["sand"]
    assert outcomes(report)["file misc/other/challenge.yaml"] == "left"


def test_an_adaptive_training_is_said_to_be_one(tmp_path: Path) -> None:
    training = json.dumps({"title": "Yard", "phases": []})
    (told,) = refusals(lab(tmp_path, {"topology.yml": TOPOLOGY, "training.json": training}))
    assert told.startswith("training.json:1:")
    assert "is an adaptive training; only linear ones" in told


def test_nodes_that_say_nothing_are_told_of_and_binds_may_name_the_node(tmp_path: Path) -> None:
    text = "name: a\ntopology:\n  defaults: {image: nginx, binds: ['conf/__clabNodeName__.conf:/etc/c']}\n"
    files = {"a.clab.yml": f"{text}  nodes:\n    r1:\n    r2:\n", "conf/r1.conf": "1\n", "conf/r2.conf": "2\n"}
    scenario, report = brought_in(lab(tmp_path / "lab", files), tmp_path)
    assert outcomes(report)["topology.nodes.r1"] == "mapped"
    assert UNKNOWN not in {entry.why for entry in report.entries}
    contents = [(scenario.path / f"conf/r{number}.conf").read_text() for number in (1, 2)]
    assert contents == ["1\n", "2\n"]


def test_a_cluster_beside_the_lab_is_refused_once(tmp_path: Path) -> None:
    text = "name: a\ntopology:\n  nodes:\n    k: {kind: k8s-kind}\n    a: {image: nginx}\n"
    (told,) = refusals(lab(tmp_path, {"a.clab.yml": text}) / "a.clab.yml")
    assert told == "a.clab.yml:4:9: the kind `k8s-kind` is refused: it is a whole cluster beside the lab"


def test_what_no_check_and_no_inject_here_can_say_is_warned_about_by_name(tmp_path: Path) -> None:
    (tmp_path / "range.yml").write_text(RANGE)
    _, report = formats.read(tmp_path / "range.yml")
    told = {warned.trap: warned.where for warned in report.warnings}
    assert told["window-end-not-kept"] == "events.flood.conditions"
    assert told["value-between"] == "conditions.wet"


def test_what_stands_behind_the_key_of_a_list_that_is_emptied_goes_with_it(tmp_path: Path) -> None:
    service = "services:\n  web:\n    image: nginx\n    volumes: # of the machine\n      - /srv:/srv\n"
    service += "    cap_add:\n      - SYS_ADMIN # for mounts\n    depends_on:\n      - db\n  db: {image: redis}\n"
    scenario, _ = brought_in(lab(tmp_path / "lab", {"compose.yml": service}), tmp_path / "into")
    written = (scenario.path / "compose.yml").read_text()
    assert "    volumes: []\n    cap_add: []\n    depends_on:\n      - db\n" in written
