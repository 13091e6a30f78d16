"""Routes: where on the engine a web entry's service is, by what runs there now."""

from dataclasses import dataclass

from ncr.entries import ways
from ncr.entries.ways import Way
from ncr.errors import EngineError
from ncr.runtime.engine import Engine
from ncr.runtime.identity import Identity
from ncr.runtime.objects import GENERATION, SeenContainer


@dataclass(frozen=True, slots=True)
class Route:
    """`relay` is the gate's own door to the service on the control network; `service` is where the gate finds it."""

    gate: str
    relay: tuple[str, int]
    service: tuple[str, int]


def route(engine: Engine, instance: str, way: Way, relay_port: int) -> Route:
    """How to get to the way's service; blocks. EngineError when it or the gate does not run in this making."""
    name, _, port = (way.entry.web or "").partition(":")
    gate, service = (_running(engine, instance, way, each) for each in (None, name))
    control = Identity(instance, way.exercise, way.participant).control_name
    shared = [network for network in sorted(service.addresses) if network in gate.addresses and network != control]
    if not shared or control not in gate.addresses:
        raise EngineError(f"the gate is on no network with {name}")
    return Route(gate.name, (gate.addresses[control], relay_port), (service.addresses[shared[0]], int(port)))


def _running(engine: Engine, instance: str, way: Way, service: str | None) -> SeenContainer:
    found = ways.container(engine, instance, way, service=service)
    if found.labels.get(GENERATION, str(way.generation)) != str(way.generation):
        raise EngineError(f"{service or 'the gate'} is of another making")
    return found
