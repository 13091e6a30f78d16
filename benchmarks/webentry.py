"""Web entries: bulk and requests a second through the gate, beside plain reverse proxies before the same server.

    python -m benchmarks.webentry [--rounds 5] [--count 4000]

The whole service runs with one real environment, whose web service sends 100 MB at once and answers small requests. It
is asked through our entry by the gate's own door (`ours`), through an entries process that reaches the engine by TCP
and so relays inside the gate (`relay`), and, on a network put beside, through the barest reverse proxy of aiohttp's
parts (`plain`) and a plain nginx (`nginx`). All are asked in turn within a round; ratios are medians over rounds. The
last line is JSON.
"""

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable

import uvloop

from benchmarks.webyard import HOST, LARGE, Way, ways

CONNECTIONS = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=4000)
    asked = parser.parse_args()
    with ways() as found, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        bulk = runner.run(measured(found, asked.rounds, once_large))
        small = runner.run(measured(found, asked.rounds, lambda way: many_small(way, asked.count)))
    result = {f"{name}_mb_per_s": middle(bulk[name]) for name in found}
    result |= {f"{name}_requests_per_s": middle(small[name]) for name in found}
    for name in ("ours", "relay"):
        for beside in ("plain", "nginx"):
            result[f"bulk_{name}_to_{beside}"] = ratio(bulk[name], bulk[beside])
            result[f"requests_{name}_to_{beside}"] = ratio(small[name], small[beside])
    print(json.dumps(result))


async def measured(
    found: dict[str, Way], rounds: int, ask: Callable[[Way], Awaitable[float]]
) -> dict[str, list[float]]:
    """What each comes to, round by round; the first round only warms up."""
    figures: dict[str, list[float]] = {name: [] for name in found}
    for number in range(rounds + 1):
        for name, way in found.items():
            try:
                figure = await ask(way)
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                raise SystemExit(f"{name}: {error}") from error
            if number:
                figures[name].append(figure)
    return figures


async def once_large(way: Way) -> float:
    """MB a second of one large answer."""
    taking = Taking(LARGE)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(lambda: taking, HOST, way.port)
    began = time.perf_counter()
    transport.write(f"GET /large HTTP/1.1\r\n{way.headers}Connection: close\r\n\r\n".encode())
    await taking.done
    transport.close()
    return LARGE / 1e6 / (time.perf_counter() - began)


class Taking(asyncio.Protocol):
    """Takes so many bytes and lets them go."""

    def __init__(self, size: int) -> None:
        self._left = size
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left <= 0 and not self.done.done():
            self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the answer broke off"))


async def many_small(way: Way, count: int) -> float:
    """Requests a second, so many connections kept open."""
    head = f"GET /small HTTP/1.1\r\n{way.headers}\r\n".encode()

    async def one_after_another(times: int) -> None:
        reader, writer = await asyncio.open_connection(HOST, way.port)
        for _ in range(times):
            writer.write(head)
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200"), answer
            await reader.readexactly(64)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one_after_another(count // CONNECTIONS) for _ in range(CONNECTIONS)))
    return count / (time.perf_counter() - began)


def middle(figures: list[float]) -> float:
    """The median."""
    return round(statistics.median(figures), 1)


def ratio(ours: list[float], beside: list[float]) -> float:
    """The median over rounds of ours to the other's."""
    return round(statistics.median(mine / theirs for mine, theirs in zip(ours, beside, strict=True)), 3)


if __name__ == "__main__":
    main()
