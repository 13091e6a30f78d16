"""Flag submissions a second at 16 connections, beside a bare FastAPI route with the same two inserts, grouped.

    python -m benchmarks.submissions [--rounds 5] [--seconds 3] [--connections 16]

Each side is a uvicorn process on loopback with durable SQLite. `bare`: an async route that checks nothing and hands two
inserts to a thread that commits what is waiting together. `ours`: the service as it runs, bearer token, access, rate
limit, per-team flag, ledger, hash chain and points included. Every answer is a new solve. Rounds alternate; figures are
medians. The last line is JSON.
"""

import argparse
import asyncio
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import orjson
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from benchmarks.grounds import EXERCISE, SCENARIO, START, database, median
from ncr.app import create
from ncr.config import Settings
from ncr.exercise.tables import Exercise, Participant
from ncr.people.signin import fingerprint
from ncr.people.tables import Membership, Team, Token, User
from ncr.scenario import loader
from ncr.scoring import flags
from ncr.site import Site

CTFD = 77
TEAMS = [f"p{number}" for number in range(500)]
TASKS = [f"t{number}" for number in range(20)]
SIDES = ("bare", "ours")


class Body(BaseModel):
    answer: str


def bare(path: Path) -> FastAPI:
    """The floor: two inserts, many callers to a commit."""
    waiting: SimpleQueue[tuple[tuple[Any, ...], Future[int]]] = SimpleQueue()

    def write() -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
                          "CREATE TABLE fact (seq INTEGER PRIMARY KEY, team TEXT, task TEXT, payload TEXT)",
                          "CREATE TABLE answer (id INTEGER PRIMARY KEY, team TEXT, task TEXT, text TEXT)"):  # fmt: skip
            connection.execute(statement)
        while True:
            jobs = [waiting.get()]
            try:
                while True:
                    jobs.append(waiting.get_nowait())
            except Empty:
                pass
            connection.execute("BEGIN IMMEDIATE")
            done = [(future, insert(connection, values)) for values, future in jobs]
            connection.execute("COMMIT")
            for future, seq in done:
                future.set_result(seq)

    def insert(connection: sqlite3.Connection, values: tuple[Any, ...]) -> int:
        connection.execute("INSERT INTO answer (team, task, text) VALUES (?, ?, ?)", values)
        return connection.execute("INSERT INTO fact (team, task, payload) VALUES (?, ?, ?)", values).lastrowid or 0

    Thread(target=write, daemon=True).start()
    app = FastAPI()

    @app.post("/tasks/{task}/submissions")
    async def submit(task: str, body: Body) -> dict[str, Any]:
        future: Future[int] = Future()
        waiting.put((("p1", task, body.answer), future))
        return {"correct": True, "seq": await asyncio.wrap_future(future), "points_now": 0, "attempts_left": None}

    return app


def ours(path: Path) -> FastAPI:
    """The service itself, with one running exercise of signed-in teams."""
    settings = Settings(data=path.parent, database_url=f"sqlite:///{path}", role="web", engine="simulated")
    database(path, TEAMS).kw["bind"].dispose()
    app = create(settings)
    at: Site = app.state.site
    with at.sessions.begin() as session:
        exercise = session.get_one(Exercise, EXERCISE)
        exercise.digest = at.shelf.put(session, loader.load(written(path.parent / "x")), START)
        for team in TEAMS:
            session.add(User(id=team, login=team, name=team, role="participant", pseudonym=team, created_at=START))
            session.flush()
            row = {"name": "bench", "role": "participant", "created_at": START, "expires_at": START + timedelta(days=1)}
            session.add(Token(id=fingerprint(f"ncr_{team}"), user_id=team, **row))
            session.add(Team(id=team, name=team))
            session.flush()
            session.add(Membership(team_id=team, user_id=team))
            session.get_one(Participant, team).team_id = team
    return app


