"""Runs benchmarks, one after the other, and rewrites their parts of docs/benchmarks.md from what each printed last."""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PROGRAMS = (
    "launch",
    "peers",
    "networks",
    "idle",
    "fanout",
    "practice",
    "practiceload",
    "submissions",
    "ledger",
    "fold",
    "checks",
    "terminals",
    "webentry",
)
PAGE = Path("docs/benchmarks.md")
LONGEST_S = 900
KEPT = "<!-- what follows is written by hand and kept -->"
HEAD = """# What was measured

Ours beside the floor or the peer, interleaved in one run; medians. `make bench` runs everything and rewrites this page;
`make bench ARGS=fold` runs one program and rewrites its part. Machines are noisy: read the ratios, and run it again
before believing one.
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help=f"some of {', '.join(PROGRAMS)}; all without")
    asked = parser.parse_args().programs or list(PROGRAMS)
    unknown = sorted(set(asked) - set(PROGRAMS))
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}")
    results = {}
    for name in asked:
        results[name] = run(name)
        earlier = PAGE.read_text() if PAGE.exists() else ""
        PAGE.write_text(page({**parts(earlier), name: part(name, results[name])}, kept(earlier)))
    print(json.dumps(results))
    return 1 if any("error" in result for result in results.values()) else 0


def run(name: str) -> dict[str, Any]:
    """The JSON that the program printed last, and how long it took."""
    print(f"== {name}", flush=True)
    began = time.monotonic()
    try:
        done = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}"],
            stdout=subprocess.PIPE,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"error": f"took longer than {LONGEST_S} s"}
    lines = done.stdout.strip().splitlines()
    print("\n".join(lines), flush=True)
    try:
        result: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    except json.JSONDecodeError:
        result = {}
    if done.returncode != 0 or not result:
        return {"error": f"ended with {done.returncode}"}
    return {**result, "took_s": round(time.monotonic() - began)}


def part(name: str, result: dict[str, Any]) -> str:
    """A program's part of the page: when and where it was measured, and its figures."""
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    machine = f"{os.cpu_count()} cores, {platform.machine()}, kernel {platform.release().split('-')[0]}"
    told = f"{when}, {machine}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} at the end."
    table = "\n".join(f"| {key} | {value} |" for key, value in flat(result))
    return f"## {name}\n\n{told}\n\n| figure | value |\n|---|---|\n{table}\n"


def parts(text: str) -> dict[str, str]:
    """The parts that the page has, by program."""
    found = (f"## {each.strip()}\n" for each in text.split(KEPT, 1)[0].split("\n## ")[1:])
    return {each.split("\n", 1)[0].removeprefix("## "): each for each in found}


def page(written: dict[str, str], by_hand: str) -> str:
    """The page: a part for each program, and what people wrote below."""
    return "\n".join([HEAD, *(written[name] for name in PROGRAMS if name in written), KEPT, by_hand])


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every number and word with the path that leads to it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, f"{path} {key}".strip())
    elif isinstance(value, list):
        yield path, ", ".join(map(str, value))
    else:
        yield path, round(value, 4) if isinstance(value, float) else value


def kept(text: str) -> str:
    """What people wrote below the figures."""
    return text.split(KEPT, 1)[1].lstrip("\n") if KEPT in text else ""


if __name__ == "__main__":
    sys.exit(main())
