"""The fold: one fact, a million from nothing, and a full recount of 50,000 facts in SQL beside it.

    python -m benchmarks.fold [--facts 1000000] [--rounds 5]

Facts of an exercise of 20 teams: right and wrong answers, hints, and rounds of 3 checks for every team. `one_us` is
the median over single facts in microseconds, also at the end of the long ledger; the recount is one SQL statement over
the same facts, and must give the same points. The last line is JSON.
"""

import argparse
import json
import random
import sqlite3
import statistics
from collections.abc import Callable, Iterator
from datetime import timedelta
from time import perf_counter, perf_counter_ns, process_time

from benchmarks.grounds import DEFINITION, START, TASKS, TEAMS, median, seconds
from ncr.scoring.facts import Fact, Kind
from ncr.scoring.points import parts, places
from ncr.scoring.rules import rules
from ncr.scoring.standings import Standings, fold

RECOUNT = """
WITH solve AS MATERIALIZED (SELECT team, task, min(seq) AS seq FROM fact
    WHERE kind = 'submitted' AND right_ GROUP BY 1, 2),
  placed AS (SELECT team, task, row_number() OVER (PARTITION BY task ORDER BY seq) AS place,
    count(*) OVER (PARTITION BY task) AS k FROM solve),
  valued AS (SELECT *, max(100, 500 - 25 * (k - 1)) AS value, max(100, 500 - 25 * (place - 1)) AS then_ FROM placed),
  hint AS MATERIALIZED (SELECT team, task, sum(cost) AS cost FROM fact
    WHERE kind = 'hinted' GROUP BY 1, 2)
SELECT team, sum(max(0, value + CASE place WHEN 1 THEN 25 WHEN 2 THEN 14 WHEN 3 THEN 4 ELSE 0 END
    - coalesce(cost, 0))) FROM valued LEFT JOIN hint USING (team, task) GROUP BY team
"""


def facts(count: int) -> Iterator[Fact]:
    """A ledger of `count` facts, the same every time."""
    luck, tick = random.Random(1), 0
    up = {team: {f"c{number}": "up" for number in range(3)} for team in TEAMS}
    for seq in range(1, count + 1):
        at, t, kind = START + timedelta(seconds=seq), float(seq), luck.random()
        team, task = luck.choice(TEAMS), luck.choice(TASKS)
        if kind < 0.2:
            tick += 1
            results = up if luck.random() < 0.5 else {**up, team: {**up[team], "c1": luck.choice(["down", "degraded"])}}
            payload: dict[str, object] = {"every": 15, "tick": tick, "results": results}
            yield Fact("e", seq, at, t, Kind.CHECKED, None, payload, str(seq))
        elif kind < 0.25:
            payload = {"task": task, "hint": 1, "cost": 2, "member": "m"}
            yield Fact("e", seq, at, t, Kind.HINTED, team, payload, str(seq))
        else:
            payload = {"task": task, "right": kind > 0.7, "member": "m"}
            yield Fact("e", seq, at, t, Kind.SUBMITTED, team, payload, str(seq))


def one_by_one(standings: Standings, given: list[Fact]) -> dict[str, float]:
    """Median microseconds a fact, over all and by kind."""
    taken: dict[str, list[int]] = {}
    for fact in given:
        begun = perf_counter_ns()
        standings.apply(fact)
        taken.setdefault(fact.kind.value, []).append(perf_counter_ns() - begun)
    everything = [value for values in taken.values() for value in values]
    medians = {kind: round(statistics.median(values) / 1000, 2) for kind, values in taken.items()}
    return {"all": round(statistics.median(everything) / 1000, 2), **medians}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facts", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    found = {**recounted(asked.rounds), **long(asked.facts)}
    print(json.dumps({"benchmark": "fold", "reach": {"one_us": 20, "million_s": 20}, **found}))


def recounted(rounds: int) -> dict[str, object]:
    given = list(facts(50_000))
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE TABLE fact (seq INTEGER PRIMARY KEY, kind TEXT, team TEXT, task TEXT, right_ INTEGER, cost INTEGER)"
    )
    rows = [(f.seq, f.kind.value, f.team, *(f.payload.get(of) for of in ("task", "right", "cost"))) for f in given]
    database.executemany("INSERT INTO fact VALUES (?, ?, ?, ?, ?, ?)", rows)
    scoring = rules(DEFINITION)
    recounts, folds, singles = [], [], []
    for _ in range(rounds):
        recounts.append(seconds(lambda: database.execute(RECOUNT).fetchall()))
        folds.append(seconds(lambda: fold(scoring, given)))
        standings = fold(scoring, given[:49_000])
        singles.append(one_by_one(standings, given[49_000:]))
        looks = seconds(lambda standings=standings: places(standings))
    mine = {team: parts(standings, team)["tasks"] for team in TEAMS}
    same = mine == dict(database.execute(RECOUNT).fetchall())
    if not same:
        raise SystemExit("the fold and the recount differ")
    one_us = {kind: median(single[kind] for single in singles) for kind in singles[0]}
    return {
        "one_us": one_us,
        "recount_50000_ms": median(recount * 1000 for recount in recounts),
        "fold_50000_ms": median(taken * 1000 for taken in folds),
        "places_ms": round(looks * 1000, 2),
        "equal_to_recount": same,
    }


def long(count: int) -> dict[str, object]:
    """A long ledger made and folded once; the making is timed alone and taken off. Seconds of CPU and on the wall."""
    scoring = rules(DEFINITION)
    for_making = spent(lambda: sum(1 for _ in facts(count)))
    whole: list[Standings] = []
    for_both = spent(lambda: whole.append(fold(scoring, facts(count))))
    cpu_s, wall_s = (both - making for both, making in zip(for_both, for_making, strict=True))
    last = one_by_one(whole[0], [fact for fact in facts(count + 1000) if fact.seq > count])
    return {"long_facts": count, "long_cpu_s": round(cpu_s, 2), "long_s": round(wall_s, 2), "one_us_at_the_end": last}


def spent(work: Callable[[], object]) -> tuple[float, float]:
    begun, on_wall = process_time(), perf_counter()
    work()
    return process_time() - begun, perf_counter() - on_wall


if __name__ == "__main__":
    main()