def written(folder: Path) -> Path:
    """The grounds' scenario as a folder."""
    folder.mkdir(exist_ok=True)
    (folder / "scenario.yml").write_bytes(orjson.dumps(SCENARIO))
    (folder / "compose.yml").write_text("services: {s: {image: ncr/base, command: [sleep, infinity]}}\n")
    return folder


def serve(side: str, port: int, path: Path) -> None:
    app = bare(path) if side == "bare" else ours(path)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


def requests(side: str) -> Iterator[bytes]:
    """Every team solves every task, once."""
    at = "" if side == "bare" else f"/api/v1/exercises/{EXERCISE}"
    for task in TASKS:
        for team in TEAMS:
            body = json.dumps({"answer": flags.flag("5f" * 32, EXERCISE, task, team)}).encode()
            head = f"POST {at}/tasks/{task}/submissions HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer ncr_{team}\r\n"
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            yield head.encode() + body


async def drive(side: str, port: int, connections: int, seconds: float) -> tuple[float, float, int]:
    """Requests a second, their median latency in ms, and how many there were."""
    left, latencies = requests(side), list[float]()
    end = float("inf")

    async def one(most: float = float("inf")) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while len(latencies) < most and time.perf_counter() < end and (request := next(left, None)) is not None:
            begun = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            body = json.loads(await reader.readexactly(length))
            assert head.startswith(b"HTTP/1.1 200"), body
            assert body["correct"], body
            latencies.append((time.perf_counter() - begun) * 1000)
        writer.close()

    # The first makes the server read its scenario.
    await one(1)
    latencies.clear()
    begun = time.perf_counter()
    end = begun + seconds
    await asyncio.gather(*(one() for _ in range(connections)))
    return len(latencies) / (time.perf_counter() - begun), median(latencies), len(latencies)


def round_of(side: str, folder: Path, connections: int, seconds: float) -> tuple[float, float, float]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for old in folder.glob("*.db*"):
        old.unlink()
    command = [
        sys.executable,
        "-m",
        "benchmarks.submissions",
        "--serve",
        side,
        "--port",
        str(port),
        "--path",
        str(folder / f"{side}.db"),
    ]
    server = subprocess.Popen(command)
    try:
        wait_for(port, server)
        before = cpu_s(server.pid)
        rate, p50, count = asyncio.run(drive(side, port, connections, seconds))
        return rate, p50, (cpu_s(server.pid) - before) / count * 1e6
    finally:
        server.terminate()
        server.wait(20)


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if server.poll() is not None:
            raise SystemExit(f"the server ended with {server.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the server did not start")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--connections", type=int, default=16)
    for hidden in ("--serve", "--port", "--path"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve, int(asked.port), Path(asked.path))
        return
    rates: dict[str, list[float]] = {side: [] for side in SIDES}
    waits: dict[str, list[float]] = {side: [] for side in SIDES}
    costs: dict[str, list[float]] = {side: [] for side in SIDES}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(asked.rounds):
            for side in SIDES:
                rate, p50, cpu_us = round_of(side, Path(folder), asked.connections, asked.seconds)
                rates[side].append(rate)
                waits[side].append(p50)
                costs[side].append(cpu_us)
                print(side, round(rate), "/s, p50", p50, "ms,", round(cpu_us), "µs CPU each", flush=True)
    print(json.dumps(told_of(rates, waits, costs)))


def told_of(
    rates: dict[str, list[float]], waits: dict[str, list[float]], costs: dict[str, list[float]]
) -> dict[str, Any]:
    sides = {
        side: {"per_s": median(rates[side], 0), "p50_ms": median(waits[side], 2), "cpu_us": median(costs[side], 0)}
        for side in SIDES
    }
    for side in SIDES[1:]:
        pairs = zip(rates[side], rates["bare"], strict=True)
        sides[side]["of_bare"] = median(mine / floor for mine, floor in pairs)
        sides[side]["times_ctfd"] = round(sides[side]["per_s"] / CTFD, 1)
    return {"benchmark": "submissions", "reach": {"of_bare": 0.4, "times_ctfd": 25}, **sides}


if __name__ == "__main__":
    main()
