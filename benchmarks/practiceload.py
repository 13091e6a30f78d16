"""Many students start practising within a minute, over HTTP, against a service in a process of its own.

Two hundred on the simulated engine, forty at a time, and twenty on the real one, six at a time. Each student starts a
run, looks at it every other second until it is open, works for a while and finishes it. Every promise a student is
given on the way is kept and held against what came. The last line is JSON: who was served, who had to queue, how late
the latest promise was (below 0: never late), how long requests took, and what was left behind.
"""

import asyncio
import json
import os
import random
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

from ncr import app as composition
from ncr import db, migrations
from ncr.cli.service import Service
from ncr.clock import utcnow
from ncr.config import Settings
from ncr.db import Sessions
from ncr.exercise.tables import Environment, Exercise
from ncr.people import accounts
from ncr.people.roles import Role
from ncr.people.signin import fingerprint
from ncr.people.tables import Token
from ncr.runtime.environment import remove
from ncr.runtime.objects import EXERCISE, INSTANCE, MANAGED
from tests.postgres import free_port

SCENARIOS = Path(__file__).parent.parent / "tests" / "scenarios"
LOOK_S = 2.0
LONGEST_S = 600.0


@dataclass
class Student:
    """What one student met: seconds since the request to start, unless a name says otherwise."""

    name: str
    start_ms: float = 0.0
    queued: bool = False
    position: int | None = None
    first_estimate_s: float | None = None
    ready_s: float | None = None
    promises: list[float] = field(default_factory=list)
    trouble: str = ""

    @property
    def late_s(self) -> float:
        """By how much the promise that was broken most was broken; below 0 when none was."""
        return max(self.ready_s - promise for promise in self.promises) if self.ready_s and self.promises else 0.0


def main(
    students: int = 200,
    engine: str = "simulated",
    runs: int = 40,
    within_s: float = 60.0,
    *,
    pool: int = 2,
    stay_s: tuple[float, float] = (5.0, 25.0),
) -> dict[str, Any]:
    """Let them all start within so many seconds, each staying for as long as `stay_s` says; the figures."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = site(folder, engine, runs, pool)
        sessions = populated(settings, students)
        # After the service, which keeps its pool standing: nothing of ours stays on the engine.
        mine = {MANAGED: "1", INSTANCE: settings.instance}
        stack.callback(lambda: remove(composition.engine(settings), mine))
        os.environ["NCR_SCENARIOS"] = json.dumps([str(SCENARIOS)])
        service = stack.enter_context(Service(settings))
        origin = f"http://{settings.host}:{settings.port}"
        warm = asyncio.run(crowd(origin, [Student("s0")], 0.0, stay_s))
        met = asyncio.run(crowd(origin, [Student(f"s{number}") for number in range(1, students)], within_s, stay_s))
        wait_until_gone(sessions)
        steps = service_steps(service)
        left = leftovers(settings, sessions)
    return told([*warm, *met], steps, left)


def site(folder: Path, engine: str, runs: int, pool: int) -> Settings:
    """A site of its own, with the small scenario of the tests."""
    return Settings(
        _env_file=None, data=folder / "data", engine=engine, port=free_port(), practice_runs=runs, pool_size=pool,
        instance=f"l-{folder.name[-8:].lower().replace('_', '-')}",
    )  # fmt: skip


def populated(settings: Settings, students: int) -> Sessions:
    """The database with that many students, and a token for each."""
    settings.data.mkdir(parents=True)
    migrations.upgrade(settings.url)
    sessions, now = db.sessions(db.connect(settings.url)), utcnow()
    people = {f"s{number}": Role.STUDENT for number in range(students)} | {"admin": Role.ADMIN}
    with sessions.begin() as session:
        for name, role in people.items():
            user = accounts.add_user(session, name, name.upper(), role, now)
            token = Token(id=fingerprint(f"ncr_{name}"), user_id=user.id, name="t", role=role)
            token.created_at, token.expires_at = now, now + timedelta(days=1)
            session.add(token)
    return sessions


async def crowd(
    origin: str, students: Sequence[Student], within_s: float, stay_s: tuple[float, float]
) -> list[Student]:
    """All of them, each beginning at some moment within the time."""
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    random.seed(len(students))
    async with httpx.AsyncClient(base_url=f"{origin}/api/v1", timeout=60, limits=limits, trust_env=False) as client:
        await asyncio.gather(
            *(practise(client, one, random.uniform(0, within_s), random.uniform(*stay_s)) for one in students)
        )
    return list(students)


async def practise(client: httpx.AsyncClient, student: Student, after_s: float, stay_s: float) -> None:
    """One student, from start to finish."""
    await asyncio.sleep(after_s)
    headers = {"Authorization": f"Bearer ncr_{student.name}"}
    try:
        run = await _practise(client, student, headers)
        await asyncio.sleep(stay_s)
        ended = await client.post(f"/practice/{run}/finish", headers=headers)
        assert ended.status_code == 200, ended.text
    except (httpx.HTTPError, KeyError, AssertionError) as error:
        student.trouble = repr(error)[:300]


async def _practise(client: httpx.AsyncClient, student: Student, headers: dict[str, str]) -> str:
    began = time.monotonic()
    answer = await client.post("/practice", json={"scenario": "liten"}, headers=headers)
    student.start_ms = (time.monotonic() - began) * 1000
    assert answer.status_code == 201, answer.text
    run = answer.json()
    student.position, student.first_estimate_s = run["position"], run["estimate_s"]
    while not (run["state"] == "running" and run["environment"] == "open"):
        at = time.monotonic() - began
        student.queued = student.queued or (run["state"] == "queued" and at > LOOK_S)
        assert run["state"] not in ("failed", "finished"), run
        assert at < LONGEST_S, "never served"
        if run["estimate_s"] is not None:
            student.promises.append(at + run["estimate_s"])
        # Whoever expects it soon looks again soon.
        await asyncio.sleep(LOOK_S if (run["estimate_s"] or 0) > 2 * LOOK_S or run["state"] == "queued" else 0.25)
        run = (await client.get(f"/practice/{run['id']}", headers=headers)).json()
    student.ready_s = time.monotonic() - began
    return str(run["id"])


def wait_until_gone(sessions: Sessions) -> None:
    """Until every environment that was a student's is removed."""
    asked = select(func.count()).select_from(Environment).join(Exercise, Exercise.id == Environment.exercise_id)
    asked = asked.where(Exercise.mode == "practice", Environment.state != "removed")
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with sessions() as session:
            if not session.scalar(asked):
                return
        time.sleep(0.5)


