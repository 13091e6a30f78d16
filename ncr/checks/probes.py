"""Probes: how each kind of check is asked, through the gate or by the engine, bounded in time and size."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import aiohttp
import aiohttp_socks
import python_socks
from aiohttp_socks import ProxyConnector
from python_socks.async_.asyncio import Proxy

from ncr.checks import verdict
from ncr.checks.verdict import Ended, Result
from ncr.errors import EngineError
from ncr.scenario.model import Check, Http

Gate = tuple[str, int]
Judge = Callable[[aiohttp.ClientResponse], Awaitable[Result]]
LARGEST = 64 * 1024
AT_ONCE = 64
# Many times the gates that can be asked at one moment: what is let go of is never in use.
MOST_SESSIONS = 4096
# How long an answer may be late before the platform, not the service, is held to be slow.
GRACE_S = 2.0


GATE_FAULT = Result("unknown", "the gate does not answer")
GATE_S = 1.0

# The two libraries name the same mishaps apart.
GATE_GONE = (aiohttp_socks.ProxyConnectionError, python_socks.ProxyConnectionError)
LATE = (TimeoutError, aiohttp_socks.ProxyTimeoutError, python_socks.ProxyTimeoutError)
# A relay in between has taken the call before it knows that nobody is behind it.
NOBODY = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)
REFUSED = (aiohttp_socks.ProxyError, python_socks.ProxyError, aiohttp.ClientError, OSError)


@dataclass(frozen=True, slots=True)
class Target:
    """The service a check looks at.

    `host` is its address, or its name as the gate resolves it. `run_command(command, timeout_s)` runs
    in the service, `run_script(timeout_s)` runs the script of the check beside it; both block, and raise EngineError
    when the platform cannot run them.
    """

    host: str
    gate: Gate | None = None
    run_command: Callable[[Sequence[str], float], Ended] | None = None
    run_script: Callable[[float], Ended] | None = None


class Prober:
    """Asks checks; one for a process, used from one event loop. `close` it at the end."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._pool = ThreadPoolExecutor(at_once, "probe")
        self._sessions: OrderedDict[Gate | None, aiohttp.ClientSession] = OrderedDict()

    async def ask(self, check: Check, target: Target) -> Result:
        """The check's result, within its timeout; never raises."""
        probe = check.probe
        try:
            if probe.http is not None:
                return await self._http(probe.http, target, check.timeout)
            if probe.tcp is not None:
                return await self._tcp(probe.tcp, target, check.timeout)
            if probe.exec is not None and target.run_command is not None:
                ended = await self._blocking(partial(target.run_command, probe.exec, check.timeout), check.timeout)
                return verdict.of_exec(ended, check.expect)
            if probe.script is not None and target.run_script is not None:
                return verdict.of_script(await self._blocking(partial(target.run_script, check.timeout), check.timeout))
        except (EngineError, _PlatformSlow) as error:
            return Result("unknown", str(error)[: verdict.LONGEST])
        except Exception as error:
            return Result("error", f"{type(error).__name__}: {error}"[: verdict.LONGEST])
        return Result("error", "there is no way to ask this check here")

    async def visit(self, door: Gate, timeout_s: float) -> Result:
        """Whether a web page answers at a gate's own door to it, within the timeout; never raises."""

        async def judge(response: aiohttp.ClientResponse) -> Result:
            return verdict.of_visit(response.status)

        return await self._get("http://{}:{}/".format(*door), Target(door[0]), timeout_s, judge)

    async def close(self) -> None:
        """Close every session and take no more commands; running ones end on their own."""
        while self._sessions:
            await self._sessions.popitem()[1].close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _http(self, wanted: Http, target: Target, timeout_s: float) -> Result:
        async def judge(response: aiohttp.ClientResponse) -> Result:
            body = await _read(response) if wanted.contains is not None else b""
            return verdict.of_http(response.status, body.decode(errors="replace"), wanted.status, wanted.contains)

        return await self._get(f"http://{target.host}:{wanted.port}{wanted.path}", target, timeout_s, judge)

    async def _get(self, url: str, target: Target, timeout_s: float, judge: Judge) -> Result:
        try:
            session = await self._session(target.gate)
            async with asyncio.timeout(timeout_s), session.get(url, allow_redirects=False) as response:
                return await judge(response)
        except GATE_GONE:
            return GATE_FAULT
        except LATE:
            return await _late(target)
        except NOBODY:
            return Result("down", "nothing answers there")
        except (*REFUSED, ValueError) as error:
            return Result("down", str(error)[: verdict.LONGEST] or type(error).__name__)

    async def _session(self, gate: Gate | None) -> aiohttp.ClientSession:
        # Making one for every probe would cost a fifth of it; gates come and go, so those long unused are let go of.
        if gate not in self._sessions:
            self._sessions[gate] = _session(gate)
        self._sessions.move_to_end(gate)
        if len(self._sessions) > MOST_SESSIONS:
            await self._sessions.popitem(last=False)[1].close()
        return self._sessions[gate]

    async def _tcp(self, port: int, target: Target, timeout_s: float) -> Result:
        try:
            async with asyncio.timeout(timeout_s):
                if target.gate is None:
                    _, writer = await asyncio.open_connection(target.host, port)
                    writer.close()
                else:
                    proxy = Proxy.from_url("socks5://{}:{}".format(*target.gate), rdns=True)
                    (await proxy.connect(target.host, port)).close()
        except GATE_GONE:
            return GATE_FAULT
        except LATE:
            return await _late(target)
        except REFUSED as error:
            return Result("down", str(error)[: verdict.LONGEST] or type(error).__name__)
        return Result("up")

    async def _blocking(self, work: Callable[[], Ended], timeout_s: float) -> Ended:
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        try:
            return await asyncio.wait_for(future, timeout_s + GRACE_S)
        except TimeoutError as error:
            # The command had its own time limit inside; this is the engine or our own queue.
            raise _PlatformSlow("the platform did not get to it in time") from error


def _session(gate: Gate | None) -> aiohttp.ClientSession:
    connector = (
        aiohttp.TCPConnector(limit=0, force_close=True)
        if gate is None
        else ProxyConnector(host=gate[0], port=gate[1], rdns=True, limit=0, force_close=True)
    )
    # Hostile answers: no cookies kept, nothing unpacked, no redirects followed.
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"Accept-Encoding": "identity", "User-Agent": "ncr-check"},
        timeout=aiohttp.ClientTimeout(total=None),
    )


class _PlatformSlow(Exception):
    pass


async def _late(target: Target) -> Result:
    # Behind a gate that hangs every service is silent, so the gate itself is asked before a service is blamed.
    if target.gate is None or await _greets(target.gate):
        return Result("down", "no answer in time")
    return GATE_FAULT


async def _greets(gate: Gate) -> bool:
    """Whether the gate answers the first words of SOCKS5 (RFC 1928, section 3), which it does by itself."""
    try:
        async with asyncio.timeout(GATE_S):
            reader, writer = await asyncio.open_connection(*gate)
            try:
                writer.write(b"\x05\x01\x00")
                return await reader.readexactly(2) == b"\x05\x00"
            finally:
                writer.close()
    except (TimeoutError, OSError, asyncio.IncompleteReadError):
        return False


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for chunk in response.content.iter_chunked(16 * 1024):
        body += chunk
        if len(body) >= LARGEST:
            break
    return body[:LARGEST]
