"""The doctor's trial: a sealed network of its own on the engine, probed from the inside, and taken away again."""

import secrets
from collections.abc import Sequence
from ipaddress import IPv4Network

from ncr.errors import EngineError, SubnetTaken
from ncr.runtime import environment, isolation
from ncr.runtime.blueprint import GATE_LIMITS, Blueprint
from ncr.runtime.engine import Engine
from ncr.runtime.identity import Identity, sealed
from ncr.runtime.images import own_image
from ncr.runtime.objects import ContainerSpec, NetworkSpec
from ncr.runtime.subnets import bridge_name

TRIES = 8


def try_isolation(engine: Engine, instance: str, pool: IPv4Network, prefix: int, ports: Sequence[int]) -> list[str]:
    """What a container in a sealed network of this engine can reach and must not; empty when it is sealed.

    Raises EngineError when the trial could not be made at all.
    """
    who = Identity(instance, "doctor", secrets.token_hex(4))
    engine.ensure_image(own_image("checker"), lambda line: None)
    engine.ensure_guard()
    try:
        return isolation.probe(engine, _trial(engine, who, pool, prefix), (), ports)
    finally:
        environment.remove(engine, who.labels)


def _trial(engine: Engine, who: Identity, pool: IPv4Network, prefix: int) -> Blueprint:
    for _ in range(TRIES):
        # Far from where environments are placed first, and elsewhere each time: two doctors may look at once.
        number = secrets.randbelow(2 ** (prefix - pool.prefixlen))
        cidr = str(IPv4Network((int(pool.network_address) + number * 2 ** (32 - prefix), prefix)))
        bridge = bridge_name("team", secrets.token_hex(5))
        network = sealed(NetworkSpec(who.name("trial"), bridge, cidr, "team", who.object_labels("", "network")))
        try:
            engine.ensure_network(network)
        except SubnetTaken:
            continue
        # The probe asks where the gate is; this trial has none.
        nobody = ContainerSpec(who.gate_name, "", own_image("gate").reference, who.labels, (), GATE_LIMITS)
        return Blueprint(who, (), (network,), (), (), nobody)
    raise EngineError("no free addresses were found for the trial")
