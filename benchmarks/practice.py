"""From a click to a terminal that answers: an environment of the pool, and one built cold beside the raw engine.

    python -m benchmarks.practice [--rounds 7]

A service in a process of its own, over HTTP and the real WebSocket. Rounds alternate. Pool: from the request to start
until the shell's prompt has come through the terminal. Cold: from the request until the environment is open, less what
proving isolation costs (`verify_s`, measured beside); raw: the same three containers and gate made, frozen and opened
by the engine's own calls. The last line is JSON.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
import uuid
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import select
from websockets.asyncio.client import connect

from benchmarks.practiceload import populated, site
from benchmarks.yard import Ours, Raw, plans, ratio, timed
from ncr.cli.service import Service
from ncr.clock import utcnow
from ncr.config import Settings
from ncr.exercise.tables import Journal
from ncr.runtime import environment
from ncr.runtime.engine import Engine

SCENARIO = """ncr: 1
id: bench
version: 1.0.0
title: B
summary: b
duration: 10m
entries:
  - {id: desk, terminal: s0, user: root, title: Desk}
"""
SERVICE = """
  s{n}:
    image: ncr/base:bookworm
    command: [sleep, '3600']
    networks: [lan]
    stop_grace_period: 0s
"""
LOOK_S, SELDOM_S = 0.02, 0.5
LONGEST_S = 60.0


def main(rounds: int = 7) -> dict[str, Any]:
    """The figures of so many rounds."""
    folder = Path(tempfile.mkdtemp())
    write_scenario(folder / "scenarios" / "bench")
    os.environ["NCR_SCENARIOS"] = json.dumps([str(folder / "scenarios")])
    ours, raw = Ours(f"b-{uuid.uuid4().hex[:6]}"), Raw()
    one = plans(ours.instance, 1)
    try:
        with ExitStack() as stack:
            cold = stack.enter_context(Student(folder / "cold", pool=0))
            warm = stack.enter_context(Student(folder / "warm", pool=1))
            cold.start_and_end()
            warm.start_and_end()
            taken: dict[str, list[float]] = {"cold": [], "raw": [], "verify": [], "pool": []}
            for number in range(rounds):
                # Nothing else is built while the cold start is measured.
                warm.wait_for_pool()
                taken["cold"].append(cold.start_and_end())
                taken["raw"].append(timed(lambda: (raw.prepare(one), raw.open(one))))
                raw.remove(one)
                ours.prepare(one)
                taken["verify"].append(timed(lambda: ours.verify(one)))
                ours.remove(one)
                taken["pool"].append(warm.start_and_end(terminal=True))
                print(
                    f"round {number + 1}:", {name: round(values[-1], 3) for name, values in taken.items()}, flush=True
                )
    finally:
        environment.remove(ours.engine, {"ncr.instance": ours.instance})
    return told(taken)


def told(taken: dict[str, list[float]]) -> dict[str, Any]:
    """The figures."""
    without = [mine - verify for mine, verify in zip(taken["cold"], taken["verify"], strict=True)]
    return {
        "rounds": len(without),
        "pool_to_prompt_s": {"median": round(median(taken["pool"]), 3), "worst": round(max(taken["pool"]), 3)},
        "cold_without_verify": ratio(without, taken["raw"]),
        "cold_s": round(median(taken["cold"]), 3),
        "verify_s": round(median(taken["verify"]), 3),
    }


def write_scenario(folder: Path) -> None:
    """The services that `yard` makes by hand, as a scenario."""
    folder.mkdir(parents=True)
    (folder / "scenario.yml").write_text(SCENARIO)
    services = "".join(SERVICE.format(n=number) for number in range(3))
    (folder / "compose.yml").write_text(f"services:\n{services}networks:\n  lan: {{}}\n")


class Student:
    """Somebody who practises at a service of their own; inside the context it answers, and nothing is left after it."""

    def __init__(self, folder: Path, pool: int) -> None:
        self.settings = site(folder, "docker", runs=10, pool=pool).model_copy(update={"instance": f"b-{folder.name}"})
        self._sessions = populated(self.settings, 1)
        self._pool = pool
        self._stack = ExitStack()

    def __enter__(self) -> "Student":
        self._service = self._stack.enter_context(Service(self.settings))
        self._client = self._stack.enter_context(self._service.client("ncr_s0"))
        self._admin = self._stack.enter_context(self._service.client("ncr_admin"))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        engine: Engine = _engine(self.settings)
        environment.remove(engine, {"ncr.instance": self.settings.instance})

    def start_and_end(self, *, terminal: bool = False) -> float:
        """Seconds until the environment was open, by its journal, or until its terminal's prompt had come."""
        began, at = time.perf_counter(), utcnow()
        run = self._client.post("/api/v1/practice", json={"scenario": "bench"}).raise_for_status().json()
        # Seldom, when it takes long: to be looked at all the time would itself slow a machine of two cores.
        self._until(lambda: self._look(run["id"])["environment"] == "open", LOOK_S if terminal else SELDOM_S)
        if terminal:
            asyncio.run(self._prompt(run["id"]))
        taken = time.perf_counter() - began if terminal else (self._opened_at(run["id"]) - at).total_seconds()
        self._client.post(f"/api/v1/practice/{run['id']}/finish").raise_for_status()
        self._wait_until_gone(run["id"])
        return taken

    def wait_for_pool(self) -> None:
        """Until an environment is kept ready."""
        self._until(lambda: 'ncr_practice{state="pool-ready"} 1' in self._admin.get("/api/v1/metrics").text, 0.5)

    def _opened_at(self, id: str) -> datetime:
        opened = (Journal.exercise_id == id, Journal.subject != "exercise", Journal.after == "open")
        with self._sessions() as session:
            return session.scalars(select(Journal.at).where(*opened)).one()

    def _wait_until_gone(self, id: str) -> None:
        self._until(lambda: self._look(id)["environment"] == "removed", 0.2)

    def _look(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = self._client.get(f"/api/v1/practice/{id}").raise_for_status().json()
        return found

    def _until(self, holds: Any, every_s: float) -> None:
        until = time.monotonic() + LONGEST_S
        while not holds():
            assert time.monotonic() < until, "it did not come to hold"
            time.sleep(every_s)

    async def _prompt(self, id: str) -> None:
        ticket = self._client.post(f"/api/v1/exercises/{id}/entries/desk/tickets", json={}).raise_for_status().json()
        async with connect(ticket["url"], subprotocols=["ncr.terminal.v1"], proxy=None) as socket:  # type: ignore[list-item]
            await socket.send(json.dumps({"type": "open", "ticket": ticket["ticket"], "columns": 80, "rows": 24}))
            async for frame in socket:
                if isinstance(frame, bytes) and frame.rstrip().endswith((b"#", b"$")):
                    return


def _engine(settings: Settings) -> Engine:
    return Ours(settings.instance).engine


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    print(json.dumps(main(parser.parse_args().rounds)))
