"""Fan-out: one frame to every viewer, ours beside the same encoded frame written to bare uvloop sockets.

    python -m benchmarks.fanout [--viewers 1000 5000] [--rounds 5] [--seconds 3] [--rate 10] [--stalled 20]

Three processes on loopback: ours (uvicorn with the live routes and a real exercise behind them), the floor (uvloop,
`transport.write` in a loop), and one that holds the viewers of both. Rounds alternate; figures are medians over rounds.
Lag is from just before the first write until a viewer has the whole frame (every seventh viewer is timed); CPU is the
serving process's own. `stalled`: ours again, with viewers beside that read nothing. `solved`: from a fact's commit in
the ledger to the screens. The last line is JSON.
"""

import argparse
import asyncio
import base64
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import uvicorn
import uvloop
from fastapi import FastAPI

from benchmarks.grounds import DEFINITION, EXERCISE, database, median
from ncr.clock import utcnow
from ncr.config import Settings
from ncr.live.hub import Frame
from ncr.live.rows import Sight
from ncr.live.socket import UVICORN, Live
from ncr.scoring import ledger
from ncr.scoring.board import Boards
from ncr.scoring.facts import Draft, Kind
from ncr.scoring.rules import rules
from ncr.scoring.writer import Writer
from ncr.site import Site

SAMPLE = 7
STAMP = b'{"type":"beat","head":0,"server_time":"","at":'
PAD = 1500


def frame() -> bytes:
    """A frame of usual size on the wire; its first value is the moment it is sent, in ns."""
    return Frame(STAMP + b"%020d" % time.monotonic_ns() + b',"pad":"' + b"x" * PAD + b'"}').wire


def memory_kib(pid: int | str = "self") -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() / 1024


# --- the two servers: lines on stdin ask for a round, a line of JSON answers ---


