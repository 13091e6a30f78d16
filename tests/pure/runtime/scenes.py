"""Scenarios made by hand for the runtime's tests."""

from pathlib import Path
from typing import Any

from ncr.runtime.blueprint import Blueprint, blueprint, networks_needed
from ncr.runtime.identity import Identity
from ncr.runtime.outfit import SiteLimits
from ncr.scenario.model import Definition
from ncr.scenario.topology import Membership, Network, Scenario, Service, Topology


def service(name: str, **more: Any) -> Service:
    """A service on the network `plant`, unless told otherwise."""
    return Service(name, **{"image": "ncr/base:bookworm", "networks": {"plant": Membership()}, **more})


def scene(
    *services: Service, networks: dict[str, Network] | None = None, path: Path = Path("."), **more: Any
) -> Scenario:
    """A scenario of these services; `more` is what scenario.yml says beside."""
    definition = Definition.model_validate(
        {"ncr": 1, "id": "scene", "version": "1.0.0", "title": "Scene", "summary": "S", "duration": "10m", **more}
    )
    topology = Topology({one.name: one for one in services}, networks or {"plant": Network("plant")}, ("store",))
    return Scenario(path, "0" * 64, definition, topology)


def made(
    scenario: Scenario, who: Identity | None = None, *, first: int = 0, flags: dict[str, str] | None = None
) -> Blueprint:
    """Its blueprint, on subnets of 10.130.0.0/16 from number `first`."""
    subnets = {
        name: (f"10.130.{(first + at) // 4}.{(first + at) % 4 * 64}/26", f"ncr-{first + at:010x}")
        for at, name in enumerate(networks_needed(scenario))
    }
    values = {"NCR_TEAM": "a", "NCR_TEAM_NAME": "Team A", "FLAG_ROOT": "NCR{root}", "pump": "42"}
    return blueprint(scenario, who or Identity("t", "ex", "a"), values, flags or {}, subnets, SiteLimits())
