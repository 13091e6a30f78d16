"""One Compose file as a topology: the door of this room."""

import re
from collections.abc import Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from ncr.scenario.compose.extends import Extender
from ncr.scenario.compose.fields import Context, Fields, check_keys
from ncr.scenario.compose.keys import FILE
from ncr.scenario.compose.mounts import declared_files, declared_volumes
from ncr.scenario.compose.networks import NAME, declared
from ncr.scenario.compose.service import Declared, read_service
from ncr.scenario.topology import Membership, Service, Topology, VolumeMount
from ncr.scenario.tree import Node


def read_topology(root: Node, context: Context) -> Topology:
    """The topology of a file; what is wrong becomes findings and reads as if it were left out."""
    check_keys(root, FILE, context)
    fields = Fields(root, context)
    nodes = _active(fields)
    known = Declared(
        frozenset(nodes),
        declared(fields),
        declared_volumes(fields),
        {key: declared_files(fields, key) for key in ("configs", "secrets")},
    )
    services = {name: read_service(name, node, known, context) for name, node in nodes.items()}
    services = _with_links(_with_own_volumes(services), nodes, context)
    used = {name for service in services.values() for name in service.networks}
    return Topology(
        services=_in_order(services, nodes, context),
        networks={name: network for name, network in known.networks.items() if name in used},
        volumes=tuple(sorted({mount.volume for service in services.values() for mount in service.volumes})),
    )


def _active(fields: Fields) -> dict[str, Node]:
    node = fields.get("services")
    if node is None or not node.mapping:
        fields.add("services", "has no services; write at least one under `services`")
        return {}
    extender, active = Extender(fields.node, fields.context), {}
    for name, written in node.mapping.items():
        if not re.fullmatch(NAME, name):
            fields.context.findings.add(node.keys[name], f"`{name[:80]}` is no service name; write letters, digits, -")
        service = extender.resolve(name, written)
        profiles = [fields.context.fixed(item) for item in Fields(service, fields.context).items("profiles")]
        if profiles:
            message = f"`{name}` is left out: it belongs to the profile {profiles[0]}, and none is chosen"
            fields.context.findings.note(node.keys[name], message)
        else:
            active[name] = service
    return active


def _with_own_volumes(services: Mapping[str, Service]) -> dict[str, Service]:
    # A volume without a name belongs to its service alone and gets a name made of the two.
    return {
        name: replace(service, volumes=tuple(_named(name, mount) for mount in service.volumes))
        for name, service in services.items()
    }


def _named(service: str, mount: VolumeMount) -> VolumeMount:
    return mount if mount.volume else replace(mount, volume=service + re.sub(r"[^a-zA-Z0-9]+", "-", mount.path))


def _with_links(services: dict[str, Service], nodes: Mapping[str, Node], context: Context) -> dict[str, Service]:
    for name, node in nodes.items():
        for item in Fields(node, context).items("links"):
            target, _, alias = context.fixed(item).partition(":")
            if alias and target in services:
                shared = services[name].networks.keys() & services[target].networks.keys()
                services[target] = _also_named(services[target], alias, shared)
    return services


def _also_named(service: Service, alias: str, shared: set[str]) -> Service:
    networks = {
        name: Membership((*there.aliases, alias), there.ipv4) if name in shared else there
        for name, there in service.networks.items()
    }
    return replace(service, networks=networks)


def _in_order(services: Mapping[str, Service], nodes: Mapping[str, Node], context: Context) -> dict[str, Service]:
    try:
        order = TopologicalSorter(
            {name: sorted(service.depends_on) for name, service in services.items()}
        ).static_order()
        return {name: services[name] for name in order}
    except CycleError as error:
        circle = [str(name) for name in error.args[1]]
        mark = nodes[circle[0]].mapping.get("depends_on", nodes[circle[0]]).mark
        context.findings.add(mark, f"services wait for each other: {' → '.join(circle)}; remove one of these waits")
        return dict(services)
