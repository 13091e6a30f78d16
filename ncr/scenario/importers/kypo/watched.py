"""What a topology has watched, as checks."""

from typing import Any
from urllib.parse import urlsplit

from ncr.scenario.importers.kypo.making import Making
from ncr.scenario.importers.kypo.model import Topology


def make(making: Making) -> None:
    """Fill the checks."""
    topology = making.found.topology
    if topology is None or "monitoring_targets" not in topology.model_fields_set:
        return
    hosts = {host.name for host in topology.hosts}
    for number, watched in enumerate(topology.monitoring_targets.tcp):
        path = making.path("topology", "monitoring_targets", "tcp", number)
        if watched.node not in hosts:
            making.report.left(path, "it watches a router, and there are none here")
            continue
        for target in watched.targets:
            _check(making, f"{watched.node} {target.port}", watched.node, {"tcp": target.port})
        making.report.mapped(path, "checks", "by the service's name; interfaces and addresses are not told apart")
    for number, page in enumerate(topology.monitoring_targets.http.targets):
        path = making.path("topology", "monitoring_targets", "http", "targets", number)
        probe = _page(topology, page.url, page.check_string)
        if probe is None:
            making.report.left(path, "it is at no machine of the topology")
            continue
        _check(making, f"{probe[0]} page", probe[0], {"http": probe[1]})
        making.report.mapped(path, "checks", "asked at the machine itself")
    if topology.monitoring_targets.icmp is not None:
        why = "a container answers pings while it runs at all"
        making.report.left(making.path("topology", "monitoring_targets", "icmp"), why)


def _page(topology: Topology, url: str, wanted: str | None) -> tuple[str, dict[str, Any]] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError:
        return None
    places = {row.ip: row.host for row in topology.net_mappings} | {host.name: host.name for host in topology.hosts}
    host = places.get(parts.hostname or "")
    asked = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return (host, {"port": port, "path": asked, **({"contains": wanted} if wanted else {})}) if host else None


def _check(making: Making, title: str, host: str, probe: dict[str, Any]) -> None:
    check = {"id": making.checks.new(title), "title": title, "service": making.services.of(host), "probe": probe}
    making.draft.definition.setdefault("checks", []).append(check)