def service_steps(service: Service) -> dict[str, float]:
    """How long the director's steps took, by its own histogram."""
    with service.client("ncr_admin") as client:
        text = client.get("/api/v1/metrics").text
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith("ncr_director_step_seconds"))
    count, total = (float(lines[f"ncr_director_step_seconds_{name}"]) for name in ("count", "sum"))
    within = [(float(key.split('"')[1]), float(value)) for key, value in lines.items() if "_bucket" in key]
    p99_s = next(bound for bound, below in sorted(within) if below >= 0.99 * count)
    return {"steps": count, "mean_ms": round(total / max(1.0, count) * 1000, 1), "p99_below_ms": p99_s * 1000}


def leftovers(settings: Settings, sessions: Sessions) -> int:
    """Containers, networks and volumes on the engine that belong to no environment still kept in the pool."""
    with sessions() as session:
        kept = set(session.scalars(select(Exercise.id).where(Exercise.mode == "pool", Exercise.ended_at.is_(None))))
    engine = composition.engine(settings)
    seen = engine.observe({INSTANCE: settings.instance})
    found = [thing for kind in (seen.containers, seen.networks, seen.volumes) for thing in kind.values()]
    return sum(thing.labels.get(EXERCISE) not in kept for thing in found if EXERCISE in thing.labels)


def told(met: Sequence[Student], steps: dict[str, float], left: int) -> dict[str, Any]:
    """The figures."""
    served = [one for one in met if one.ready_s is not None and not one.trouble]
    return {
        "students": len(met),
        "served": len(served),
        "queued": sum(one.queued for one in served),
        "promised": sum(bool(one.promises) for one in served),
        "latest_promise_late_s": round(max((one.late_s for one in served if one.promises), default=0.0), 2),
        "trouble": sorted({one.trouble for one in met if one.trouble})[:3],
        "start_request_ms": percentiles([one.start_ms for one in served]),
        "ready_s": percentiles([one.ready_s or 0.0 for one in served]),
        "first_estimate_s": percentiles([one.first_estimate_s for one in served if one.first_estimate_s is not None]),
        "director_step": steps,
        "leftovers": left,
    }


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """The 50th and the 99th."""
    ordered = sorted(values) or [0.0]
    return {f"p{of}": round(ordered[min(len(ordered) - 1, len(ordered) * of // 100)], 2) for of in (50, 99)}


if __name__ == "__main__":
    real = main(20, "docker", runs=6, within_s=10.0)
    print(json.dumps({"simulated": main(), "real": real}))
