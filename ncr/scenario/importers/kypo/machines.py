"""Hosts, networks, routers and containers of a topology as services, networks, images, entries and checks."""

import re
from typing import Any

from ncr.scenario.importers.imagetable import Row
from ncr.scenario.importers.kypo.making import NOTHING, Making
from ncr.scenario.importers.kypo.model import BaseBoxFields, Host, Topology
from ncr.scenario.importers.kypo.rules import network_of
from ncr.scenario.importers.loose import under
from ncr.scenario.importers.placeholders import dockerfile
from ncr.scenario.loader import MAXIMA

_SIZE = re.compile(r"(\d{1,3})x(\d{1,3})$")
_LARGEST, _SMALLEST = 16, 29
_PLAYBOOKS = "playbooks are not converted: what they set up has to be built into images/"


def make(making: Making) -> None:
    """Fill the Compose file, the images, the entries and the checks."""
    topology = making.found.topology
    making.compose["services"] = {}
    if topology is None:
        _nothing(making)
        return
    reach = _routed(making, topology)
    for number, host in enumerate(topology.hosts):
        _host(making, topology, number, host, reach)
    if not making.compose["services"]:
        _nothing(making)
    _networks(making, topology)
    _rest(making, topology)


def _nothing(making: Making) -> None:
    making.compose["services"][NOTHING] = {"build": f"images/{NOTHING}"}
    making.draft.files[f"images/{NOTHING}/Dockerfile"] = dockerfile(None, "a place to work from", ["student"])
    making.draft.definition["entries"] = [
        {"id": NOTHING, "terminal": NOTHING, "user": "student", "title": {"nb": "Arbeidsplass", "en": "Workplace"}}
    ]
    why = "there are no machines, and a scenario has at least one service: an empty one stands in"
    making.report.warn("no-machines", next(iter(making.found.files.values())).name, why)


def _routed(making: Making, topology: Topology) -> dict[str, set[str]]:
    """Network -> all that are reached from it through routers, itself too."""
    groups = {one.name: {one.name} for one in topology.networks}
    for router in topology.routers:
        joined = [row.network for row in topology.router_mappings if row.router == router.name]
        together = set[str]().union(*(groups[name] for name in joined))
        for name in together:
            groups[name] = together
    return groups


def _host(making: Making, topology: Topology, number: int, host: Host, reach: dict[str, set[str]]) -> None:
    path, name = under("hosts", number), making.services.of(host.name)
    service = _program(making, path, host.base_box, name, host.name)
    own = {row.network: row.ip for row in topology.net_mappings if row.host == host.name}
    service |= {"hostname": host.name, **_places(making, topology, own, reach), **_size(making, path, host, name)}
    making.compose["services"][name] = service
    if not own:
        making.warn("host-on-no-network", "topology", path, "it is on no network here either")
    _entry(making, topology, path, host, own)
    report = making.report
    report.carried(making.of("topology", path, "name"), f"services.{name}.hostname")
    for field, why in (
        ("block_internet", "nothing leaves an environment unless the scenario says `internet: true`"),
        ("volumes", "a container has no disks of its own; name volumes in compose.yml where data must stay"),
        ("extra", "for the playbooks; " + _PLAYBOOKS),
    ):
        if field in host.model_fields_set:
            report.left(making.of("topology", path, field), why)


def _program(making: Making, path: str, box: BaseBoxFields, name: str, what: str) -> dict[str, Any]:
    row = _row(making, path, box.image)
    to, source = f"services.{name}", making.of("topology", path, "base_box")
    if box.mgmt_protocol == "winrm":
        message = f"`{what}` runs Windows, which containers here do not: put something in its place"
        making.warn("windows", "topology", under(path, "base_box"), message)
    if row is not None and row.image:
        making.report.mapped(source, f"{to}.image", f"the site's table says {row.image} for {box.image}")
        return {"image": row.image}
    folder = f"images/{name}"
    making.draft.files[f"{folder}/Dockerfile"] = dockerfile(None, f"{what}, base box {box.image}", [box.mgmt_user])
    why = f"the base box {box.image} is in no table of images: a placeholder, to be filled in at {folder}/Dockerfile"
    making.report.mapped(source, f"{to}.build", why)
    making.warn("placeholder", "topology", under(path, "base_box"), why)
    return {"build": folder}


def _row(making: Making, path: str, image: str) -> Row | None:
    row = making.table.find(image)
    if row is None and making.table.is_given:
        message = f"the base box `{image}` is not in the table of images; add `{image}: IMAGE` there, or `placeholder`"
        making.refuse("topology", under(path, "base_box", "image"), message)
    return None if row is None or row.is_placeholder else row


