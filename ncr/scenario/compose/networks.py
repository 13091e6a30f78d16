"""Networks: those a file declares, those a service is on, its names and addresses there, and the ports it offers."""

import re
from collections.abc import Iterator, Mapping
from ipaddress import AddressValueError, IPv4Address, IPv4Network, ip_address

from ncr.scenario.compose.fields import Context, Fields, check_keys
from ncr.scenario.compose.keys import IPAM, MEMBERSHIP, NETWORK, PORT, SUBNET
from ncr.scenario.topology import Membership, Network, Port
from ncr.scenario.tree import Node, nearest

DEFAULT = "default"
MOST_PORTS = 1000
MOST_NETWORKS = 200
NAME = r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}"
_PORT = re.compile(r"(?:(?P<host>.*):)?(?P<first>\d{1,5})(?:-(?P<last>\d{1,5}))?(?:/(?P<protocol>\w+))?")


def declared(root: Fields) -> dict[str, Network]:
    """The file's networks by name, and the default one that needs no declaring."""
    found = {DEFAULT: Network(DEFAULT)}
    node = root.get("networks")
    if node is not None and len(node.mapping) > MOST_NETWORKS:
        root.add("networks", f"declares over {MOST_NETWORKS} networks; declare those that are used")
        return found
    for name, child in node.mapping.items() if node else ():
        if not re.fullmatch(NAME, name):
            root.context.findings.add(child.mark, f"`{name[:80]}` is no network name; write letters, digits, - _ .")
        found[name] = Network(name, _network(child, root.context) if child.value is not None else None)
    _refuse_overlaps(found, root)
    return found


def _network(node: Node, context: Context) -> str | None:
    check_keys(node, NETWORK, context)
    fields = Fields(node, context)
    refuse_external(fields)
    if (driver := fields.text("driver")) not in (None, "bridge", "default", "overlay"):
        fields.add("driver", f"the network driver `{driver}` is refused; remove it")
    if fields.boolean("enable_ipv6"):
        fields.add("enable_ipv6", "IPv6 is off in environments; remove it")
    ipam = fields.get("ipam")
    if ipam is None:
        return None
    check_keys(ipam, IPAM, context)
    subnets = [_subnet(item, context) for item in Fields(ipam, context).items("config")]
    if len(subnets) > 1:
        context.findings.add(ipam.mark, "has more than one subnet; keep one for each network")
    return subnets[0] if subnets else None


def refuse_external(fields: Fields) -> None:
    """A finding for a network or volume that lives outside the scenario."""
    child = fields.get("external")
    if child is not None and child.value is not False:
        fields.add("external", "`external` is refused: it reaches outside the scenario; declare it here without")


def _subnet(node: Node, context: Context) -> str | None:
    check_keys(node, SUBNET, context)
    fields = Fields(node, context)
    text = fields.text("subnet")
    if text is None:
        return None
    try:
        network = IPv4Network(text)
    except ValueError:
        fields.add("subnet", f"`{text}` is not an IPv4 subnet; write for instance 10.20.0.0/24")
        return None
    if not network.is_private or not 16 <= network.prefixlen <= 29:
        fields.add("subnet", f"`{text}` is refused; write a private subnet of /16 to /29")
    return str(network)


def _refuse_overlaps(networks: Mapping[str, Network], root: Fields) -> None:
    taken: dict[str, IPv4Network] = {}
    for name, network in networks.items():
        if network.subnet is None:
            continue
        subnet = IPv4Network(network.subnet)
        other = next((other for other, theirs in taken.items() if subnet.overlaps(theirs)), None)
        if other is not None:
            root.add("networks", f"the subnets of `{name}` and `{other}` overlap; give each its own")
        taken[name] = subnet


