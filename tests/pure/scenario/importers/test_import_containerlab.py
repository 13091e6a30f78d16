"""containerlab files: what nodes inherit, links as networks of two, what is refused, and every key told."""

from pathlib import Path

import pytest

from ncr.scenario.importers.report import UNKNOWN
from ncr.scenario.topology import FileMount, Healthcheck, Port, Scenario
from tests.pure.scenario.importers.clab import CLAB, FILES
from tests.pure.scenario.importers.labs import brought_in, lab, outcomes, refusals

NODE = "name: one\ntopology:\n  nodes:\n    a:\n      image: nginx\n"


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    return brought_in(lab(tmp_path / "lab", FILES), tmp_path)[0]


def refused(folder: Path, text: str) -> list[str]:
    return refusals(lab(folder, {"x.clab.yml": text}) / "x.clab.yml")


def test_nodes_inherit_from_defaults_kinds_and_groups(scenario: Scenario) -> None:
    r1, r2, web = (scenario.topology.services[name] for name in ("r1", "r2", "web"))
    assert scenario.topology.services.keys() == {"r1", "r2", "web"}
    assert (r1.image, web.image) == ("ncr/base:bookworm", "nginx:1.27")
    assert r1.environment == {"SITE": "north", "LEVEL": "2", "PRICE": "5$$"}
    assert web.environment == {"SITE": "none", "LEVEL": "1"}
    assert (r1.memory_mib, r2.memory_mib, r1.cpus) == (256, 1024, 0.5)
    assert (r1.command, r2.entrypoint) == (("sleep", "infinity"), ("/bin/sh", "-c"))
    assert r2.healthcheck == Healthcheck(("CMD", "true"), interval_s=5, start_period_s=3)


def test_each_link_is_a_network_of_two_and_a_bridge_one_of_all_its_links(scenario: Scenario) -> None:
    on = {name: list(service.networks) for name, service in scenario.topology.services.items()}
    assert on == {"r1": ["r1-r2", "r1-r2-2"], "r2": ["r1-r2", "r1-r2-2", "sw"], "web": ["sw"]}


def test_files_beside_are_copied_in_and_ports_offered(scenario: Scenario) -> None:
    assert scenario.topology.services["r1"].files == (FileMount("conf/r1.conf", "/etc/r1.conf"),)
    assert scenario.topology.services["web"].ports == (Port(80),)
    assert scenario.topology.services["web"].files == ()


def test_every_node_has_a_terminal_and_every_port_a_check(scenario: Scenario) -> None:
    terminals = [(entry.terminal, entry.user) for entry in scenario.definition.entries if entry.terminal]
    assert sorted(terminals) == [("r1", "student"), ("r2", "student"), ("web", "root")]
    assert [(check.service, check.probe.tcp) for check in scenario.definition.checks] == [("web", 80)]
    assert (scenario.definition.id, scenario.definition.title.get("nb")) == ("two-sites", "two-sites")


