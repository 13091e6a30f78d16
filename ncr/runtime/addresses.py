"""Which address each container of an environment has: fixed ones moved into our subnets, the rest in order; pure."""

from collections.abc import Iterator, Mapping
from ipaddress import AddressValueError, IPv4Address, IPv4Network

from ncr.errors import Invalid
from ncr.runtime.subnets import moved
from ncr.scenario.topology import Topology


class Addresses:
    """Hands out addresses by network. The first is the engine's, the last is kept for the isolation probe.

    A fixed address keeps its host part where that fits our subnet. The engine is told every address, so that a
    restart changes none and a fixed one is never taken by another.
    """

    def __init__(self, subnets: Mapping[str, IPv4Network], topology: Topology) -> None:
        self._old = {
            name: IPv4Network(net.subnet, strict=False) for name, net in topology.networks.items() if net.subnet
        }
        self._used = {name: {mine[1], mine[-2]} for name, mine in subnets.items()}
        self._subnets = subnets
        self._fixed: dict[tuple[str, str], str] = {}
        misfits = []
        for name, ipv4 in dict.fromkeys(_wanted(topology)):
            new = moved(IPv4Address(ipv4), self._around(name, ipv4), subnets[name])
            if new is None:
                misfits.append((name, ipv4))
            else:
                self._used[name].add(new)
                self._fixed[name, ipv4] = str(new)
        for name, ipv4 in misfits:
            self._fixed[name, ipv4] = self.take(name)

    def fixed(self, network: str, ipv4: str) -> str:
        """What a service's fixed address has become."""
        return self._fixed[network, ipv4]

    def anywhere(self, text: str) -> str:
        """What the text has become when it is some service's fixed address; else the text."""
        return next((new for (_, old), new in self._fixed.items() if old == text), text)

    def take(self, network: str) -> str:
        """The next free address of a network. Raises Invalid when it is full."""
        mine = self._subnets[network]
        for address in mine.hosts():
            if address not in self._used[network]:
                self._used[network].add(address)
                return str(address)
        raise Invalid(f"network {network}: {mine} has no address left")

    def _around(self, network: str, ipv4: str) -> IPv4Network:
        old = self._old.get(network)
        if old is None or IPv4Address(ipv4) not in old:
            raise Invalid(f"network {network}: {ipv4} needs a subnet of the scenario around it")
        return old


def last_address(subnet: str) -> str:
    """The address of a subnet that no service gets: the isolation probe's."""
    return str(IPv4Network(subnet)[-2])


def _wanted(topology: Topology) -> Iterator[tuple[str, str]]:
    for service in topology.services.values():
        for name, place in service.networks.items():
            if place.ipv4:
                yield name, _checked(service.name, place.ipv4)


def _checked(service: str, text: str) -> str:
    try:
        return str(IPv4Address(text))
    except AddressValueError as error:
        raise Invalid(f"service {service}: {text} is no IPv4 address") from error
