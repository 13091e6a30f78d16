"""Networks on a Docker engine: sealed, on own subnets, made one at a time."""

from ipaddress import IPv4Network
from threading import Lock
from typing import Any

from docker.errors import APIError
from docker.utils.utils import version_gte

from ncr.errors import EngineError, SubnetTaken
from ncr.runtime.docker_client import Connection, calling, gone_is_fine, status
from ncr.runtime.host import Host
from ncr.runtime.objects import SPEC, Attachment, NetworkSpec

BRIDGE = "com.docker.network.bridge"
# Older engines silently ignore the isolated gateway mode; these keep the host off the bridge all the same.
ISOLATED_SINCE = "1.48"


class Networks:
    """Makes and deletes networks, and puts containers on them; `host` tells which addresses the machine itself uses."""

    def __init__(self, connection: Connection, host: Host) -> None:
        self._connection = connection
        self._host = host
        # The engine's address and firewall bookkeeping is serial; calls side by side only wait inside it.
        self._one_at_a_time = Lock()

    def ensure(self, spec: NetworkSpec) -> None:
        """Make it, or adopt one made from the same spec; another of the same name is replaced."""
        with self._one_at_a_time:
            try:
                self._create(spec)
            except EngineError as error:
                if status(error) != 409 or self._is_adopted(spec):
                    if status(error) != 409:
                        raise
                    return
                self.remove(spec.name)
                self._create(spec)

    def connect(self, container: str, place: Attachment) -> None:
        """Put the container on a network at this place; one that is on it stays where it is."""
        api = self._connection.api
        with calling(f"container {container}, network {place.network}"):
            if place.network in self._places(container):
                return
            # To one that does not run, the engine would promise a network that does not exist.
            network_id = api.inspect_network(place.network)["Id"]
            try:
                api.connect_container_to_network(
                    container, network_id, ipv4_address=place.ipv4, aliases=list(place.aliases)
                )
            except APIError:
                if place.network not in self._places(container):
                    raise

    def disconnect(self, container: str, network: str) -> None:
        """Take the container off the network; one that is not on it, or either being gone, is success."""
        with gone_is_fine(f"container {container}, network {network}"):
            try:
                self._connection.api.disconnect_container_from_network(container, network, force=True)
            except APIError:
                if network in self._places(container):
                    raise

    def remove(self, name: str) -> None:
        """Delete every network of that name, taking containers off it first."""
        api = self._connection.api
        with calling(f"network {name}"):
            there = [network for network in api.networks(names=[name]) if network["Name"] == name]
            # Those that do not run hinder nobody, and could never start again.
            users = api.containers(all=True, filters={"network": name}) if there else ()
        for user in users:
            self.disconnect(user["Id"], name)
        for network in there:
            try:
                with gone_is_fine(f"network {name}"):
                    api.remove_network(network["Id"])
            except EngineError as error:
                if status(error) != 403:
                    raise
                self._empty(network["Id"], name)
                with gone_is_fine(f"network {name}"):
                    api.remove_network(network["Id"])

    def _create(self, spec: NetworkSpec) -> None:
        self._refuse_the_hosts_own(spec)
        api = self._connection.api
        try:
            with calling(f"network {spec.name}"):
                api.create_network(
                    spec.name,
                    driver="bridge",
                    check_duplicate=True,
                    internal=spec.kind != "internet",
                    enable_ipv6=False,
                    labels=dict(spec.labels),
                    ipam={"Driver": "default", "Config": [{"Subnet": spec.subnet}]},
                    options=options(spec, is_isolating=version_gte(api.api_version, ISOLATED_SINCE)),
                )
        except EngineError as error:
            if "overlap" in str(error).lower():
                raise SubnetTaken(str(error), spec.subnet) from error
            raise

    def _refuse_the_hosts_own(self, spec: NetworkSpec) -> None:
        wanted = IPv4Network(spec.subnet)
        for route, interface in self._host.routes():
            if interface != spec.bridge and route.overlaps(wanted):
                raise SubnetTaken(f"network {spec.name}: the host uses {route} on {interface}", spec.subnet)

    def _is_adopted(self, spec: NetworkSpec) -> bool:
        with calling(f"network {spec.name}"):
            there = [one for one in self._connection.api.networks(names=[spec.name]) if one["Name"] == spec.name]
        return len(there) == 1 and (there[0]["Labels"] or {}).get(SPEC) == spec.labels.get(SPEC)

    def _places(self, container: str) -> set[str]:
        return set(self._connection.api.inspect_container(container)["NetworkSettings"]["Networks"] or ())

    def _empty(self, network_id: str, name: str) -> None:
        api = self._connection.api
        with gone_is_fine(f"network {name}"):
            for container in api.inspect_network(network_id)["Containers"] or {}:
                try:
                    api.disconnect_container_from_network(container, network_id, force=True)
                except APIError as error:
                    if error.status_code != 404:
                        raise


def options(spec: NetworkSpec, *, is_isolating: bool) -> dict[str, Any]:
    """The bridge driver's options: the host stays off a team's bridge, and gates cannot see each other."""
    found = {f"{BRIDGE}.name": spec.bridge}
    if spec.kind == "team":
        found[f"{BRIDGE}.inhibit_ipv4"] = "true"
        if is_isolating:
            found[f"{BRIDGE}.gateway_mode_ipv4"] = "isolated"
    if spec.kind == "control":
        found[f"{BRIDGE}.enable_icc"] = "false"
    return found
