"""What a containerlab node has in the end: its own keys over its group's, its kind's and the defaults."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ncr.scenario.importers.report import step
from ncr.scenario.tree import Node

_BY_NAME = frozenset({"env", "labels", "sysctls"})
_LISTS = frozenset({"binds", "exec", "ports", "env-files", "cap-add", "devices"})


@dataclass(frozen=True, slots=True)
class Layer:
    """One mapping of a node's keys and its path in the file; `used` by a node."""

    path: str
    node: Node
    used: bool = True


@dataclass(frozen=True, slots=True)
class Machine:
    """A node of the topology: its name, kind and effective keys."""

    name: str
    kind: str
    node: Node
    keys: Mapping[str, Node]


def machines(topology: Node) -> list[Machine]:
    """Every node with what it inherits."""
    nodes = topology.mapping.get("nodes")
    return [_machine(name, node, topology) for name, node in (nodes.mapping if nodes else {}).items()]


def layers(topology: Node, found: list[Machine]) -> Iterator[Layer]:
    """Every mapping of node keys in the file, inherited or not."""
    if "defaults" in topology.mapping:
        yield Layer("topology.defaults", topology.mapping["defaults"], bool(found))
    for many, used in (("kinds", {one.kind for one in found}), ("groups", {_text(one.keys, "group") for one in found})):
        if many in topology.mapping:
            for name, node in topology.mapping[many].mapping.items():
                yield Layer(step(f"topology.{many}", name), node, name in used)
    for one in found:
        yield Layer(step("topology.nodes", one.name), one.node)


def _machine(name: str, node: Node, topology: Node) -> Machine:
    defaults = _inside(topology, "defaults")
    group = _text(node.mapping, "group") or _text(defaults, "group")
    of_group = _inside(topology, "groups", group)
    kind = _text(node.mapping, "kind") or _text(of_group, "kind") or _text(defaults, "kind") or "linux"
    keys: dict[str, Node] = {}
    for layer in (defaults, _inside(topology, "kinds", kind), of_group, node.mapping):
        for key, value in layer.items():
            keys[key] = _over(keys[key], value, key) if key in keys else value
    return Machine(name, kind, node, keys)


def _inside(topology: Node, *path: str) -> Mapping[str, Node]:
    node: Node | None = topology
    for key in path:
        node = node.mapping.get(key) if node is not None else None
    return node.mapping if node is not None else {}


def _text(keys: Mapping[str, Node], key: str) -> str:
    return (keys[key].text or "") if key in keys else ""


def _over(base: Node, own: Node, key: str) -> Node:
    if key in _BY_NAME and base.mapping and own.mapping:
        return Node({**base.mapping, **own.mapping}, own.mark, keys={**base.keys, **own.keys})
    if key in _LISTS and base.items and own.items:
        return Node([*base.items, *own.items], own.mark)
    return own
