"""A hundred teams' networks, ours beside raw creation on own subnets.

    python -m benchmarks.networks [--networks 100] [--rounds 5]

Rounds alternate in equal shares, so that both sides meet the same number of networks; each side's share is removed
before the other's turn. None may be refused. The last line is JSON.
"""

import argparse
import json
import uuid

from benchmarks.yard import Ours, Raw, plans, ratio, timed
from ncr.runtime import environment


def main(networks: int, rounds: int) -> dict[str, object]:
    ours, raw = Ours(f"b-{uuid.uuid4().hex[:6]}"), Raw()
    specs = [spec for team in plans(ours.instance, networks // 2) for spec in team.networks]
    mine, theirs = [], []
    try:
        for number in range(rounds):
            mine.append(timed(lambda: [ours.engine.ensure_network(spec) for spec in specs]))
            there = len(ours.engine.observe({"ncr.instance": ours.instance}).networks)
            assert there == len(specs), f"{len(specs) - there} networks were refused"
            environment.remove(ours.engine, {"ncr.instance": ours.instance})
            theirs.append(timed(lambda: [raw.network(spec) for spec in specs]))
            environment.remove(ours.engine, {"ncr.instance": ours.instance})
            print(f"round {number + 1}: {mine[-1]:.2f} s beside {theirs[-1]:.2f} s", flush=True)
    finally:
        environment.remove(ours.engine, {"ncr.instance": ours.instance})
    return {"networks": len(specs), "rounds": rounds, **ratio(mine, theirs), "refused": 0}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print(json.dumps(main(given.networks, given.rounds)))
