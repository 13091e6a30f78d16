"""Flag submissions a second at 16 connections, beside a bare FastAPI route with the same two inserts, grouped.

    python benchmarks/submissions.py [--rounds 5] [--seconds 3] [--connections 16]

Each side is a uvicorn process on loopback with durable SQLite. `bare`: an async route that checks nothing and hands two
inserts to a thread that commits what is waiting together. `ours`: a bearer token looked up in the database, the rate
limit, a per-team flag, ledger and hash chain, the points asked of the board, answered after the commit; as an `async`
route and as a `def` route in the thread pool. Every answer is a new solve. Rounds alternate; figures are medians. The
last line is JSON.
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
from hashlib import sha256
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Header
from grounds import DEFINITION, START, database, median
from pydantic import BaseModel
from sqlalchemy import bindparam, select

from ncr.clock import utcnow
from ncr.db import reading
from ncr.errors import SignedOut
from ncr.people.tables import Token, User
from ncr.scoring import flags, submission
from ncr.scoring.board import Board
from ncr.scoring.prepared import Prepared
from ncr.scoring.rules import rules
from ncr.scoring.writer import Writer

CTFD = 77
TEAMS = [f"p{number}" for number in range(500)]
TASKS = [f"t{number}" for number in range(20)]
SIDES = ("bare", "ours_async", "ours_def")


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


def ours(path: Path, is_async: bool) -> FastAPI:
    """The real thing but for its address and its Idempotency-Key."""
    base = database(path, TEAMS)
    with base.begin() as session:
        for team in TEAMS:
            session.add(User(id=team, login=team, name=team, role="participant", pseudonym=team, created_at=START))
        session.flush()
        for team in TEAMS:
            token = {
                "name": "bench",
                "role": "participant",
                "created_at": START,
                "expires_at": START.replace(year=2999),
            }
            session.add(Token(id=sha256(team.encode()).hexdigest(), user_id=team, **token))
    scoring, writer = rules(DEFINITION), Writer(base)
    board = Board(base, "e", scoring)
    asked = Prepared(select(User.id, User.pseudonym).join(Token).where(Token.id == bindparam("token")))
    app = FastAPI()

    def member(authorization: str) -> submission.Member:
        token = sha256(authorization.removeprefix("Bearer ").encode()).hexdigest()
        with reading(base) as session:
            found = asked.rows(session.connection(), {"token": token})
        if not found:
            raise SignedOut
        return submission.Member(found[0][0], found[0][0], found[0][1])

    def told(outcome: submission.Outcome, team: str) -> dict[str, Any]:
        until = outcome.seq if outcome.correct else 0
        points = board.points(team, until)
        return {"correct": outcome.correct, "seq": outcome.seq, "points_now": points, "attempts_left": None}

    async def submit_async(task: str, body: Body, authorization: Annotated[str, Header()]) -> dict[str, Any]:
        who, now = member(authorization), utcnow()
        work = writer.submit(lambda s: submission.submit(s, "e", who, scoring, task, body.answer, now))
        return told(await asyncio.wrap_future(work), who.participant)

    def submit(task: str, body: Body, authorization: Annotated[str, Header()]) -> dict[str, Any]:
        who, now = member(authorization), utcnow()
        outcome = writer.run(lambda s: submission.submit(s, "e", who, scoring, task, body.answer, now))
        return told(outcome, who.participant)

    app.post("/tasks/{task}/submissions")(submit_async if is_async else submit)
    return app


def serve(side: str, port: int, path: Path) -> None:
    app = bare(path) if side == "bare" else ours(path, side == "ours_async")
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


def requests() -> Iterator[bytes]:
    """Every team solves every task, once."""
    for task in TASKS:
        for team in TEAMS:
            body = json.dumps({"answer": flags.flag("5f" * 32, "e", task, team)}).encode()
            head = f"POST /tasks/{task}/submissions HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer {team}\r\n"
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            yield head.encode() + body


async def drive(port: int, connections: int, seconds: float) -> tuple[float, float, int]:
    """Requests a second, their median latency in ms, and how many there were."""
    left, latencies = requests(), list[float]()
    end = time.perf_counter() + seconds

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end and (request := next(left, None)) is not None:
            begun = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            body = json.loads(await reader.readexactly(length))
            assert head.startswith(b"HTTP/1.1 200"), body
            assert body["correct"], body
            latencies.append((time.perf_counter() - begun) * 1000)
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    return len(latencies) / (time.perf_counter() - begun), median(latencies), len(latencies)


def round_of(side: str, folder: Path, connections: int, seconds: float) -> tuple[float, float, float]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for old in folder.glob("*.db*"):
        old.unlink()
    command = [sys.executable, __file__, "--serve", side, "--port", str(port), "--path", str(folder / f"{side}.db")]
    server = subprocess.Popen(command)
    try:
        wait_for(port, server)
        before = cpu_s(server.pid)
        rate, p50, count = asyncio.run(drive(port, connections, seconds))
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
