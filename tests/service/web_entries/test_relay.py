"""Web entries end to end: a real server in front, real labs behind, by the gate's door and by a relay inside it."""

import asyncio
import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.service.check_targets import serving
from tests.service.doors_site import World
from tests.service.lab_server import PIECE, Lab, echo, lab
from tests.service.web_site import PORTS, Browser, Hall, Stage, gate_address, play, read_reply


def test_a_request_goes_through_as_it_is(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        browser = await hall.guest()
        target = "/a%2Fb/../c%20d//e;f?x=%2e%2e&y=a+b&&z=?"
        cookie = f"a=1; {browser.cookie}; b=2; ncr-theme=dark"
        headers = {"X-Own": "1", "Accept-Encoding": "br", "Cookie": cookie, "X-Forwarded-For": "6.6.6.6"}
        reply = await browser.ask("PROPFIND", target, headers={**headers, "Forwarded": "for=6.6.6.6"})
        shown = json.loads(reply.body)
        assert (reply.status, shown["method"]) == (200, "PROPFIND")
        assert f"{shown['path']}?{shown['query']}" == target
        assert sorted(map(tuple, shown["headers"])) == sorted([
            ("host", hall.host()), ("x-own", "1"), ("accept-encoding", "br"), ("accept-language", "nb"),
            ("cookie", "a=1; b=2"), ("x-forwarded-for", "127.0.0.1"), ("x-forwarded-proto", "http"),
            ("x-forwarded-host", hall.host()),
        ])  # fmt: skip

    play(at, act)


def test_an_empty_query_is_passed_on_as_one(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        browser, seen = await hall.guest(), []

        async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        mail = await hall.guest(entry="mail")
        async with serving(note, gate_address("blaa"), PORTS["mail"]):
            assert (await mail.get("/a?")).status == 200
        assert seen[0].startswith(b"GET /a? HTTP/1.1\r\n")
        assert browser.cookie != mail.cookie

    play(at, act)


@pytest.mark.parametrize("framing", ["content-length", "chunked"])
def test_a_large_upload_arrives_whole(at: Stage, framing: str) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        browser, body = await hall.guest(), secrets.token_bytes(3_000_000)
        told = f"{len(body)} {hashlib.sha256(body).hexdigest()}"
        if framing == "content-length":
            reply = await browser.ask("POST", "/digest", body)
        else:
            pieces = (body[at : at + 50_000] for at in range(0, len(body), 50_000))
            framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
            head = f"POST /digest HTTP/1.1\r\nHost: {browser.host}\r\nCookie: {browser.cookie}\r\n"
            reply = await browser.say(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + framed)
        assert (reply.status, reply.text) == (200, told)
        assert (await browser.get("/after")).status == 200

    play(at, act)


def test_an_upload_that_waits_for_leave_gets_it(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        browser = await hall.guest()
        reader, writer = await browser.dial()
        head = f"POST /digest HTTP/1.1\r\nHost: {browser.host}\r\nCookie: {browser.cookie}\r\n"
        writer.write(f"{head}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n".encode())
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"abc")
        reply = await read_reply(reader)
        assert reply.text.startswith("3 ")
        writer.close()

    play(at, act)


def test_an_answer_before_the_end_of_the_upload_is_passed_on(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        browser = await hall.guest()
        reader, writer = await browser.dial()
        head = f"POST /early HTTP/1.1\r\nHost: {browser.host}\r\nCookie: {browser.cookie}\r\n"
        writer.write(f"{head}Content-Length: 100000000\r\n\r\nbegin".encode())
        reply = await read_reply(reader)
        assert (reply.status, reply.text) == (413, "enough")
        writer.close()

    play(at, act)


def test_a_large_download_comes_whole_and_no_faster_than_it_is_read(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        browser, count = await hall.guest(), 800
        reader, writer = await browser.dial()
        writer.write(
            f"GET /large?{count} HTTP/1.1\r\nHost: {browser.host}\r\nCookie: {browser.cookie}\r\n\r\n".encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(1)
        assert lab.most_ahead < count / 2, "everything was taken in though nobody reads"
        assert await reader.readexactly(count * len(PIECE)) == PIECE * count
        writer.close()

    play(at, act)


def test_events_come_as_they_are_said_and_a_reader_that_leaves_is_missed(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        browser = await hall.guest()
        reader, writer = await browser.dial()
        writer.write(f"GET /events HTTP/1.1\r\nHost: {browser.host}\r\nCookie: {browser.cookie}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"content-type: text/event-stream" in head
        for number in range(3):
            assert await reader.readuntil(b"\n\n") == b"9\r\ndata: %d\n\n" % number
            await reader.readexactly(2)
        writer.close()
        async with asyncio.timeout(5):
            await lab.gone.wait()

    play(at, act)


def test_cookies_of_the_lab_stay_on_its_host_and_never_stand_for_ours(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        reply = await (await hall.guest()).get("/cookies")
        assert reply.all("set-cookie") == ["plain=1; Path=/", "wide=2; Path=/"]
        assert reply.all("clear-site-data") == ['"cache", "storage", "executionContexts"']

    play(at, act)


def test_redirects_lead_where_they_lead_and_the_labs_own_names_here(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        browser = await hall.guest()
        for given, seen in (
            ("/elsewhere?x=1#y", "/elsewhere?x=1#y"),
            ("https://example.org/a", "https://example.org/a"),
            ("http://web:8080/login", f"http://{hall.host()}/login"),
            (f"https://{hall.host()}/x", f"http://{hall.host()}/x"),
            ("http://web:80801/x", "http://web:80801/x"),
        ):
            reply = await browser.get(f"/away?{given}".replace("#", "%23") if "#" in given else f"/away?{given}")
            assert reply.status == 302
            assert reply.one("location") == seen.replace("#", "%23")

    play(at, act)


def test_answers_without_a_body_have_none(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        browser = await hall.guest()
        head = await browser.ask("HEAD", "/large")
        assert (head.status, head.body, head.one("content-length")) == (200, b"", str(16 * len(PIECE)))
        for status in (204, 304):
            reply = await browser.get(f"/status?{status}")
            assert (reply.status, reply.body) == (status, b"")
        assert (await browser.get("/status?418")).status == 418

    play(at, act)


def test_a_connection_is_kept_for_the_same_guest_and_given_to_nobody_else(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        one, other = await hall.guest(), await hall.guest()
        ports = []
        for browser in (one, one, other, one, other):
            await browser.get("/")
            ports.append(lab.requests[-1]["client"])
        if len(set(ports)) > 1:  # a relay's connections all look alike in some engines
            assert ports[0] == ports[1] == ports[3]
            assert ports[2] == ports[4] != ports[0]

    play(at, act)


def dialled(browser: Browser, **more: object) -> connect:
    """A WebSocket as a page of the lab opens one."""
    origin = f"http://{browser.host}"
    address = f"ws://{browser.host}/talk"
    return connect(
        address, host="127.0.0.1", port=browser.port, origin=origin, subprotocols=["other", "lab.v1"],  # type: ignore[list-item]
        additional_headers={"Cookie": browser.cookie}, max_size=None, proxy=None, **more,
    )  # fmt: skip


def talk(at: Stage, act: Callable[[Hall, ClientConnection], Awaitable[None]]) -> None:
    async def whole(hall: Hall) -> None:
        async with echo(gate_address("blaa"), PORTS["shop"]) as seen:
            async with dialled(await hall.guest()) as connection:
                await act(hall, connection)
            assert "ncr-entry" not in str(seen[0].request.headers if seen[0].request else "")

    at.play(whole)


def test_a_websocket_goes_through_with_its_subprotocol_compression_and_sizes(at: Stage) -> None:
    async def act(hall: Hall, connection: ClientConnection) -> None:
        assert connection.subprotocol == "lab.v1"
        assert "permessage-deflate" in str(connection.response.headers if connection.response else "")
        for message in ("hei på deg", b"\x00\xff" * 10, secrets.token_bytes(1_000_000), "a" * 3_000_000):
            await connection.send(message)
            assert await connection.recv() == message
        await (await connection.ping())

    talk(at, act)


def test_a_websocket_closes_with_the_labs_own_code(at: Stage) -> None:
    async def act(hall: Hall, connection: ClientConnection) -> None:
        await connection.send("close 4321")
        with pytest.raises(ConnectionClosed) as closed:
            await connection.recv()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4321, "as asked")

    talk(at, act)


def test_a_websocket_is_closed_with_the_exercise(at: Stage) -> None:
    async def act(hall: Hall, connection: ClientConnection) -> None:
        hall.set_exercise(state="paused")
        async with asyncio.timeout(3):
            with pytest.raises(ConnectionClosed):
                await connection.recv()

    talk(at, act)


def test_a_lab_that_is_not_there_is_said_so_and_found_when_it_comes(at: Stage) -> None:
    async def act(hall: Hall) -> None:
        browser = await hall.guest()
        missing = await browser.get("/")
        assert missing.status == 502
        assert "svarer ikke" in missing.text
        async with lab(gate_address("blaa"), PORTS["shop"]):
            assert (await browser.get("/")).status == 200

    at.play(act)


def test_an_engine_that_is_away_or_a_container_that_ended_is_said_so(at: Stage, world: World) -> None:
    async def act(hall: Hall) -> None:
        browser = await hall.guest()
        for name in list(hall.engine.observe({}).containers):
            if name.endswith("web"):
                hall.engine.crash(name)
        assert (await browser.get("/")).status == 502
        hall.engine.set_down(True)
        away = await browser.get("/")
        assert (away.status, away.one("retry-after")) == (503, "5")

    at.play(act)
