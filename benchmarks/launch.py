"""Prepare, open and tear down ten teams, ours beside the same engine calls made raw.

    python -m benchmarks.launch [--teams 10] [--rounds 5]

Rounds alternate: every team's three containers and gate are made, frozen, opened together, and removed. Ours includes
looking, adopting and waiting until each service is well; what proving isolation costs (`verify_s`) stands beside. The
last line is JSON.
"""

import argparse
import json
import uuid
from collections import defaultdict
from statistics import median

from benchmarks.yard import Ours, Raw, plans, ratio, timed
from ncr.runtime import environment


def main(teams: int, rounds: int) -> dict[str, object]:
    ours, raw = Ours(f"b-{uuid.uuid4().hex[:6]}"), Raw()
    mine, theirs = defaultdict(list), defaultdict(list)
    where = plans(ours.instance, teams)
    for image in where[0].images:
        ours.engine.ensure_image(image, print)
    try:
        for number in range(rounds):
            mine["prepare"].append(timed(lambda: ours.prepare(where)))
            mine["open"].append(timed(lambda: ours.open(where)))
            mine["verify"].append(timed(lambda: ours.verify(where)))
            mine["tear_down"].append(timed(lambda: ours.remove(where)))
            for name in ("prepare", "open"):
                theirs[name].append(timed(lambda name=name: getattr(raw, name)(where)))
            theirs["tear_down"].append(timed(lambda: raw.remove(where)))
            print(f"round {number + 1}:", {k: round(v[-1], 2) for k, v in mine.items()},
                  {k: round(v[-1], 2) for k, v in theirs.items()}, flush=True)  # fmt: skip
    finally:
        environment.remove(ours.engine, {"ncr.instance": ours.instance})
    rows = {name: ratio(mine[name], theirs[name]) for name in ("prepare", "open", "tear_down")}
    opened = median(mine["open"])
    return {
        "teams": teams,
        "rounds": rounds,
        **rows,
        "verify_s": round(median(mine["verify"]), 3),
        "open_beside_cold_start": round(median(mine["prepare"]) / opened, 1),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teams", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print(json.dumps(main(given.teams, given.rounds)))