def test_every_key_has_its_outcome(tmp_path: Path) -> None:
    _, report = brought_in(lab(tmp_path / "lab", FILES), tmp_path)
    found = outcomes(report)
    assert {path for path, outcome in found.items() if outcome == "left"} == {
        *("prefix", "mgmt", "topology.defaults.kind", "topology.kinds.cisco.image", "topology.nodes.sw.kind"),
        *("topology.nodes.r1.group", "topology.nodes.r2.group", "topology.nodes.r1.exec"),
        *("topology.nodes.r1.startup-config", "topology.nodes.r1.unheard-of", "topology.nodes.r2.healthcheck.odd"),
        *("topology.links[0].mtu", "topology.links[4]"),
    }
    unknown = [entry.source for entry in report.entries if entry.why == UNKNOWN]
    assert unknown == ["topology.nodes.r1.unheard-of", "topology.nodes.r2.healthcheck.odd"]
    assert {warned.trap for warned in report.warnings} == {"exec", "startup-config"}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("      privileged: true\n", "x.clab.yml:6:7: `privileged` is refused"),
        ("      devices: [/dev/kvm]\n", "x.clab.yml:6:7: `devices` is refused"),
        ("      network-mode: host\n", "x.clab.yml:6:7: `network-mode: host` is refused"),
        ("      network-mode: container:b\n", "x.clab.yml:6:7: `network-mode: container:b` is refused"),
        ("      pid-mode: host\n", "x.clab.yml:6:7: `pid-mode: host` is refused"),
        ("      binds: [/etc:/etc]\n", "x.clab.yml:6:15: `/etc` is refused"),
        ("      binds: [/var/run/docker.sock:/s]\n", "x.clab.yml:6:15: `/var/run/docker.sock` is refused"),
        ("      binds: [../up:/x]\n", "x.clab.yml:6:15: `../up` is refused"),
        ("      binds: [gone:/x]\n", "x.clab.yml:6:15: `gone` is not there"),
        ("      kind: host\n", "x.clab.yml:6:7: the kind `host` is refused"),
        (
            "      stages: {create: {exec: {on-enter: [{command: id, target: host}]}}}\n",
            "x.clab.yml:6:43: a com",
        ),
        ("      cpu: many\n", "x.clab.yml:6:12: `cpu` must be"),
        ("      memory: lots\n", "x.clab.yml:6:15: `lots` is not a size"),
        ("      memory: 64gb\n", "x.clab.yml:6:15: `65536m` is not right here"),
        ("      env: [A]\n", "x.clab.yml:6:12: `env` must be"),
        ("      env: {A: [1]}\n", "x.clab.yml:6:16: must be a text"),
        ("      healthcheck: {interval: 5}\n", "x.clab.yml:6:20: has no `test`"),
        ("    B!: {image: x}\n", "x.clab.yml:6:9: `B!` is no name"),
        ("    b: {}\n", "x.clab.yml:6:8: the node `b` has no image"),
        ("  links: [{endpoints: ['a:e', 'b:e']}]\n", "x.clab.yml:6:31: the node `b` is not here"),
        ("  links: [{endpoints: ['a:e', 'host:e']}]\n", "x.clab.yml:6:11: a link to the machine itself"),
        ("  links: [{type: macvlan, endpoint: {node: a}}]\n", "x.clab.yml:6:11: a link to the machine's own"),
        ("  links: [{type: vxlan, endpoint: {node: a}}]\n", "x.clab.yml:6:11: a tunnel"),
        ("  links: [{endpoints: ['a:e']}]\n", "x.clab.yml:6:11: a link has two ends"),
        ("  links: {a: b}\n", "x.clab.yml:6:10: `links` must be a list"),
    ],
)
def test_what_asks_for_the_machine_or_cannot_be_read_is_refused(tmp_path: Path, lines: str, message: str) -> None:
    found = refused(tmp_path, NODE + lines)
    assert any(problem.startswith(message) for problem in found), found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: x\ntopology: {}\n", "x.clab.yml:2:11: has no nodes"),
        ("name: x\n", "x.clab.yml:1:1: has no nodes"),
        ("- a\n", "x.clab.yml:1:1: has no nodes"),
        ("name: {\n", "x.clab.yml:1:8: this is not a value"),
        ("topology: {nodes: {b: {kind: bridge}}}\n", "x.clab.yml:1:11: has no node that is a container"),
    ],
)
def test_malformed_files_say_where(tmp_path: Path, text: str, message: str) -> None:
    found = refused(tmp_path, text)
    assert any(problem.startswith(message) for problem in found), found


def test_a_file_of_another_name_is_known_by_its_keys(tmp_path: Path) -> None:
    scenario, report = brought_in(lab(tmp_path, {**FILES, "net.yml": CLAB}) / "net.yml", tmp_path / "into")
    assert (scenario.path.name, report.format) == ("two-sites", "containerlab")
