"""Prepare ten teams cold, ours beside Compose and beside a loop of engine commands that make the same things.

    python -m benchmarks.peers [--teams 10] [--rounds 3]

Compose (v2 where it is installed, else Debian's v1) runs eight projects at a time; the loop makes one thing after the
other, as a script would. Gates and networks are among the things made; looking, healing and freezing are ours alone.
Rounds alternate. The last line is JSON.
"""

import argparse
import json
import subprocess
import tempfile
import uuid
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.yard import Ours, parallel, plans, timed
from ncr.runtime import environment
from ncr.runtime.blueprint import Blueprint
from ncr.runtime.objects import Attachment, ContainerSpec, NetworkSpec

BRIDGE = "com.docker.network.bridge.name"


def run(*words: str) -> None:
    """A command that must succeed; what it says is shown only when it does not."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}: {done.stderr[-500:]}")


def compose() -> tuple[str, ...]:
    """The Compose that is here."""
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return ("docker", "compose") if plugin.returncode == 0 else ("docker-compose",)


def project(team: Blueprint) -> dict[str, Any]:
    """One team as a Compose file."""
    return {
        "version": "2.4",
        "services": {spec.name.replace(".", "-"): service(spec) for spec in team.everything},
        "networks": {network.name: network_of(network) for network in team.networks},
    }


def service(spec: ContainerSpec) -> dict[str, Any]:
    limits = {"mem_limit": f"{spec.limits.memory_mib}m", "cpus": spec.limits.cpus, "pids_limit": spec.limits.pids}
    made: dict[str, Any] = {"image": spec.image, "container_name": spec.name, "labels": dict(spec.labels), **limits}
    made |= {"init": spec.init, "cap_drop": ["ALL"], "environment": dict(spec.environment)}
    made["networks"] = {place.network: {"ipv4_address": place.ipv4} if place.ipv4 else {} for place in spec.attachments}
    return made | ({"command": list(spec.command)} if spec.command else {})


def network_of(network: NetworkSpec) -> dict[str, Any]:
    made = {"name": network.name, "internal": True, "labels": dict(network.labels)}
    return made | {"driver_opts": {BRIDGE: network.bridge}, "ipam": {"config": [{"subnet": network.subnet}]}}


def composed(teams: Sequence[Blueprint], folder: Path) -> None:
    """Every team a project, eight at a time."""
    command = compose()
    for team in teams:
        (folder / f"{team.who.team}.json").write_text(json.dumps(project(team)))
    parallel(
        partial(run, *command, "-p", team.who.stem, "-f", str(folder / f"{team.who.team}.json"), "up", "-d")
        for team in teams
    )


def looped(teams: Sequence[Blueprint]) -> None:
    """One command after another."""
    for team in teams:
        for network in team.networks:
            labels = [f"--label={key}={value}" for key, value in network.labels.items()]
            where = (f"--subnet={network.subnet}", f"--opt={BRIDGE}={network.bridge}")
            run("docker", "network", "create", "--internal", *where, *labels, network.name)
        for spec in team.everything:
            create(spec)


def create(spec: ContainerSpec) -> None:
    first, *others = spec.attachments
    words = [f"--label={key}={value}" for key, value in spec.labels.items()]
    words += [f"--env={key}={value}" for key, value in spec.environment.items()]
    words += [f"--memory={spec.limits.memory_mib}m", f"--cpus={spec.limits.cpus}", f"--pids-limit={spec.limits.pids}"]
    words += ["--cap-drop=ALL", "--init", f"--network={first.network}", *address(first)]
    run("docker", "create", f"--name={spec.name}", *words, spec.image, *(spec.command or ()))
    for place in others:
        run("docker", "network", "connect", *address(place), place.network, spec.name)
    run("docker", "start", spec.name)


def address(place: Attachment) -> list[str]:
    return [f"--ip={place.ipv4}"] if place.ipv4 else []


def main(teams: int, rounds: int) -> dict[str, Any]:
    ours = Ours(f"b-{uuid.uuid4().hex[:6]}")
    where = plans(ours.instance, teams)
    for image in where[0].images:
        ours.engine.ensure_image(image, print)
    taken: dict[str, list[float]] = {"ours": [], "compose": [], "loop": []}
    with tempfile.TemporaryDirectory() as folder:
        works = {
            "ours": lambda: ours.prepare(where),
            "compose": lambda: composed(where, Path(folder)),
            "loop": lambda: looped(where),
        }
        for number in range(rounds):
            for name, work in works.items():
                try:
                    taken[name].append(timed(work))
                finally:
                    environment.remove(ours.engine, {"ncr.instance": ours.instance})
            print(f"round {number + 1}:", {name: round(times[-1], 2) for name, times in taken.items()}, flush=True)
    faster = {
        f"than_{name}": round(median(theirs / mine for mine, theirs in zip(taken["ours"], taken[name], strict=True)), 2)
        for name in ("compose", "loop")
    }
    seconds = {f"{name}_s": round(median(times), 2) for name, times in taken.items()}
    return {"teams": teams, "rounds": rounds, "compose": " ".join(compose()), **seconds, "times_faster": faster}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teams", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    print(json.dumps(main(given.teams, given.rounds)))
