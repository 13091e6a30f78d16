"""What the engine benchmarks stand on: teams of three containers and a gate, made by us and by raw engine calls."""

import random
import statistics
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import Any

import docker

from ncr.config import Settings
from ncr.runtime import environment
from ncr.runtime.blueprint import Blueprint, blueprint, networks_needed
from ncr.runtime.docker import DockerEngine
from ncr.runtime.docker_networks import options
from ncr.runtime.docker_profile import create_body, endpoint
from ncr.runtime.identity import Identity
from ncr.runtime.objects import ContainerSpec, NetworkSpec
from ncr.runtime.outfit import SiteLimits
from ncr.scenario.model import Definition
from ncr.scenario.topology import Membership, Network, Scenario, Service, Topology

AT_ONCE = 8
POOL = "10.150"


def scenario(services: int = 3) -> Scenario:
    """Services that only sleep, on one network."""
    definition = Definition.model_validate(
        {"ncr": 1, "id": "bench", "version": "1.0.0", "title": "B", "summary": "b", "duration": "10m"}
    )
    made = [
        Service(
            f"s{n}",
            image="ncr/base:bookworm",
            command=("sleep", "3600"),
            networks={"lan": Membership()},
            stop_grace_s=0,
        )
        for n in range(services)
    ]
    return Scenario(Path("."), "0" * 64, definition, Topology({one.name: one for one in made}, {"lan": Network("lan")}))


def plans(instance: str, teams: int) -> list[Blueprint]:
    """A blueprint for each of the teams, on addresses of their own."""
    what, found = scenario(), []
    first = random.randrange(0, 1000 - 2 * teams)
    for team in range(teams):
        subnets = {}
        for name in networks_needed(what):
            subnets[name] = (f"{POOL}.{first // 4}.{first % 4 * 64}/26", f"ncr-{random.randbytes(5).hex()}")
            first += 1
        found.append(blueprint(what, Identity(instance, "bench", f"t{team}"), {}, {}, subnets, SiteLimits()))
    return found


def parallel(works: Iterable[Callable[[], object]]) -> None:
    """Do them eight at a time; the first error is raised."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for future in [pool.submit(work) for work in works]:
            future.result()


def timed(work: Callable[[], object]) -> float:
    """Seconds it took."""
    start = perf_counter()
    work()
    return perf_counter() - start


def ratio(ours: Sequence[float], beside: Sequence[float]) -> dict[str, float]:
    """Medians of both and of the ratio, round by round."""
    each = [mine / theirs for mine, theirs in zip(ours, beside, strict=True)]
    figures = {"ours_s": ours, "raw_s": beside, "ratio": each}
    return {name: round(statistics.median(values), 4) for name, values in figures.items()}


@dataclass
class Ours:
    """Environments as the director makes them."""

    instance: str
    engine: DockerEngine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = DockerEngine(Settings(), self.instance)

    def prepare(self, teams: Sequence[Blueprint]) -> None:
        parallel(partial(self._prepare, team) for team in teams)

    def verify(self, teams: Sequence[Blueprint]) -> None:
        parallel(partial(environment.verify, self.engine, team) for team in teams)

    def open(self, teams: Sequence[Blueprint]) -> None:
        parallel(partial(environment.open_, self.engine, team) for team in teams)

    def remove(self, teams: Sequence[Blueprint]) -> None:
        parallel(partial(environment.remove, self.engine, team.who.labels) for team in teams)

    def _prepare(self, team: Blueprint) -> None:
        environment.build(self.engine, team)
        environment.hold(self.engine, team)


class Raw:
    """The same engine calls and nothing else: no lookups, no waiting, no repeating."""

    def __init__(self) -> None:
        self.api: Any = docker.APIClient(version="auto", max_pool_size=AT_ONCE * 4)
        self._one_network = Lock()

    def network(self, spec: NetworkSpec) -> None:
        with self._one_network:
            self.api.create_network(
                spec.name,
                driver="bridge",
                internal=True,
                labels=dict(spec.labels),
                ipam={"Driver": "default", "Config": [{"Subnet": spec.subnet}]},
                options=options(spec, is_isolating=False),
            )

    def prepare(self, teams: Sequence[Blueprint]) -> None:
        for team in teams:
            for network in team.networks:
                self.network(network)
        parallel(partial(self._container, spec) for team in teams for spec in team.everything)

    def open(self, teams: Sequence[Blueprint]) -> None:
        parallel(partial(self.api.unpause, spec.name) for team in teams for spec in team.everything)

    def remove(self, teams: Sequence[Blueprint]) -> None:
        parallel(partial(self._remove, team) for team in teams)
        parallel(partial(self.api.remove_network, network.name) for team in teams for network in team.networks)

    def _remove(self, team: Blueprint) -> None:
        # Two at once on one network have left it with an endpoint that nothing could take off again.
        for spec in team.everything:
            self.api.remove_container(spec.name, force=True, v=True)

    def _container(self, spec: ContainerSpec) -> None:
        self.api.create_container_from_config(create_body(spec, "/ncr"), spec.name)
        for place in spec.attachments[1:]:
            self.api.connect_container_to_network(spec.name, place.network, **_connect(place))
        self.api.start(spec.name)
        self.api.pause(spec.name)


def _connect(place: Any) -> dict[str, Any]:
    return {"ipv4_address": endpoint(place)["IPAMConfig"]["IPv4Address"], "aliases": list(place.aliases)}
