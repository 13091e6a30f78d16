"""An author's check script, run in a throw-away container beside the service it judges, never in the service itself."""

import secrets
from ipaddress import IPv4Network

from ncr.runtime.blueprint import Blueprint
from ncr.runtime.engine import Engine, ExecResult
from ncr.runtime.identity import sealed
from ncr.runtime.images import own_image
from ncr.runtime.objects import Attachment, ContainerSpec, FileSpec, Limits
from ncr.runtime.outfit import NO_RESOLVER

LIMITS = Limits(memory_mib=96, cpus=0.5, pids=32)
PLACE = "/check.py"
CRASHED = 3
# Python ends with 1 after a traceback, which would read as the service being down: a crash is the checker's own fault.
RUN = f"""
import runpy, sys, traceback
try:
    runpy.run_path({PLACE!r}, run_name="__main__")
except Exception:
    traceback.print_exc()
    sys.exit({CRASHED})
"""
# What making and removing the container may take on top of the script's own time.
AROUND_S = 10.0
# `timeout` ends a killed command with this.
TIMED_OUT = 137


About = tuple[str, int]
# How many of the last addresses of a network scripts come from.
SEATS = 12


def run_script(
    engine: Engine, blueprint: Blueprint, service: str, source: bytes, timeout_s: float, about: About | None = None
) -> ExecResult:
    """Run the script with NCR_TARGET (the service's name), NCR_TEAM and NCR_TIMEOUT (seconds) set.

    `about`, in what all share: what the team asked about is called there, and a seat of SEATS that is its alone now.

    The script's own time is measured inside; `exit_code` None means that it ran out. Raises EngineError when it could
    not be run at all.
    """
    result = engine.run(_spec(blueprint, service, source, timeout_s, about), timeout_s + AROUND_S)
    return ExecResult(None, result.stdout, result.stderr) if result.exit_code == TIMED_OUT else result


def _spec(blueprint: Blueprint, service: str, source: bytes, timeout_s: float, about: About | None) -> ContainerSpec:
    # Rounds may overlap when one is slow, so names differ. Addresses come from the far end: left to the engine, it
    # could hand out that of a service which is down at the moment.
    networks, who = blueprint.team_networks, blueprint.who
    team, place = (who.team, -3 - secrets.randbelow(SEATS)) if about is None else (about[0], -3 - about[1])
    spec = ContainerSpec(
        name=f"{who.stem}.check-{secrets.token_hex(4)}",
        service="",
        image=own_image("checker").reference,
        labels=who.object_labels("", "check"),
        attachments=tuple(
            Attachment(network.name, (), str(IPv4Network(network.subnet)[place])) for network in networks
        ),
        limits=LIMITS,
        command=("timeout", "-s", "KILL", f"{timeout_s:g}", "python3", "-c", RUN),
        environment={"NCR_TARGET": service, "NCR_TEAM": team, "NCR_TIMEOUT": f"{timeout_s:g}"},
        files=(FileSpec(PLACE, source),),
        tmpfs={"/tmp": "size=8m,mode=1777"},  # noqa: S108 - inside the container
        dns=NO_RESOLVER,
        stop_grace_s=0.0,
    )
    return sealed(spec, *networks)
