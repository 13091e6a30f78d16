"""The probe: a throw-away container on an environment's networks that tries everything that must fail."""

import json
from collections.abc import Sequence
from ipaddress import IPv4Network, ip_address

from ncr.runtime.addresses import last_address
from ncr.runtime.blueprint import GATE_PORT, Blueprint
from ncr.runtime.engine import Engine
from ncr.runtime.identity import sealed
from ncr.runtime.images import own_image
from ncr.runtime.objects import Attachment, ContainerSpec, Limits

HOST_PORTS = (22, 2375, 2376, 8000)
OUTSIDE = (("1.1.1.1", 443), ("9.9.9.9", 53))
METADATA = ("169.254.169.254", 80)
OUTSIDE_NAME = "example.org"
ANSWER_WITHIN_S = 0.4
TIMEOUT_S = 20.0
LIMITS = Limits(memory_mib=64, cpus=1.0, pids=64)


def probe(
    engine: Engine, blueprint: Blueprint, others: Sequence[str] = (), host_ports: Sequence[int] = HOST_PORTS
) -> list[str]:
    """What a container of this environment can reach and must not, in words; empty when it is sealed.

    A refused connection counts as reached: something answered. A probe that did not finish is a finding.
    """
    aims = _aims(engine, blueprint, others, host_ports)
    result = engine.run(probe_spec(blueprint, aims), TIMEOUT_S)
    lines = result.stdout.decode(errors="replace").splitlines()
    findings = [f"a container reaches {line.removeprefix('open ')}" for line in lines if line.startswith("open ")]
    if result.exit_code != 0 or "done" not in lines:
        said = (result.stderr or result.stdout).decode(errors="replace")[-300:]
        findings.append(f"the isolation probe did not finish (exit {result.exit_code}): {said}")
    return findings


def probe_spec(blueprint: Blueprint, aims: dict[str, object]) -> ContainerSpec:
    """The throw-away container, on all the team's networks."""
    networks = blueprint.team_networks
    spec = ContainerSpec(
        name=f"{blueprint.who.stem}.probe",
        service="",
        image=own_image("checker").reference,
        labels=blueprint.who.object_labels("", "probe"),
        attachments=tuple(Attachment(network.name, (), last_address(network.subnet)) for network in networks),
        limits=LIMITS,
        command=("/usr/local/bin/probe", json.dumps(aims)),
        # As the services have it.
        dns=next((container.dns for container in blueprint.containers), ()),
        read_only=True,
        stop_grace_s=0.0,
    )
    return sealed(spec, *networks)


def _aims(engine: Engine, blueprint: Blueprint, others: Sequence[str], host_ports: Sequence[int]) -> dict[str, object]:
    is_online = any(network.kind == "internet" for network in blueprint.networks)
    host = [address for address in engine.host_addresses() if _concerns(address, blueprint)]
    gateways = [str(IPv4Network(network.subnet)[1]) for network in blueprint.networks]
    gates = [place.ipv4 for place in blueprint.gate.attachments if place.ipv4]
    outside = [] if is_online else [_aim("an outside address", address, port) for address, port in OUTSIDE]
    return {
        "tcp": [
            *(_aim("the host", address, port) for address in host for port in host_ports),
            *(_aim("a gateway", address, port) for address in gateways for port in host_ports),
            # The gate is a neighbour and may refuse; its relay must not listen there.
            *(
                _aim("the gate", address, port, refusal_counts=False)
                for address in gates
                for port in blueprint.gate_ports
            ),
            *(_aim("another team", address, port) for address in others for port in (22, 80, GATE_PORT)),
            _aim("the metadata address", *METADATA),
            *outside,
        ],
        "name": "" if is_online else OUTSIDE_NAME,
        "within_s": ANSWER_WITHIN_S,
    }


def _aim(what: str, address: str, port: int, *, refusal_counts: bool = True) -> list[object]:
    return [what, address, port, refusal_counts]


def _concerns(address: str, blueprint: Blueprint) -> bool:
    bare, _, interface = address.partition("%")
    if interface:
        return interface in {network.bridge for network in blueprint.team_networks}
    return not ip_address(bare).is_loopback
