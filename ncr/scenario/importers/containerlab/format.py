"""containerlab topology files (`*.clab.yml`): nodes become services, each link a network of two."""

from pathlib import Path
from typing import Any

from ncr.scenario import yamlfile
from ncr.scenario.compose.composefile import read_topology
from ncr.scenario.compose.fields import Context
from ncr.scenario.importers import sources
from ncr.scenario.importers.compose.labfiles import Planned, lab_of
from ncr.scenario.importers.compose.sheet import Sheet
from ncr.scenario.importers.containerlab import refusals
from ncr.scenario.importers.containerlab.keys import LEFT, MAPPED, TOP, TRAPS
from ncr.scenario.importers.containerlab.layers import Layer, Machine, layers, machines
from ncr.scenario.importers.containerlab.links import BRIDGES, Wiring, wiring
from ncr.scenario.importers.containerlab.services import service
from ncr.scenario.importers.frame import Draft, refusal, refuse
from ncr.scenario.importers.furnishing import furnish
from ncr.scenario.importers.naming import slug
from ncr.scenario.importers.report import Report, step
from ncr.scenario.importers.yamltext import yaml_text
from ncr.scenario.interpolation import known_names
from ncr.scenario.loader import MAXIMA
from ncr.scenario.topology import Topology
from ncr.scenario.tree import Findings, Mark, Node

NAME = "containerlab"
ENDINGS = (".clab.yml", ".clab.yaml")


def recognises(path: Path) -> bool:
    """A file named so, a directory with exactly one, or a file with `name` and `topology`."""
    file = _file(path)
    return file is not None and (file.name.endswith(ENDINGS) or {"name", "topology"} <= sources.keys(file))


def read(path: Path) -> tuple[Draft, Report]:
    """The scenario made of a topology, and the account. Raises ScenarioInvalid with FILE:LINE:COLUMN problems."""
    file = _file(path)
    if file is None:
        raise refuse(Mark(path.name), f"holds no file that ends in {ENDINGS[0]}, or several; name one")
    root = sources.topology(file)
    topology = root.mapping.get("topology")
    if topology is None or "nodes" not in topology.mapping or not topology.mapping["nodes"].mapping:
        raise refuse(topology.mark if topology else root.mark, "has no nodes; write at least one under topology.nodes")
    findings, report = Findings(), Report(file.name, NAME)
    found, lab = machines(topology), lab_of(file.parent)[0]
    for layer in layers(topology, found):
        refusals.refuse(layer, findings)
        _account(layer, report)
    wires = wiring(topology, found, report, findings)
    services = {
        one.name: service(one, lab, findings) | _networks(one, wires) for one in found if one.kind not in BRIDGES
    }
    if not services:
        findings.add(topology.mark, "has no node that is a container; write at least one")
    if findings.problems:
        raise refusal(findings)
    compose = yaml_text({"services": services, "networks": {name: {} for name in wires.networks}})
    read_as = _proven(compose, Planned(lab.taken, Findings()), found, root)
    name = (root.mapping["name"].raw if "name" in root.mapping else "") or file.name.partition(".")[0]
    _account_top(root, name, report)
    report.finish(root)
    draft = Draft(
        slug(name, "lab"), {"title": name, "summary": f"Imported from {file.name}."}, compose, files=lab.taken
    )
    furnish(draft, read_as, report, services)
    return draft, report


def _file(path: Path) -> Path | None:
    if path.is_dir():
        found = [one for ending in ENDINGS for one in sorted(path.glob(f"*{ending}")) if one.is_file()]
        return found[0] if len(found) == 1 else None
    return path if path.suffix in (".yml", ".yaml") and path.is_file() else None


def _networks(machine: Machine, wires: Wiring) -> dict[str, Any]:
    networks = wires.of.get(machine.name)
    return {"networks": networks} if networks else {}


def _account(layer: Layer, report: Report) -> None:
    if not layer.node.mapping and layer.path.startswith("topology.nodes"):
        report.mapped(layer.path, "compose.yml services", "a service with what it inherits")
    for key, node in layer.node.mapping.items():
        path = step(layer.path, key)
        if not layer.used:
            report.left(path, "no node inherits it")
        elif key in MAPPED:
            _account_mapped(key, node, path, report)
        elif key in LEFT:
            report.left(path, LEFT[key])
            if key in TRAPS and node.value not in (None, [], {}):
                report.warn(key, str(layer.node.keys[key]), LEFT[key])


def _account_mapped(key: str, node: Node, path: str, report: Report) -> None:
    to = f"compose.yml {MAPPED[key]} of each node that has it"
    if key == "healthcheck":
        for inner in ("test", "interval", "retries", "timeout", "start-period"):
            if inner in node.mapping:
                report.mapped(step(path, inner), to)
    elif key == "env" and "__IMPORT_ENVS" in node.mapping:
        report.left(step(path, "__IMPORT_ENVS"), "the machine's own environment is not given to services")
        for name in node.mapping.keys() - {"__IMPORT_ENVS"}:
            report.carried(step(path, name), to)
    elif key in ("image", "env", "cmd", "entrypoint"):
        report.carried(path, to)
    else:
        report.mapped(path, to, _WHY.get(key, ""))


_WHY = {
    "ports": "offered inside; nothing on the machine",
    "binds": "files beside are copied in and read-only",
    "memory": "in whole MiB",
}


def _account_top(root: Node, name: str, report: Report) -> None:
    if "name" in root.mapping:
        report.mapped("name", "scenario.yml title", f"and the id, {slug(name, 'lab')}")
    for key, why in TOP.items():
        if key in root.mapping:
            report.left(key, why)


def _proven(compose: str, planned: Planned, found: list[Machine], root: Node) -> Topology:
    """The topology as our loader reads it; its problems are told where the node stands in the source."""
    planned.findings = findings = Findings()
    tree = yamlfile.read(compose.encode(), "compose.yml", findings)
    context = Context(findings, planned, known_names((), ()), MAXIMA)
    topology = read_topology(tree, context) if tree is not None else None
    if topology is not None and not findings.problems:
        return topology
    told, sheet = Findings(), Sheet(compose, "compose.yml")
    nodes = {one.name: one for one in found}
    for mark, message in findings.problems:
        path = sheet.at(mark, outer=False) or ()
        one = nodes.get(str(path[1])) if len(path) > 1 else None
        source = next((key for key, ours in MAPPED.items() if len(path) > 2 and ours == path[2]), "")
        place = one.keys.get(source, one.node).mark if one else root.mark
        told.add(place, message)
    raise refusal(told)
