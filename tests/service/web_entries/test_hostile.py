"""A lab's service that attacks who relays it: every answer is bounded, and what is none is told with a plain page."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ncr.entries import web_book, web_relay
from tests.service.check_targets import Handler, serving
from tests.service.web_site import PORTS, Browser, Hall, Reply, Stage, gate_address, read_reply

OK = b"HTTP/1.1 200 OK\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


def saying(*pieces: bytes, pause_s: float = 0.0, stays: bool = False) -> Handler:
    """A service that says this to whoever asked; one that `stays` then neither speaks nor closes."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)
        if stays:
            await asyncio.Event().wait()

    return handle


def repeating(piece: bytes, first: bytes = OK) -> Handler:
    """A service whose answer has no end."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(first)
        while True:
            writer.write(piece)
            await writer.drain()

    return handle


def play(at: Stage, handler: Handler, act: Callable[[Browser, Hall], Awaitable[None]]) -> None:
    async def whole(hall: Hall) -> None:
        async with serving(handler, gate_address("blaa"), PORTS["shop"]):
            await act(await hall.guest(), hall)

    at.play(whole, 30)


def ask(at: Stage, handler: Handler, method: str = "GET") -> Reply:
    """What a guest gets who asks once."""
    found = []

    async def act(browser: Browser, hall: Hall) -> None:
        found.append(await browser.ask(method, "/"))

    play(at, handler, act)
    return found[0]


GARBLED = {
    "a greeting of another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "no head at all": b"<html>hei</html>",
    "two lengths": OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "a length beside chunks": OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "a coding we do not know": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a negative length": OK + b"Content-Length: -1\r\n\r\n",
    "a folded header": OK + b"X: a\r\n b\r\n\r\n",
    "a header's name with a space": OK + b"X : a\r\n\r\n",
    "a header with NUL": OK + b"X: a\0b\r\nContent-Length: 0\r\n\r\n",
    "a header with a lone CR": OK + b"X: a\rSet-Cookie: b=c\r\nContent-Length: 0\r\n\r\n",
    "a status beyond any": b"HTTP/1.1 999 Ha\r\nContent-Length: 0\r\n\r\n",
    "an upgrade nobody asked for": SWITCH + b"GET / HTTP/1.1\r\n",
    "too many interim answers": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 40 + OK + b"Content-Length: 0\r\n\r\n",
    "too large a header": OK + b"Set-Cookie: a=" + b"x" * 80_000 + b"\r\nContent-Length: 0\r\n\r\n",
    "too many headers": OK + b"X: y\r\n" * 400 + b"Content-Length: 0\r\n\r\n",
}


def test_what_is_no_answer_is_told_and_not_passed_on(at: Stage) -> None:
    async def act(hall: Hall) -> None:
        browser = await hall.guest()
        for what, answer in GARBLED.items():
            async with serving(saying(answer), gate_address("blaa"), PORTS["shop"]):
                reply = await browser.get("/")
            assert reply.status == 502, what
            assert "fulgte ikke reglene" in reply.text, what
            assert reply.all("set-cookie") == [], what

    at.play(act)


@pytest.mark.parametrize("piece", [b"X-Y: " + b"z" * 1000 + b"\r\n", b"HTTP/1.1 103 Early\r\n\r\n"])
def test_a_head_without_end_is_cut_off(at: Stage, piece: bytes) -> None:
    first = OK if piece.startswith(b"X") else b""
    assert ask(at, repeating(piece, first)).status == 502


@pytest.mark.parametrize("handler", [saying(), saying(b"HTTP/1.1 200"), saying(OK + b"X: y\r\n")])
def test_a_service_that_hangs_up_is_told(at: Stage, handler: Handler) -> None:
    assert ask(at, handler).status == 502


def test_a_service_that_never_answers_is_given_up(at: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_relay, "HEAD_S", 0.3)
    reply = ask(at, saying(stays=True))
    assert reply.status == 504


def test_a_head_that_drips_is_given_up_as_a_whole(at: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_relay, "HEAD_S", 0.5)
    reply = ask(at, saying(*(bytes([byte]) for byte in OK * 20), pause_s=0.05))
    assert reply.status == 504


def test_a_body_that_stops_is_given_up_and_seen_to_be_cut(at: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_relay, "SILENT_S", 0.3)
    reply = ask(at, saying(OK + b"Content-Length: 10\r\n\r\nabc", stays=True))
    assert (reply.status, reply.body, reply.is_whole) == (200, b"abc", False)


@pytest.mark.parametrize(
    "answer", [OK + b"Content-Length: 10\r\n\r\nabc", OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"]
)
def test_a_body_shorter_than_promised_is_seen_to_be_cut(at: Stage, answer: bytes) -> None:
    reply = ask(at, saying(answer))
    assert reply.status == 200
    assert not reply.is_whole


@pytest.mark.parametrize("chunk", [b"zz\r\nabc\r\n", b"ffffffffffffffffff\r\n", b"3\r\nabcdef\r\n"])
def test_chunks_that_lie_are_seen_to_be_cut(at: Stage, chunk: bytes) -> None:
    reply = ask(at, saying(OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n" + chunk))
    assert not reply.is_whole or reply.status == 502


def test_what_comes_behind_an_answer_is_nobodys_answer(at: Stage) -> None:
    asked = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        while True:
            await reader.readuntil(b"\r\n\r\n")
            asked += 1
            evil = OK + b"Content-Length: 4\r\n\r\nevil"
            writer.write(OK + b"Content-Length: 4\r\n\r\ngood" + (evil if asked % 2 else b""))

    async def act(browser: Browser, hall: Hall) -> None:
        for _ in range(6):
            assert (await browser.get("/")).text == "good"

    play(at, handle, act)


def test_what_comes_unasked_between_two_answers_is_nobodys_answer(at: Stage) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(OK + b"Content-Length: 4\r\n\r\ngood")
            await asyncio.sleep(0.1)
            writer.write(OK + b"Content-Length: 4\r\n\r\nevil")

    async def act(browser: Browser, hall: Hall) -> None:
        for _ in range(4):
            assert (await browser.get("/")).text == "good"
            await asyncio.sleep(0.2)

    play(at, handle, act)


def test_a_body_where_none_may_be_is_left_out(at: Stage) -> None:
    reply = ask(at, saying(OK + b"Content-Length: 4\r\n\r\nevil"), "HEAD")
    assert (reply.status, reply.body) == (200, b"")
    assert ask(at, saying(b"HTTP/1.1 204 No\r\nContent-Length: 4\r\n\r\nevil")).body == b""


def test_an_endless_body_does_not_fill_the_memory(at: Stage) -> None:
    async def act(browser: Browser, hall: Hall) -> None:
        reader, writer = await browser.dial()
        writer.write(f"GET / HTTP/1.1\r\nHost: {browser.host}\r\nCookie: {browser.cookie}\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        before = resident()
        await asyncio.sleep(1.5)
        assert resident() - before < 20 * 2**20
        writer.close()

    play(at, repeating(b"x" * 65536, OK + b"\r\n"), act)


def test_an_endless_body_is_not_taken_for_one_who_left_before_it_began(
    at: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_book, "FRESH_S", 0.0)
    begun: list[asyncio.StreamWriter] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        begun.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 65536)
            await writer.drain()

    async def act(browser: Browser, hall: Hall) -> None:
        for _ in range(10):
            _, writer = await browser.dial()
            writer.write(f"GET / HTTP/1.1\r\nHost: {browser.host}\r\nCookie: {browser.cookie}\r\n\r\n".encode())
            writer.close()
        await asyncio.sleep(2)
        assert all(writer.is_closing() for writer in begun), "somebody who has left is still served"

    play(at, handle, act)


def resident() -> int:
    """Bytes of memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_answers_to_the_end_of_the_connection_are_passed_on(at: Stage) -> None:
    reply = ask(at, saying(OK + b"Content-Type: text/plain\r\n\r\n", b"hei ", b"verden", pause_s=0.05))
    assert (reply.text, reply.is_whole) == ("hei verden", True)
    assert ask(at, saying(b"HTTP/1.0 200 OK\r\n\r\nold")).text == "old"


