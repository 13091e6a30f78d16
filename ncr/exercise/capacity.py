"""Room on the machine: what an exercise needs, when, and what collides with it; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ncr.scenario.topology import Topology

# Limits are ceilings, seldom reached together; these say how far they may be promised beyond what is there.
MEMORY_PROMISE = 2.0
CPU_PROMISE = 16.0
# The gate, and the relays of web entries in it.
GATE_MEMORY_MIB = 64


@dataclass(frozen=True, slots=True)
class Amount:
    """Memory in MiB, processors in cores, networks."""

    memory_mib: float = 0.0
    cpus: float = 0.0
    networks: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.memory_mib + other.memory_mib, self.cpus + other.cpus, self.networks + other.networks)

    def times(self, n: int) -> "Amount":
        """`n` of it."""
        return Amount(self.memory_mib * n, self.cpus * n, self.networks * n)


@dataclass(frozen=True, slots=True)
class Window:
    """What one exercise takes from `start` until `end`."""

    title: str
    start: datetime
    end: datetime
    need: Amount


def need(topology: Topology, default_memory_mib: int, default_cpus: float) -> Amount:
    """What one environment may come to use: its services' limits, its networks, its gate."""
    total = Amount(GATE_MEMORY_MIB, 0.0, max(1, len(topology.networks)))
    for service in topology.services.values():
        one = Amount(service.memory_mib or default_memory_mib, service.cpus or default_cpus)
        total += one.times(service.replicas)
    return total


def room(memory_mib: float, cpus: float, networks: int, reserve_memory_mib: float) -> Amount:
    """What a machine can promise, less what the service itself keeps."""
    return Amount(max(0.0, memory_mib - reserve_memory_mib) * MEMORY_PROMISE, cpus * CPU_PROMISE, networks)


def collisions(wanted: Window, others: Iterable[Window], room: Amount) -> list[str]:
    """What does not fit, in words; empty when all does. The fullest instant of the wanted window decides."""
    beside = [other for other in others if other.start < wanted.end and wanted.start < other.end]
    instants = {wanted.start, *(other.start for other in beside if other.start > wanted.start)}
    found: dict[str, str] = {}
    for instant in sorted(instants):
        there = [other for other in beside if other.start <= instant < other.end]
        for what, text in _excess(wanted, there, room):
            found.setdefault(what, text)
    return list(found.values())


def _excess(wanted: Window, there: Sequence[Window], room: Amount) -> Iterable[tuple[str, str]]:
    total = sum((other.need for other in there), wanted.need)
    names = ", ".join(sorted(other.title for other in there))
    beside = f" beside {names}" if names else ""
    for what, asked, has, unit in (
        ("memory", total.memory_mib, room.memory_mib, "MiB of memory"),
        ("cpus", total.cpus, room.cpus, "cores"),
        ("networks", total.networks, room.networks, "networks"),
    ):
        if asked > has:
            yield what, f"{wanted.title} needs {asked:.0f} {unit}{beside}, and there is room for {has:.0f}"
