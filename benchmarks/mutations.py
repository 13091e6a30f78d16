"""Spoils files thousands of times: `python -m benchmarks.mutations COUNT [SEED] [SAMPLE…]`, each read or refused.

Every sample of the tests' (scenarios and each format that can be imported) is mutated, COUNT times in all. Each must be
read or refused with a place within 1 s of processor time and 200 MiB; what is not is kept and told.
"""

import random
import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from tests.pure.scenario.mutations import KINDS, Mutation, mutated
from tests.pure.scenario.spoiling import SAMPLES, lay, outcome

LONGEST_S, LARGEST_MIB = 1.0, 200
KEPT = Path(tempfile.gettempdir()) / "ncr-mutations"


def main(count: int, seed: int, names: list[str]) -> int:
    """Run and print; 1 when anything was neither read nor refused within the limits."""
    chance = random.Random(seed)
    outcomes, slowest, largest, bad = Counter[str](), 0.0, 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        places = {name: lay(Path(folder) / name, SAMPLES[name]) for name in names}
        for number in range(count):
            name = names[number % len(names)]
            mutations = _drawn(chance)
            content = mutated(SAMPLES[name].files[SAMPLES[name].spoiled].encode(), mutations)
            _forget_peak()
            began = time.process_time()
            try:
                found = outcome(places[name], SAMPLES[name], content)
            except Exception:
                found = "failed"
                traceback.print_exc()
            took, used = time.process_time() - began, _peak_mib()
            slowest, largest = max(slowest, took), max(largest, used)
            outcomes[found] += 1
            if found == "failed" or took > LONGEST_S or used > LARGEST_MIB:
                bad += 1
                _keep(name, number, content, f"{found} in {took:.2f} s, {used:.0f} MiB: {mutations}")
    print(f"{count} mutations (seed {seed}): {dict(outcomes)}, slowest {slowest:.2f} s, {largest:.0f} MiB, {bad} bad")
    return int(bad > 0)


def _forget_peak() -> None:
    # Spoiling a file takes more memory than reading it does; only the reading counts.
    Path("/proc/self/clear_refs").write_text("5")


def _peak_mib() -> float:
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def _drawn(chance: random.Random) -> list[Mutation]:
    kinds = sorted(KINDS)
    return [
        (chance.choice(kinds), chance.randrange(2**16), chance.randrange(2**16)) for _ in range(chance.randint(1, 4))
    ]


def _keep(name: str, number: int, content: bytes, what: str) -> None:
    KEPT.mkdir(exist_ok=True)
    path = KEPT / f"{name}-{number}"
    path.write_bytes(content)
    print(f"{path}: {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0, sys.argv[3:] or list(SAMPLES)))
