"""From a scenario and a team to everything its environment consists of: names, networks, addresses, limits; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import product

from ncr.errors import Invalid
from ncr.runtime.addresses import Addresses
from ncr.runtime.identity import Identity, sealed
from ncr.runtime.images import own_image, specs
from ncr.runtime.objects import Attachment, ContainerSpec, Guest, ImageSpec, Limits, NetworkSpec, VolumeSpec
from ncr.runtime.outfit import SiteLimits, outfit, parts
from ncr.runtime.subnets import Kind, bridge_name
from ncr.scenario.images import images
from ncr.scenario.model import Entry
from ncr.scenario.shared import meetings
from ncr.scenario.topology import Scenario

CONTROL = "@control"
GATE_PORT = 1080
# What stands before the relays in the gate's command.
GATE_WORDS = 4
GATE_LIMITS = Limits(memory_mib=32, cpus=0.5, pids=64)
# Web entries have a relay each, on ports from here on, through which whole files pass at the speed of the machine;
# seen from afar there may also be a process for every connection.
RELAY_PORT = 1100
RELAY_LIMITS = Limits(memory_mib=64, cpus=1.0, pids=256)
Subnets = Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Blueprint:
    """One team's environment before it exists. `containers` are in start order, dependencies first.

    `guests` are shared containers that come to its networks.
    """

    who: Identity
    images: tuple[ImageSpec, ...]
    networks: tuple[NetworkSpec, ...]
    volumes: tuple[VolumeSpec, ...]
    containers: tuple[ContainerSpec, ...]
    gate: ContainerSpec
    guests: tuple[Guest, ...] = ()

    @property
    def everything(self) -> tuple[ContainerSpec, ...]:
        """The services' containers and the gate."""
        return (*self.containers, self.gate)

    @property
    def team_networks(self) -> tuple[NetworkSpec, ...]:
        """The networks the team is on."""
        return tuple(network for network in self.networks if network.kind != "control")

    @property
    def gate_address(self) -> tuple[str, int]:
        """Where the host reaches the gate."""
        address = self.gate.attachments[0].ipv4
        if address is None:
            raise Invalid("the gate has no address")
        return address, GATE_PORT

    @property
    def gate_ports(self) -> tuple[int, ...]:
        """Where it listens on that address: the way to everywhere, and one for each web entry."""
        relays = len(self.gate.command or ()) - GATE_WORDS
        return (GATE_PORT, *range(RELAY_PORT, RELAY_PORT + relays))

    def of(self, service: str) -> tuple[ContainerSpec, ...]:
        """The containers of a service: one, or its replicas."""
        return tuple(spec for spec in self.containers if spec.service == service)

    def address(self, service: str) -> str:
        """The address of a service's first container on its first network."""
        return _address(service, self.containers)


def networks_needed(scenario: Scenario) -> tuple[str, ...]:
    """The networks one environment takes a subnet for: the scenario's own and the control network."""
    return (CONTROL, *scenario.topology.networks)


def relay_ports(entries: Sequence[Entry]) -> dict[str, int]:
    """Web entry -> the gate's port that leads to it."""
    return {entry.id: RELAY_PORT + at for at, entry in enumerate(each for each in entries if each.web is not None)}


def blueprint(
    scenario: Scenario,
    who: Identity,
    values: Mapping[str, str],
    flags: Mapping[str, str],
    subnets: Subnets,
    limits: SiteLimits,
) -> Blueprint:
    """The environment of `who`.

    `values` are what `${…}` in the Compose file may say, `flags` is task -> this team's flag, `subnets` is network ->
    (CIDR, bridge name) for all that `networks_needed` names. Raises Invalid naming the service at fault.
    """
    needs = images(scenario)
    networks = _networks(scenario, who, subnets)
    addresses = Addresses({name: IPv4Network(cidr) for name, (cidr, _) in subnets.items()}, scenario.topology)
    volumes = {
        name: sealed(VolumeSpec(who.name(name), who.object_labels("", "volume"))) for name in scenario.topology.volumes
    }
    containers = [
        sealed(spec, *(networks[name] for name in service.networks))
        for service in scenario.topology.services.values()
        for spec in outfit(scenario, service, who, values, flags, needs[service.name].reference, addresses, limits)
    ]
    _refuse_doubles(containers)
    gate = _gate(who, networks, addresses, _relays(scenario.definition.entries, containers))
    made = (tuple(networks.values()), tuple(volumes.values()), tuple(containers))
    return Blueprint(who, specs(scenario), *made, gate, tuple(_guests(scenario, who, addresses)))


def _guests(scenario: Scenario, who: Identity, addresses: Addresses) -> Iterator[Guest]:
    shared = scenario.shared.services if scenario.shared else {}
    for name, networks in meetings(scenario).items():
        for part, network in product(parts(shared[name]), networks):
            aliases = dict.fromkeys((name, part, *shared[name].networks[network].aliases))
            place = Attachment(who.name(network), tuple(aliases), addresses.take(network))
            yield Guest(who.host.name(part), place)


def _networks(scenario: Scenario, who: Identity, subnets: Subnets) -> dict[str, NetworkSpec]:
    kind: Kind = "internet" if scenario.definition.environment.internet else "team"
    made = {CONTROL: _network(who, who.control_name, "control", subnets[CONTROL])}
    for name in scenario.topology.networks:
        made[name] = _network(who, who.name(name), kind, subnets[name])
    return made


def _network(who: Identity, title: str, kind: Kind, subnet: tuple[str, str]) -> NetworkSpec:
    cidr, given = subnet
    return sealed(NetworkSpec(title, bridge_name(kind, given), cidr, kind, who.object_labels("", "network")))


def _gate(
    who: Identity, networks: Mapping[str, NetworkSpec], addresses: Addresses, relays: tuple[str, ...]
) -> ContainerSpec:
    control = addresses.take(CONTROL)
    places = tuple(
        Attachment(network.name, (), control if name == CONTROL else addresses.take(name))
        for name, network in networks.items()
    )
    spec = ContainerSpec(
        name=who.gate_name,
        service="",
        image=own_image("gate").reference,
        labels=who.object_labels("", "gate"),
        attachments=places,
        limits=RELAY_LIMITS if relays else GATE_LIMITS,
        command=("-i", control, "-p", str(GATE_PORT), *relays),
        tmpfs={"/tmp": "size=1m,mode=1777"} if relays else {},  # noqa: S108 - inside the container
        read_only=True,
        stop_grace_s=1.0,
    )
    return sealed(spec, *networks.values())


def _relays(entries: Sequence[Entry], containers: Sequence[ContainerSpec]) -> tuple[str, ...]:
    ports, found = relay_ports(entries), []
    for entry in entries:
        if entry.web is not None:
            service, _, port = entry.web.partition(":")
            found.append(f"{ports[entry.id]}={_address(service, containers)}:{port}")
    return tuple(found)


def _address(service: str, containers: Sequence[ContainerSpec]) -> str:
    for spec in containers:
        for place in spec.attachments:
            if spec.service == service and place.ipv4:
                return place.ipv4
    raise Invalid(f"service {service} is on no network")


def _refuse_doubles(containers: Sequence[ContainerSpec]) -> None:
    seen: dict[str, str] = {}
    for spec in containers:
        if spec.name in seen:
            raise Invalid(f"services {seen[spec.name]} and {spec.service} come to the same name; rename one")
        seen[spec.name] = spec.service
