"""The disk watchdog: a container that writes too much is frozen, then ended; engines seldom limit disks themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ncr.runtime.engine import Engine
from ncr.runtime.objects import SERVICE, Labels, SeenContainer


@dataclass(frozen=True, slots=True)
class Verdict:
    """A container that wrote too much, and what is done about it."""

    container: str
    service: str
    mib: float
    act: Literal["pause", "stop"]
    labels: Labels

    def __str__(self) -> str:
        done = "frozen" if self.act == "pause" else "stopped"
        return f"service {self.service} has written {self.mib:.0f} MiB and is {done}; reset it to go on"


def verdicts(
    usage: Mapping[str, float], seen: Mapping[str, SeenContainer], soft_mib: float, hard_mib: float
) -> list[Verdict]:
    """What is to be done, from MiB written by container name; what is frozen already is only ever stopped."""
    found: list[Verdict] = []
    for name, mib in usage.items():
        one = seen.get(name)
        if one is None or one.state not in ("running", "paused"):
            continue
        service = one.labels.get(SERVICE, name)
        if mib >= hard_mib:
            found.append(Verdict(name, service, mib, "stop", one.labels))
        elif mib >= soft_mib and one.state == "running":
            found.append(Verdict(name, service, mib, "pause", one.labels))
    return found


def watch(engine: Engine, labels: Labels, soft_mib: float, hard_mib: float) -> list[Verdict]:
    """Look at the containers with these labels once and do what is to be done; what was done."""
    found = verdicts(engine.disk_usage(), engine.observe(labels).containers, soft_mib, hard_mib)
    for verdict in found:
        if verdict.act == "pause":
            engine.pause(verdict.container)
        else:
            # It is not asked first: it could go on writing meanwhile.
            engine.stop(verdict.container, 0.0)
    return found
