"""The links of a containerlab file: each becomes a network of its two ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ncr.scenario.importers.containerlab.layers import Machine
from ncr.scenario.importers.naming import Ids
from ncr.scenario.importers.report import Report, step
from ncr.scenario.tree import Findings, Node, nearest

BRIDGES = frozenset({"bridge", "ovs-bridge"})
_OUTSIDE = {
    "host": "a link to the machine itself",
    "macvlan": "a link to the machine's own network card",
    "vxlan": "a tunnel out of the machine",
    "vxlan-stitch": "a tunnel out of the machine",
}
_NOTHING = {"mgmt-net": "there is no management network here", "dummy": "a link to nothing is no network"}
_INTERFACES = "a network of its ends; the engine names interfaces and gives addresses"


@dataclass(slots=True)
class Wiring:
    """The networks of a topology by name, and on which of them each node is."""

    networks: dict[str, str] = field(default_factory=dict)
    of: dict[str, list[str]] = field(default_factory=dict)


def wiring(topology: Node, found: list[Machine], report: Report, findings: Findings) -> Wiring:
    """Networks for all links; a link that leaves the lab is a finding."""
    kinds = {one.name: one.kind for one in found}
    made = Wiring({name: name for name, kind in kinds.items() if kind in BRIDGES})
    names = Ids("link", made.networks)
    links = topology.mapping.get("links")
    if links is not None and links.value is not None and not isinstance(links.value, list):
        findings.add(links.mark, "`links` must be a list; write - before each link")
    for at, link in enumerate(links.items if links else ()):
        _link(link, step("topology.links", at), kinds, (made, names), report, findings)
    return made


def _link(
    link: Node, path: str, kinds: Mapping[str, str], so_far: tuple[Wiring, Ids], report: Report, findings: Findings
) -> None:
    made, names = so_far
    kind = (link.mapping["type"].text or "") if "type" in link.mapping else "veth"
    ends = _ends(link, findings)
    special = next((name for name, _ in ends if name in _OUTSIDE or name in _NOTHING), kind)
    if special in _OUTSIDE:
        findings.add(link.mark, f"{_OUTSIDE[special]} is refused; link nodes of this file")
    elif special in _NOTHING:
        report.left(path, _NOTHING[special])
    elif len(ends) != 2:
        findings.add(link.mark, 'a link has two ends; write endpoints: ["a:eth1", "b:eth1"]')
    elif unknown := [(name, mark) for name, mark in ends if name not in kinds]:
        for name, node in unknown:
            findings.add(node.mark, f"the node `{name[:60]}` is not here; {nearest(name, kinds)}")
    else:
        network = _network([name for name, _ in ends], made, names)
        _account(link, path, f"compose.yml networks.{network}", report)


def _ends(link: Node, findings: Findings) -> list[tuple[str, Node]]:
    one = [link.mapping["endpoint"]] if "endpoint" in link.mapping else []
    items = one or (link.mapping["endpoints"].items if "endpoints" in link.mapping else [])
    found = []
    for item in items:
        name = item.mapping["node"].raw if "node" in item.mapping else item.raw.partition(":")[0]
        if not name:
            findings.add(item.mark, "is no end of a link; write NODE:INTERFACE")
        found.append((name, item))
    return found


def _network(ends: list[str], made: Wiring, names: Ids) -> str:
    bridge = next((name for name in ends if name in made.networks), None)
    network = bridge or names.new("-".join(ends))
    for name in ends:
        if name != bridge and network not in made.of.setdefault(name, []):
            made.of[name].append(network)
    if bridge is None:
        made.networks[network] = network
    return network


def _account(link: Node, path: str, to: str, report: Report) -> None:
    for key in link.mapping:
        if key in ("endpoints", "endpoint"):
            report.mapped(step(path, key), to, _INTERFACES)
        elif key == "type":
            report.mapped(step(path, key), to)
        elif key in ("mtu", "ipv4", "ipv6", "vars", "labels"):
            report.left(step(path, key), "the engine sets addresses and sizes of packets")