def memberships(fields: Fields, networks: Mapping[str, Network]) -> dict[str, Membership]:
    """The networks a service is on; the default one when it names none."""
    if fields.text("network_mode") == "none":
        return {}
    child = fields.get("networks")
    if child is None or not (child.items or child.mapping):
        return {DEFAULT: Membership()}
    named = child.mapping or {fields.context.fixed(item): item for item in child.items}
    found = {}
    for name, node in named.items():
        if name not in networks:
            fields.context.findings.add(node.mark, f"the network `{name}` is not declared; {nearest(name, networks)}")
            continue
        found[name] = _membership(node, networks[name], fields.context) if node.mapping else Membership()
    return found


def _membership(node: Node, network: Network, context: Context) -> Membership:
    check_keys(node, MEMBERSHIP, context)
    fields = Fields(node, context)
    aliases = tuple(context.fixed(item) for item in fields.items("aliases"))
    address = fields.text("ipv4_address")
    if address is not None and not _fits(address, network):
        right = f"in {network.subnet}" if network.subnet else "of a subnet that the network sets under `ipam`"
        fields.add("ipv4_address", f"`{address}` is not right here; write an address {right}")
        address = None
    return Membership(aliases, address)


def _fits(address: str, network: Network) -> bool:
    try:
        subnet, own = IPv4Network(network.subnet or "0.0.0.0/32"), IPv4Address(address)
        # The first address of a subnet is the gateway's place on the engine, though none is given out.
        return own in subnet and own not in (subnet[0], subnet[1 % subnet.num_addresses], subnet[-1])
    except AddressValueError:
        return False


def ports(fields: Fields) -> tuple[Port, ...]:
    """The ports the service offers, by `ports` and `expose`; nothing is published on the machine."""
    found: dict[Port, None] = {}
    for key in ("ports", "expose"):
        for item in fields.items(key):
            for port in _long(item, fields.context) if item.mapping else _short(item, fields.context):
                found[port] = None
    if len(found) > MOST_PORTS:
        fields.context.findings.add(fields.node.mark, f"offers over {MOST_PORTS} ports; name those that are used")
    return tuple(found)


def _short(node: Node, context: Context) -> Iterator[Port]:
    text = context.fixed(node)
    match = _PORT.fullmatch(text)
    if match is None:
        context.findings.add(node.mark, f"`{text}` is not a port; write 8080, 80:8080 or 53/udp")
        return
    yield from _range(node, match["first"], match["last"], match["protocol"] or "tcp", context)


def _long(node: Node, context: Context) -> Iterator[Port]:
    check_keys(node, PORT, context)
    fields = Fields(node, context)
    yield from _range(node, fields.text("target") or "", None, fields.text("protocol") or "tcp", context)


def _range(node: Node, first: str, last: str | None, protocol: str, context: Context) -> Iterator[Port]:
    low, high = (int(part) if part.isdigit() else 0 for part in (first, last or first))
    if not 1 <= low <= high <= 65535:
        context.findings.add(node.mark, f"`{last or first}` is not a port; write a number from 1 to 65535")
    elif protocol == "tcp":
        yield from (Port(number, "tcp") for number in range(low, high + 1))
    elif protocol == "udp":
        yield from (Port(number, "udp") for number in range(low, high + 1))
    else:
        context.findings.add(node.mark, f"`{protocol}` is not a protocol here; write tcp or udp")


def extra_hosts(fields: Fields) -> Mapping[str, str]:
    """Names the service finds at fixed addresses; never the machine's."""
    found = {}
    for name, node, value in fields.pairs("extra_hosts", separators=":="):
        address = (value or "").strip("[] ")
        try:
            if "${" not in address:
                ip_address(address)
        except ValueError:
            fields.context.findings.add(
                node.mark, f"`{name}` needs an address, and not the machine's; write {name}:10.0.0.5"
            )
        found[name] = address
    return found


def dns(fields: Fields) -> tuple[str, ...]:
    """Name servers of the service's own; only where the scenario has internet."""
    if fields.get("dns") is not None and not fields.context.internet:
        fields.add(
            "dns", "`dns` is refused while internet is off; remove it, or write `internet: true` in scenario.yml"
        )
    return tuple(fields.context.fixed(item) for item in fields.items("dns"))
