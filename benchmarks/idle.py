"""Memory of an idle environment, gate included, beside the engine's own plain containers; per container.

    python -m benchmarks.idle [--teams 5]

Counted is the proportional set size of everything that runs for a container: its processes and the engine's shim.
The last line is JSON.
"""

import argparse
import json
import uuid
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.yard import Ours, Raw, plans
from ncr.runtime import environment


def pss_kib(pid: int) -> int:
    """A process's proportional set size."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def parent(pid: int) -> int:
    """The process that started it."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def container_kib(api: Any, name: str) -> int:
    """Memory of a container's processes and of its shim."""
    inside = [int(row[1]) for row in api.top(name)["Processes"]]
    return sum(map(pss_kib, [*inside, parent(api.inspect_container(name)["State"]["Pid"])]))


def main(teams: int) -> dict[str, object]:
    ours, raw = Ours(f"b-{uuid.uuid4().hex[:6]}"), Raw()
    where = plans(ours.instance, teams)
    labels = {"ncr.instance": ours.instance, "ncr.managed": "1"}
    try:
        ours.prepare(where)
        mine = [sum(container_kib(raw.api, spec.name) for spec in team.everything) for team in where]
        plain = []
        for number in range(teams * 3):
            name = f"ncr-{ours.instance}-plain-{number}"
            raw.api.create_container_from_config(
                {"Image": "ncr/base:bookworm", "Cmd": ["sleep", "3600"], "Labels": labels}, name
            )
            raw.api.start(name)
            plain.append(name)
        theirs = [container_kib(raw.api, name) for name in plain]
    finally:
        environment.remove(ours.engine, {"ncr.instance": ours.instance})
    each, alone = median(mine) / len(where[0].everything), median(theirs)
    return {
        "environment_mib": round(median(mine) / 1024, 2),
        "ours_mib_per_container": round(each / 1024, 2),
        "plain_mib_per_container": round(alone / 1024, 2),
        "ratio": round(each / alone, 3),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teams", type=int, default=5)
    print(json.dumps(main(parser.parse_args().teams)))
