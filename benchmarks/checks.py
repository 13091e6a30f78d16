"""Checks: http probes a second, each on a new connection, beside bare aiohttp; direct and through gates.

    python -m benchmarks.checks [--rounds 7] [--count 2000]

The service asked is a process of its own on the loopback that answers and closes; the gates are microsocks, as in an
environment. All three are asked in turn within a round; `direct_ratio` and `gate_ratio` are medians over rounds of ours
to bare aiohttp (direct, no gate). `dead_latency_ratio` is the median latency of 150 targets, each asked every
second, while 50 others are dead (they take the connection and never answer), to the same while those 50 live. The last
line is JSON.
"""

import argparse
import asyncio
import json
import multiprocessing
import socket
import statistics
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import uvloop

from ncr.checks.probes import Gate, Prober, Target
from ncr.scenario.model import Check

HOST, GATES, AT_ONCE = "127.0.0.1", 4, 64
BODY = b"all is running"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(BODY), BODY)
TARGETS, DEAD, EVERY_S, SECONDS = 200, 50, 1.0, 4.0
Ask = Callable[[int], Awaitable[object]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--count", type=int, default=2000)
    asked = parser.parse_args()
    with serving() as (alive, dead), gates() as relays, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rates = runner.run(throughput(alive, relays, asked.rounds, asked.count))
        result = rates | runner.run(latency(alive, dead, asked.rounds))
    print(json.dumps(result))


async def throughput(port: int, relays: list[Gate], rounds: int, count: int) -> dict[str, object]:
    """Checks a second of each kind, and ours to bare aiohttp."""
    prober, check = Prober(), wanted(port, 10)
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def bare(_: int) -> None:
            async with session.get(f"http://{HOST}:{port}/health") as response:
                assert BODY in await response.read()

        async def ours(_: int, gate: Gate | None = None) -> None:
            result = await prober.ask(check, Target(HOST, gate))
            assert result.state == "up", result

        kinds: dict[str, Ask] = {
            "bare": bare,
            "direct": ours,
            "gate": lambda number: ours(number, relays[number % len(relays)]),
        }
        found: dict[str, list[float]] = {kind: [] for kind in kinds}
        for number in range(rounds + 1):
            for kind, ask in kinds.items():
                rate = count / await seconds(ask, count)
                if number:  # the first round only warms up
                    found[kind].append(rate)
    await prober.close()
    medians = {f"{kind}_per_s": round(statistics.median(rates)) for kind, rates in found.items()}
    return medians | {f"{kind}_ratio": ratio(found[kind], found["bare"]) for kind in ("direct", "gate")}


async def seconds(ask: Ask, count: int) -> float:
    """How long `count` asks take, so many at once."""
    numbers = iter(range(count))

    async def one_after_another() -> None:
        for number in numbers:
            await ask(number)

    began = time.perf_counter()
    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
    return time.perf_counter() - began


async def latency(alive: int, dead: int, rounds: int) -> dict[str, object]:
    """How long the living wait while others are dead, to how long they wait while all live."""
    prober = Prober()
    found: dict[str, list[float]] = {"living": [], "dead": []}
    for number in range(rounds + 1):
        for kind, port in (("living", alive), ("dead", dead)):
            medium = statistics.median(await waits(prober, alive, port))
            if number:
                found[kind].append(medium)
    await prober.close()
    medians = {f"latency_beside_{kind}_ms": round(statistics.median(f) * 1000, 3) for kind, f in found.items()}
    return medians | {"dead_latency_ratio": ratio(found["dead"], found["living"])}


async def waits(prober: Prober, alive: int, other: int) -> list[float]:
    """The waits of the living, each target asked in turn on its own place of the grid."""
    living, others, found = wanted(alive, 10), wanted(other, 1), list[float]()

    async def keep_asking(number: int) -> None:
        due = asyncio.get_running_loop().time() + EVERY_S * number / TARGETS
        end = due + SECONDS
        while due < end:
            await asyncio.sleep(due - asyncio.get_running_loop().time())
            due += EVERY_S
            began = time.perf_counter()
            if number % (TARGETS // DEAD) == 0:
                asking.add(asyncio.create_task(prober.ask(others, Target(HOST))))
                continue
            result = await prober.ask(living, Target(HOST))
            assert result.state == "up", result
            found.append(time.perf_counter() - began)

    asking: set[asyncio.Task[object]] = set()
    await asyncio.gather(*(keep_asking(number) for number in range(TARGETS)))
    await asyncio.gather(*asking)
    return found


def wanted(port: int, timeout_s: int) -> Check:
    """The check that is asked."""
    probe = {"http": {"port": port, "path": "/health", "contains": "running"}}
    return Check.model_validate({"id": "up", "service": "web", "timeout": f"{timeout_s}s", "probe": probe})


def ratio(ours: list[float], floor: list[float]) -> float:
    """The median over rounds of ours to the floor's."""
    return round(statistics.median(mine / theirs for mine, theirs in zip(ours, floor, strict=True)), 3)


class Answering(asyncio.Protocol):
    """The smallest service there can be."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(ANSWER)
        self.transport.close()


def serve(listening: socket.socket, silent: socket.socket) -> None:
    """The process of the service and of the dead ones."""

    async def for_ever() -> None:
        loop = asyncio.get_running_loop()
        await loop.create_server(Answering, sock=listening, backlog=1024)
        await loop.create_server(asyncio.Protocol, sock=silent, backlog=1024)
        await asyncio.Event().wait()

    uvloop.run(for_ever())


@contextmanager
def serving() -> Iterator[tuple[int, int]]:
    """The ports of the living and of the dead."""
    with socket.create_server((HOST, 0), backlog=1024) as listening, socket.create_server((HOST, 0)) as silent:
        process = multiprocessing.get_context("fork").Process(target=serve, args=(listening, silent), daemon=True)
        process.start()
        try:
            yield listening.getsockname()[1], silent.getsockname()[1]
        finally:
            process.kill()
            process.join()


@contextmanager
def gates() -> Iterator[list[Gate]]:
    """As many relays as there would be teams."""
    ports, running = [], []
    for _ in range(GATES):
        with socket.create_server((HOST, 0)) as free:
            ports.append(free.getsockname()[1])
    try:
        for port in ports:
            words = ["microsocks", "-i", HOST, "-p", str(port)]
            running.append(subprocess.Popen(words, stderr=subprocess.DEVNULL))
        for port in ports:
            until_open(port)
        yield [(HOST, port) for port in ports]
    finally:
        for process in running:
            process.kill()
            process.wait()


def until_open(port: int) -> None:
    """Waits until somebody listens there, at most ten seconds."""
    for _ in range(500):
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise SystemExit("microsocks does not start")


if __name__ == "__main__":
    main()