def _places(making: Making, topology: Topology, own: dict[str, str], reach: dict[str, set[str]]) -> dict[str, Any]:
    if not own:
        return {"network_mode": "none"}
    places: dict[str, dict[str, str]] = {}
    for one in topology.networks:
        if one.name in own:
            places[making.networks.of(one.name)] = {"ipv4_address": own[one.name]} if _is_fixed(one.cidr) else {}
        elif any(one.name in reach[name] for name in own):
            places[making.networks.of(one.name)] = {}
    return {"networks": places if any(places.values()) else list(places)}


def _is_fixed(cidr: str) -> bool:
    subnet = network_of(cidr)
    return subnet is not None and subnet.is_private and _LARGEST <= subnet.prefixlen <= _SMALLEST


def _size(making: Making, path: str, host: Host, name: str) -> dict[str, Any]:
    if host.flavor is None:
        return {}
    source = making.of("topology", path, "flavor")
    match = _SIZE.search(host.flavor)
    if match is None:
        making.report.left(source, f"`{host.flavor}` says no size; the site's default is what it gets")
        return {}
    cpus, memory = min(int(match[1]), int(MAXIMA.cpus)), min(int(match[2]) * 1024, MAXIMA.memory_mib)
    why = f"{host.flavor} as {cpus} processors and {memory} MiB, which is a machine's: lower it for a container"
    making.report.mapped(source, f"services.{name}.mem_limit", why)
    return {"cpus": max(cpus, 1), "mem_limit": f"{max(memory, 64)}m"}


def _entry(making: Making, topology: Topology, path: str, host: Host, own: dict[str, str]) -> None:
    open_ = {one.name for one in topology.networks if one.accessible_by_user}
    hidden = making.of("topology", path, "hidden")
    name = making.services.of(host.name)
    if host.hidden or not open_ & own.keys():
        why = "no terminal leads there: it is hidden" if host.hidden else "as there: on no network that users reach"
        making.report.mapped(hidden if host.hidden else making.of("topology", path), f"services.{name}", why)
        return
    entry = {"id": name, "terminal": name, "user": host.base_box.mgmt_user, "title": host.name}
    making.draft.definition.setdefault("entries", []).append(entry)
    making.report.mapped(making.of("topology", path), f"entries.{name}", f"as {host.base_box.mgmt_user}")
    if "hidden" in host.model_fields_set:
        making.report.carried(hidden, f"entries.{name}")


def _networks(making: Making, topology: Topology) -> None:
    networks: dict[str, Any] = {}
    for number, one in enumerate(topology.networks):
        name = making.networks.of(one.name)
        networks[name] = {"internal": True}
        path, report = under("networks", number), making.report
        if _is_fixed(one.cidr):
            networks[name]["ipam"] = {"config": [{"subnet": one.cidr}]}
            report.carried(making.of("topology", path), f"networks.{name}")
        else:
            why = f"{one.cidr} is not private, or not from /16 to /29: addresses in it are NCR's to choose"
            making.warn("subnet-not-fixed", "topology", under(path, "cidr"), why)
            report.mapped(making.of("topology", path), f"networks.{name}", why)
        if "accessible_by_user" in one.model_fields_set:
            why = "machines that are only on networks users do not reach have no terminal"
            report.mapped(making.of("topology", path, "accessible_by_user"), "entries", why)
        if "hidden" in one.model_fields_set:
            report.left(making.of("topology", path, "hidden"), "NCR draws no map of an environment")
    if networks:
        making.compose["networks"] = networks
        why = (
            "every team has subnets of its own and only the last part of an address stays: no answer may be an address"
        )
        making.warn("addresses-move", "topology", "networks", why)


def _rest(making: Making, topology: Topology) -> None:
    report = making.report
    report.carried(making.path("topology", "name"), "id")
    for part, to in (
        ("net_mappings", "services.*.networks.*.ipv4_address"),
        ("router_mappings", "services.*.networks"),
    ):
        if part in topology.model_fields_set:
            report.mapped(making.path("topology", part), to)
    for number, router in enumerate(topology.routers):
        joined = [row.network for row in topology.router_mappings if row.router == router.name]
        why = f"no router: machines on {', '.join(joined) or 'its networks'} are on all of these, and reach each other"
        report.mapped(making.path("topology", "routers", number), "services.*.networks", why)
        if len(joined) > 1:
            making.warn("router-flattened", "topology", under("routers", number), f"`{router.name}` is {why}")
    for part, why in (
        ("wan", "there is no way out unless the scenario says `internet: true`"),
        ("groups", "groups are for playbooks; " + _PLAYBOOKS),
    ):
        if part in topology.model_fields_set:
            report.left(making.path("topology", part), why)
    if (making.found.folder / "provisioning").is_dir() or topology.groups:
        making.report.warn("playbooks", "provisioning", _PLAYBOOKS)
