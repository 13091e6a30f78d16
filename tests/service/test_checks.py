"""Probes against real servers and a real gate: what is up, whose fault it is when not, and nobody delays another."""

import asyncio
import threading
import time
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ncr.checks import probes
from ncr.checks.probes import LARGEST, Prober, Target
from ncr.checks.verdict import Ended, Result
from ncr.errors import EngineError
from ncr.scenario.model import Check
from tests.service.check_targets import (
    HOST,
    Handler,
    answering,
    check,
    endless,
    free_port,
    gate,
    http,
    serving,
    silent,
    trickling,
)

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


async def asked(probe: dict[str, object], target: Target, **more: object) -> Result:
    prober = Prober()
    try:
        return await prober.ask(Check.model_validate(check(probe, **more)), target)
    finally:
        await prober.close()


async def asked_http(handler: Handler, through_gate: bool, **wanted: object) -> Result:
    async with serving(handler) as port, gate() as relay:
        target = Target(HOST, relay if through_gate else None)
        return await asked({"http": {"port": port, "path": "/health", **wanted}}, target)


WAYS = pytest.mark.parametrize("through_gate", [False, True], ids=["direct", "through the gate"])


@WAYS
@pytest.mark.parametrize(
    ("handler", "wanted", "state"),
    [
        (http(b"all running"), {"contains": "running"}, "up"),
        (http(b"all running"), {"contains": "stopped"}, "down"),
        (http(b""), {}, "up"),
        (http(b"", "503 Service Unavailable"), {}, "down"),
        (http(b"", "302 Found", b"Location: http://127.0.0.1:1/\r\n"), {}, "down"),
        (http(b"", "302 Found", b"Location: /there\r\n"), {"status": 302}, "up"),
        (http(b"x" * LARGEST + b"running"), {"contains": "running"}, "down"),
        (endless, {"contains": "running"}, "down"),
        (trickling, {"contains": "running"}, "down"),
        (silent, {}, "down"),
        (answering(b""), {}, "down"),
        (answering(b"SSH-2.0-OpenSSH\r\n"), {}, "down"),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab"), {"contains": "x"}, "down"),
        (http(b"\xff\xfe running"), {"contains": "running"}, "up"),
        (http(b"not packed running", headers=b"Content-Encoding: gzip\r\n"), {"contains": "running"}, "up"),
        (http(b"", headers=b"X: " + b"y" * 100_000 + b"\r\n"), {}, "down"),
    ],
)
def test_an_http_check_judges_what_the_service_answers(
    handler: Handler, wanted: dict[str, object], state: str, through_gate: bool
) -> None:
    assert run(asked_http(handler, through_gate, **wanted)).state == state


@pytest.mark.parametrize(
    ("handler", "found"),
    [
        (http(b""), Result("up", "answered 200")),
        (http(b"", "302 Found", b"Location: http://127.0.0.1:1/\r\n"), Result("up", "answered 302")),
        (http(b"", "401 Unauthorized"), Result("up", "answered 401")),
        (http(b"", "404 Not Found"), Result("up", "answered 404")),
        (http(b"", "500 Internal Server Error"), Result("down", "answered 500")),
        (http(b"", "502 Bad Gateway"), Result("down", "answered 502")),
        (endless, Result("up", "answered 200")),
        (silent, Result("down", "no answer in time")),
        (answering(b""), Result("down", "nothing answers there")),
    ],
)
def test_a_page_lets_visitors_in_whatever_it_tells_them_below_500(handler: Handler, found: Result) -> None:
    async def visited() -> Result:
        prober = Prober()
        try:
            async with serving(handler) as port:
                return await prober.visit((HOST, port), 1.0)
        finally:
            await prober.close()

    assert run(visited()) == found


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=80), st.binary(max_size=80).map(lambda raw: b"HTTP/1.1 200 OK\r\n" + raw + b"\r\n\r\n")
    )
)
def test_whatever_a_service_says_is_never_the_checkers_or_the_platforms_fault(raw: bytes) -> None:
    async def one() -> Result:
        async with serving(answering(raw)) as port:
            return await asked({"http": {"port": port, "contains": "running"}}, Target(HOST))

    assert run(one()).state in ("up", "down")


@WAYS
def test_a_tcp_check_is_up_when_somebody_listens(through_gate: bool) -> None:
    async def both() -> tuple[Result, Result]:
        async with serving(silent) as port, gate() as relay:
            target = Target(HOST, relay if through_gate else None)
            return await asked({"tcp": port}, target), await asked({"tcp": free_port()}, target)

    there, gone = run(both())
    assert (there.state, gone.state) == ("up", "down")


@pytest.mark.parametrize("probe", [{"tcp": 80}, {"http": {"port": 80}}], ids=["tcp", "http"])
def test_a_gate_that_is_gone_is_the_platforms_fault(probe: dict[str, object]) -> None:
    result = run(asked(probe, Target(HOST, (HOST, free_port()))))
    assert result == Result("unknown", "the gate does not answer")


