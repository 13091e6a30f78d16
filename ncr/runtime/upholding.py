"""What an exercise does to a service on purpose: stop it, start it, take it off a network; and keeping it so."""

from collections.abc import Collection, Iterator

from ncr.errors import EngineError
from ncr.runtime.blueprint import Blueprint
from ncr.runtime.engine import Engine
from ncr.runtime.objects import Attachment, ContainerSpec, Observed

Cuts = Collection[tuple[str, str]]


def stop(engine: Engine, blueprint: Blueprint, service: str) -> None:
    """End every container of the service."""
    for spec in _of(blueprint, service):
        engine.stop(spec.name, spec.stop_grace_s)


def start(engine: Engine, blueprint: Blueprint, service: str) -> None:
    """Start every container of the service; the guard is the caller's to verify. It may take a while to be well."""
    for spec in _of(blueprint, service):
        engine.start(spec.name)


def cut(engine: Engine, blueprint: Blueprint, service: str, network: str) -> None:
    """Take every container of the service off a network of the scenario."""
    for spec, place in _places(blueprint, service, network):
        engine.disconnect(spec.name, place.network)


def join(engine: Engine, blueprint: Blueprint, service: str, network: str) -> None:
    """Put them back where they were, at the same addresses and under the same names."""
    for spec, place in _places(blueprint, service, network):
        engine.connect(spec.name, place)


def uphold(engine: Engine, blueprint: Blueprint, seen: Observed, stopped: Collection[str], cuts: Cuts) -> None:
    """Stop and take off whatever came back, and put back whatever is off a network without being meant to."""
    off = {(service, blueprint.who.name(network)) for service, network in cuts}
    for spec in blueprint.containers:
        found = seen.containers.get(spec.name)
        if found is None or found.state not in ("running", "paused"):
            # Only of what runs the engine tells where it is.
            continue
        if spec.service in stopped:
            engine.stop(spec.name, spec.stop_grace_s)
            continue
        for place in spec.attachments:
            is_on, is_meant = place.network in found.addresses, (spec.service, place.network) not in off
            if is_on and not is_meant:
                engine.disconnect(spec.name, place.network)
            elif is_meant and not is_on:
                engine.connect(spec.name, place)


def _of(blueprint: Blueprint, service: str) -> tuple[ContainerSpec, ...]:
    specs = blueprint.of(service)
    if not specs:
        raise EngineError(f"the environment has no service {service}")
    return specs


def _places(blueprint: Blueprint, service: str, network: str) -> Iterator[tuple[ContainerSpec, Attachment]]:
    wanted = blueprint.who.name(network)
    found = [(spec, place) for spec in _of(blueprint, service) for place in spec.attachments if place.network == wanted]
    if not found:
        raise EngineError(f"service {service} is not on the network {network}")
    return iter(found)