def test_hints_before_the_answer_are_left_out(at: Stage) -> None:
    reply = ask(at, saying(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", OK + b"Content-Length: 2\r\n\r\nok"))
    assert (reply.status, reply.text, reply.all("link")) == (200, "ok", [])


def test_an_upgrade_to_anything_but_a_websocket_is_not_passed_on(at: Stage) -> None:
    heads = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK + b"Content-Length: 2\r\n\r\nok")

    async def act(browser: Browser, hall: Hall) -> None:
        reply = await browser.get("/", Connection="Upgrade, HTTP2-Settings", Upgrade="h2c", HTTP2_Settings="AA")
        assert reply.text == "ok"
        assert b"pgrade" not in heads[0]
        assert b"http2-settings" not in heads[0].lower()

    play(at, handle, act)


def test_a_lab_that_agrees_to_no_websocket_answers_as_to_any_request(at: Stage) -> None:
    async def act(browser: Browser, hall: Hall) -> None:
        reader, writer = await browser.dial()
        writer.write(websocket(browser))
        reply = await read_reply(reader)
        assert (reply.status, reply.text) == (200, "no")
        assert await reader.read() == b"", "a connection that spoke of an upgrade is used for nothing else"
        writer.close()

    play(at, saying(OK + b"Content-Length: 2\r\n\r\nno"), act)


def test_a_lab_that_ends_under_a_websocket_ends_it(at: Stage) -> None:
    async def act(browser: Browser, hall: Hall) -> None:
        reader, writer = await browser.dial()
        writer.write(websocket(browser))
        assert (await read_reply(reader)).status == 101
        async with asyncio.timeout(5):
            assert await reader.read() == b"\x81\x02hi"
        writer.close()

    play(at, saying(SWITCH, b"\x81\x02hi", pause_s=0.1), act)


def websocket(browser: Browser) -> bytes:
    head = f"GET / HTTP/1.1\r\nHost: {browser.host}\r\nCookie: {browser.cookie}\r\nOrigin: http://{browser.host}\r\n"
    rest = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n\r\n"
    return f"{head}{rest}".encode()
