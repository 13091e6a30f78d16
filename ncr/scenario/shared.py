"""What an exercise's teams share: shared.yml as a scenario of its own, and where it meets their environments; pure."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from ncr.scenario.interpolation import TEAMS
from ncr.scenario.model import Inject
from ncr.scenario.topology import Scenario, Service, Topology

# Who it belongs to, in names and labels and where a participant is named otherwise.
SHARED = "shared"
# A container on many teams' networks takes from each only what that network may send, and answers for no other.
SYSCTLS: Mapping[str, str] = MappingProxyType(
    {"net.ipv4.conf.all.rp_filter": "1", "net.ipv4.conf.all.arp_ignore": "1", "net.ipv4.conf.all.arp_announce": "2"}
)


def shared_part(scenario: Scenario) -> Scenario | None:
    """What is shared as a scenario of one environment, whose services are told the teams; None when nothing is."""
    if scenario.shared is None:
        return None
    services = {name: _told(service) for name, service in scenario.shared.services.items()}
    topology = Topology(services, scenario.shared.networks, scenario.shared.volumes)
    definition = scenario.definition.model_copy(update={"entries": ()})
    return replace(scenario, definition=definition, topology=topology, shared=None)


def meetings(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    """Shared service -> those of its networks that teams have too, by name: there it is on every team's network."""
    shared = scenario.shared.services if scenario.shared else {}
    return {
        name: tuple(network for network in service.networks if network in scenario.topology.networks)
        for name, service in shared.items()
    }


def is_shared(scenario: Scenario, service: str) -> bool:
    """Whether the service is there once for all teams."""
    return scenario.shared is not None and service in scenario.shared.services


def is_for_all(scenario: Scenario, inject: Inject) -> bool:
    """Whether it happens once for all teams: to what they share, and without a team that brings it about."""
    when = inject.when
    by_a_team = when is not None and (when.solved or when.check)
    return is_shared(scenario, inject.service) and not by_a_team


def nickname(number: int) -> str:
    """What the n-th team, counted from 1, is called towards what is shared: `shop.t3` is its service shop."""
    return f"t{number}"


def nicknames(count: int) -> str:
    """All of them, as NCR_TEAMS has them."""
    return " ".join(nickname(number) for number in range(1, count + 1))


def _told(service: Service) -> Service:
    environment = {TEAMS: f"${{{TEAMS}}}", **service.environment}
    return replace(service, environment=environment, sysctls={**service.sysctls, **SYSCTLS})