@pytest.mark.parametrize("probe", [{"tcp": 80}, {"http": {"port": 80}}], ids=["tcp", "http"])
def test_a_gate_that_hangs_is_the_platforms_fault(probe: dict[str, object]) -> None:
    async def one() -> Result:
        async with serving(silent) as port:
            return await asked(probe, Target(HOST, (HOST, port)))

    assert run(one()).state == "unknown"


@WAYS
def test_redirects_are_never_followed(through_gate: bool) -> None:
    visits: list[bytes] = []

    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append(await reader.readuntil(b"\r\n\r\n"))

    async def one() -> Result:
        async with serving(elsewhere) as port:
            location = f"Location: http://{HOST}:{port}/\r\n".encode()
            return await asked_http(http(b"", "307 Temporary Redirect", location), through_gate)

    assert run(one()).state == "down"
    assert visits == []


def ran(code: int | None, stdout: str = "") -> Target:
    def command(words: Sequence[str], timeout_s: float) -> Ended:
        return Ended(code, stdout + " ".join(words))

    return Target(HOST, None, command, lambda timeout_s: Ended(code, stdout))


def test_a_command_is_judged_by_its_end_and_what_it_prints() -> None:
    assert run(asked({"exec": ["sshd", "-T"]}, ran(0), expect="sshd -T")).state == "up"
    assert run(asked({"exec": ["sshd", "-T"]}, ran(0), expect="other")).state == "down"
    assert run(asked({"exec": ["sshd"]}, ran(1))).state == "down"


def test_a_script_is_judged_by_its_exit_code() -> None:
    assert run(asked({"script": "checks/a.py"}, ran(2, "slow\n"))) == Result("degraded", "slow")
    assert run(asked({"script": "checks/a.py"}, ran(3, "lost\n"))) == Result("error", "lost")


def test_an_engine_that_refuses_is_the_platforms_fault_and_a_bug_is_the_checkers() -> None:
    def refuse(timeout_s: float) -> Ended:
        raise EngineError("no such container")

    def slip(timeout_s: float) -> Ended:
        raise KeyError("slip")

    assert run(asked({"script": "a.py"}, Target(HOST, run_script=refuse))) == Result("unknown", "no such container")
    assert run(asked({"script": "a.py"}, Target(HOST, run_script=slip))).state == "error"
    assert run(asked({"script": "a.py"}, Target(HOST))).state == "error"


def test_an_engine_that_hangs_is_given_up_on_and_is_the_platforms_fault() -> None:
    release = threading.Event()

    def hang(timeout_s: float) -> Ended:
        release.wait(30)
        return Ended(0)

    async def one() -> tuple[Result, float]:
        begun = time.monotonic()
        result = await asked({"script": "a.py"}, Target(HOST, run_script=hang))
        return result, time.monotonic() - begun

    try:
        result, took_s = run(one_and_release(one, release))
    finally:
        release.set()
    assert result.state == "unknown"
    assert took_s < 10


async def one_and_release(one: Any, release: threading.Event) -> tuple[Result, float]:
    try:
        result: tuple[Result, float] = await one()
        return result
    finally:
        release.set()


def test_dead_and_slow_targets_delay_nobody() -> None:
    """Ten hanging targets and ten hanging commands are asked first; the healthy ones are judged before those end."""
    ended: list[str] = []

    async def ask(prober: Prober, name: str, probe: dict[str, object], target: Target) -> Result:
        result = await prober.ask(Check.model_validate(check(probe, timeout="2s")), target)
        ended.append(name)
        return result

    def sleepy(words: Sequence[str], timeout_s: float) -> Ended:
        time.sleep(timeout_s)
        return Ended(None)

    async def round_() -> list[Result]:
        prober = Prober()
        async with serving(silent) as dead, serving(http(b"ok")) as alive:
            slow = [ask(prober, "dead", {"http": {"port": dead}}, Target(HOST)) for _ in range(10)]
            slow += [ask(prober, "dead", {"exec": ["x"]}, Target(HOST, None, sleepy)) for _ in range(10)]
            quick = [ask(prober, "alive", {"http": {"port": alive}}, Target(HOST)) for _ in range(30)]
            quick += [ask(prober, "alive", {"exec": ["x"]}, ran(0)) for _ in range(30)]
            results = await asyncio.gather(*slow, *quick)
            await prober.close()
            return results

    results = run(round_())
    assert [result.state for result in results] == ["down"] * 20 + ["up"] * 60
    assert ended == ["alive"] * 60 + ["dead"] * 20


def test_gates_long_gone_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "MOST_SESSIONS", 2)

    async def one() -> list[str]:
        prober, states = Prober(), []
        async with serving(http(b"ok")) as port, gate() as first, gate() as second, gate() as third:
            for relay in (first, second, third, first, None, third):
                wanted = Check.model_validate(check({"http": {"port": port}}))
                states.append((await prober.ask(wanted, Target(HOST, relay))).state)
                assert len(prober._sessions) <= 2
            await prober.close()
        return states

    assert run(one()) == ["up"] * 6