async def answer(publish: Any, count: Any, solve: Any = None) -> None:
    loop = asyncio.get_running_loop()
    print("up", flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if line.startswith("solve"):
            print(json.dumps(await loop.run_in_executor(None, solve)), flush=True)
            continue
        rate, frames = map(float, line.split())
        cpu, due, sent = time.process_time(), loop.time(), 0
        for _ in range(int(frames)):
            publish()
            sent += count()
            due += 1 / rate
            await asyncio.sleep(max(0.0, due - loop.time()))
        cpu_us = (time.process_time() - cpu) / max(sent, 1) * 1e6
        print(json.dumps({"cpu_us": cpu_us, "viewers": count()}), flush=True)


async def serve_bare(port: int) -> None:
    transports: set[asyncio.Transport] = set()

    class Bare(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            self.transport.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
            transports.add(self.transport)

        def connection_lost(self, exc: Exception | None) -> None:
            transports.discard(self.transport)

    def publish() -> None:
        wire = frame()
        for transport in transports:
            transport.write(wire)

    await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", port, backlog=4096)
    await answer(publish, lambda: len(transports))


async def serve_ours(port: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sessions = database(Path(folder) / "ncr.db")
        shelf: Any = SimpleNamespace(get=lambda digest: SimpleNamespace(definition=DEFINITION))
        boards = Boards(sessions, lambda digest: rules(DEFINITION))
        site = Site(Settings(data=Path(folder)), sessions, utcnow, shelf, boards, Writer(sessions), tuple, tuple)
        live = Live(site)
        app = FastAPI()
        app.include_router(live.router)
        options = {**UVICORN, "port": port, "log_level": "error", "lifespan": "off", "backlog": 4096}
        server = uvicorn.Server(uvicorn.Config(app, **options))
        live.start()
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        wanted = (EXERCISE, Sight("public"))

        def publish() -> None:
            wire = frame()
            live._hub.publish(wanted, Frame(wire[4:]))

        await answer(publish, lambda: len(live._hub), lambda: solve(site))
        server.should_exit = True
        await live.stop()
        await serving


def solve(site: Site) -> dict[str, int]:
    with site.sessions.begin() as session:
        payload = {"points": 1, "reason": "x", "by": "x"}
        draft = Draft(Kind.ADJUSTED, str(time.monotonic_ns()), "p1", payload)
        fact = ledger.append(session, EXERCISE, [draft], utcnow())[0]
    return {"seq": fact.seq, "at": time.monotonic_ns()}


# --- the viewers ---


@dataclass
class Seen:
    """What the timed viewers of one server saw: lags of stamped frames in ms, and when each fact came in ns."""

    lags: list[float] = field(default_factory=list)
    facts: dict[int, list[int]] = field(default_factory=dict)


class Viewer(asyncio.Protocol):
    """A WebSocket client reduced to counting; `seen` None takes no times."""

    def __init__(self, seen: Seen | None, joined: Any) -> None:
        self.seen = seen
        self.joined = joined
        self.rest = b""
        self.open = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        data = self.rest + data if self.rest else data
        if not self.open:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self.rest = head
                return
            assert b" 101 " in head, head
            self.open = True
            self.joined()
        at = 0
        while (end := frame_end(data, at)) is not None:
            if data[at] == 0x89:
                self.pong(data[at + 2 : end])
            elif self.seen is not None:
                self.note(data, at, end)
            at = end
        self.rest = data[at:]

    def note(self, data: bytes, at: int, end: int) -> None:
        now, body = time.monotonic_ns(), at + (2 if data[at + 1] < 126 else 4 if data[at + 1] == 126 else 10)
        assert self.seen is not None
        if data.startswith(STAMP, body):
            sent = int(data[body + len(STAMP) : body + len(STAMP) + 20])
            self.seen.lags.append((now - sent) / 1e6)
        elif data.startswith(b'{"type":"facts"', body):
            self.seen.facts.setdefault(json.loads(data[body:end])["to"], []).append(now)

    def pong(self, payload: bytes) -> None:
        self.transport.write(bytes((0x8A, 0x80 | len(payload))) + b"\0\0\0\0" + payload)


def frame_end(data: bytes, at: int) -> int | None:
    """Where the frame at `at` ends; None when it is not whole."""
    if len(data) < at + 2:
        return None
    length, head = data[at + 1], 2
    if length >= 126:
        head = 4 if length == 126 else 10
        length = int.from_bytes(data[at + 2 : at + head], "big")
    end = at + head + length
    return end if len(data) >= end else None


REQUEST = (
    f"GET /api/v1/exercises/{EXERCISE}/live HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\n\r\n"
)


def request() -> bytes:
    return REQUEST.format(base64.b64encode(os.urandom(16)).decode()).encode()


class Side:
    """One server in its own process, and its viewers in ours."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seen = Seen()
        self.viewers = 0
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [sys.executable, "-m", "benchmarks.fanout", "--serve", name, "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "up\n"
        self.idle_kib = memory_kib(self.process.pid)

    async def grow(self, viewers: int) -> float:
        """Let viewers come until there are so many; KiB of the server's memory for each."""
        loop, joined = asyncio.get_running_loop(), asyncio.Semaphore(0)
        fresh = range(self.viewers, viewers)
        for number in fresh:
            seen = self.seen if number % SAMPLE == 0 else None
            transport, _ = await loop.create_connection(
                lambda s=seen: Viewer(s, joined.release), "127.0.0.1", self.port
            )
            transport.write(request())
            if number % 50 == 49:
                await asyncio.sleep(0.03)
        async with asyncio.timeout(240):
            for _ in fresh:
                await joined.acquire()
        self.viewers = viewers
        await asyncio.sleep(1)
        return (memory_kib(self.process.pid) - self.idle_kib) / viewers

    async def round(self, rate: float, seconds: float) -> dict[str, float]:
        self.seen.lags.clear()
        told = await self.ask(f"{rate} {max(1, round(rate * seconds))}")
        await asyncio.sleep(1)
        lags = sorted(self.seen.lags)
        assert told["viewers"] >= self.viewers, "viewers were lost"
        return {"cpu_us": told["cpu_us"], "p50_ms": lags[len(lags) // 2], "p99_ms": lags[int(len(lags) * 0.99)]}

    async def solved(self, times: int) -> float:
        """From commit to screens, p99 in ms."""
        lags: list[float] = []
        for _ in range(times):
            told = await self.ask("solve")
            await asyncio.sleep(0.5)
            lags += [(at - told["at"]) / 1e6 for at in self.seen.facts[told["seq"]]]
        return sorted(lags)[int(len(lags) * 0.99)]

    async def ask(self, line: str) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(await asyncio.to_thread(self.process.stdout.readline))

    async def stall(self, viewers: int) -> list[socket.socket]:
        """Viewers that open the connection and then read nothing at all."""
        lines = []
        for _ in range(viewers):
            line = socket.socket()
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            await asyncio.to_thread(line.connect, ("127.0.0.1", self.port))
            line.send(request())
            lines.append(line)
        await asyncio.sleep(1)
        return lines

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


async def measure(told: argparse.Namespace) -> dict[str, Any]:
    sides = {name: Side(name) for name in ("ours", "bare")}
    found: dict[str, Any] = {"rate": told.rate, "rounds": told.rounds}
    try:
        for viewers in sorted(told.viewers):
            found[str(viewers)] = await compare(sides, viewers, told)
            print(json.dumps({str(viewers): found[str(viewers)]}), flush=True)
    finally:
        for side in sides.values():
            side.end()
    return found


async def compare(sides: dict[str, Side], viewers: int, told: argparse.Namespace) -> dict[str, Any]:
    memory = {name: round(await side.grow(viewers), 1) for name, side in sides.items()}
    rounds: dict[str, list[dict[str, float]]] = {"ours": [], "bare": [], "stalled": []}
    for _ in range(told.rounds):
        for name, side in sides.items():
            rounds[name].append(await side.round(told.rate, told.seconds))
        stalled = await sides["ours"].stall(told.stalled)
        rounds["stalled"].append(await sides["ours"].round(told.rate, told.seconds))
        for line in stalled:
            line.close()
        await asyncio.sleep(0.5)
    result: dict[str, Any] = {
        name: {figure: median(one[figure] for one in many) for figure in many[0]} for name, many in rounds.items()
    }
    for figure in ("cpu_us", "p50_ms", "p99_ms"):
        for name in ("ours", "stalled"):
            pairs = zip(rounds[name], rounds["bare"], strict=True)
            result[name][f"{figure}_ratio"] = median((mine[figure] / floor[figure] for mine, floor in pairs), 2)
    result["ours"]["kib_a_viewer"] = memory["ours"]
    result["ours"]["solved_p99_ms"] = round(await sides["ours"].solved(told.rounds), 1)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewers", type=int, nargs="+", default=[1000, 5000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rate", type=float, default=10.0)
    parser.add_argument("--stalled", type=int, default=20)
    parser.add_argument("--serve", choices=("ours", "bare"), help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    told = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if 2 * max(told.viewers) + 100 > most:
        parser.error(f"the viewers of both sides need more than the {most} files that one process may open")
    if told.serve:
        uvloop.run({"ours": serve_ours, "bare": serve_bare}[told.serve](told.port))
    else:
        print(json.dumps({"fanout": uvloop.run(measure(told))}))


if __name__ == "__main__":
    main()
