"""Who gets into a web entry, and that nothing crosses between labs and NCR, whatever is asked."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from ncr.clock import utcnow
from ncr.entries import front
from ncr.exercise.tables import Ticket
from tests.service.lab_server import Lab
from tests.service.web_site import (
    OURS,
    Browser,
    Hall,
    How,
    Stage,
    play,
)


@pytest.fixture
def how() -> How:
    return "door"


# Tickets.


def test_a_ticket_becomes_a_cookie_of_this_host_alone(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        reply = await hall.stranger().get(f"/.ncr/enter?ticket={hall.ticket()}")
        assert (reply.status, reply.one("location")) == (303, "/")
        name, _, rest = (reply.one("set-cookie") or "").partition("=")
        assert name == "__Host-ncr-entry"
        assert rest.partition(";")[2] == " Path=/; HttpOnly; SameSite=Lax; Secure"
        assert reply.one("referrer-policy") == "no-referrer"
        assert reply.one("cache-control") == "no-store"
        (row,) = hall.sessions()
        assert (row.kind, row.entry, row.generation, row.closed_at) == ("web", "shop", 1, None)
        assert row.user_id == hall.ids["user_member"]
        assert row.participant_id == hall.ids["player_blaa"]
        assert lab.requests == []

    play(at, act)


def test_a_ticket_opens_once_in_time_and_on_its_own_host_only(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        async def enter(browser: Browser, ticket: str, **headers: str) -> int:
            reply = await browser.get(f"/.ncr/enter?ticket={ticket}", **headers)
            assert reply.all("set-cookie") == [] or reply.status == 303
            return reply.status

        used, shop = hall.ticket(), hall.stranger()
        assert await enter(shop, used) == 303
        assert await enter(shop, used) == 403
        assert await enter(shop, hall.ticket(team="roed", login="rival")) == 403
        elsewhere = hall.ticket()
        assert await enter(hall.stranger("mail"), elsewhere) == 403
        assert await enter(shop, elsewhere) == 403, "one that was shown to another lab is used up"
        assert await enter(shop, hall.ticket(entry="desk")) == 403
        assert await enter(shop, hall.ticket(login="owner", mode="watch")) == 403
        assert await enter(shop, hall.ticket(), Sec_Fetch_Dest="iframe") == 403
        for nonsense in ("", "x", "%00", "a&ticket=b", "x" * 10_000):
            assert await enter(shop, nonsense) == 403
        old = hall.ticket()
        with hall.site.sessions.begin() as session:
            session.execute(update(Ticket).values(expires_at=utcnow() - timedelta(seconds=1)))
        assert await enter(shop, old) == 403
        assert (await shop.ask("POST", f"/.ncr/enter?ticket={hall.ticket()}", b"")).status == 404
        assert (await shop.get("/.ncr/anything")).status == 404
        assert len(hall.sessions()) == 1
        assert lab.requests == []

    play(at, act)


def test_a_ticket_of_a_closed_exercise_says_why(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        ticket = hall.ticket()
        hall.set_exercise(state="paused")
        reply = await hall.stranger(language="en").get(f"/.ncr/enter?ticket={ticket}")
        assert reply.status == 409
        assert "The exercise is paused" in reply.text

    play(at, act)


# Hosts.


def test_without_a_session_nothing_of_a_lab_is_seen_and_ncr_is_pointed_to(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        guest = await hall.guest()
        for browser in (hall.stranger(), hall.stranger("nothing"), hall.stranger("mail")):
            for cookie in ("", "__Host-ncr-entry=x", "ncr-entry=x", "__Host-ncr-entry=" + "x" * 5000):
                browser.cookie = cookie
                reply = await browser.get("/")
                assert reply.status == 401
                assert 'href="http://127.0.0.1:8000"' in reply.text
        mail = hall.stranger("mail")
        mail.cookie = guest.cookie
        assert (await mail.get("/")).status == 401, "a session of one entry opens no other"
        rival = hall.stranger("shop", "roed")
        rival.cookie = guest.cookie
        assert (await rival.get("/")).status == 401, "nor another team's"
        assert lab.requests == []

    play(at, act)


def test_a_labs_host_reaches_nothing_of_ncrs_and_ncrs_host_no_lab(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        guest = await hall.guest()
        forged = [
            hall.host(), hall.host().upper(), hall.host().replace(":", ".:"), f"evil.{hall.host()}", "x.localhost",
            hall.host().partition(":")[0], hall.host().partition(":")[0] + ":1", "--.localhost", "a--b--c.localhost",
        ]  # fmt: skip
        for host in forged:
            for path in ("/", "/api/v1/health/live", "/static/x", "/sign-in", "/.ncr/x", "//", "/%2e%2e/sign-in"):
                reply = await Browser(hall.port, host).get(path)
                assert reply.status in (401, 404), (host, path)
                assert OURS not in reply.body
        for host in ("localhost", f"localhost:{hall.port}", "127.0.0.1", "[::1]:80", "LOCALHOST.", "other.example"):
            browser = Browser(hall.port, host, cookie=guest.cookie)
            assert OURS in (await browser.get("/")).body, host
        assert lab.requests == []

    play(at, act)


MALFORMED = {
    "two hosts": "GET / HTTP/1.1\r\nHost: localhost\r\nHost: {host}\r\n\r\n",
    "two hosts the other way": "GET / HTTP/1.1\r\nHost: {host}\r\nHost: localhost\r\n\r\n",
    "no host": "GET / HTTP/1.1\r\n\r\n",
    "userinfo": "GET / HTTP/1.1\r\nHost: localhost@{host}\r\n\r\n",
    "a list": "GET / HTTP/1.1\r\nHost: {host}, localhost\r\n\r\n",
    "a path": "GET / HTTP/1.1\r\nHost: localhost/{host}\r\n\r\n",
    "another target than host": "GET http://localhost/ HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n",
    "the same target as host": "GET http://{host}/ HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n",
    "a tunnel": "CONNECT {host} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n",
    "a length beside chunks": "POST / HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nContent-Length: 3\r\n"
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": "POST / HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nContent-Length: 3\r\n"
    "Content-Length: 4\r\n\r\nabc",
    "chunks that are none": "POST /digest HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n"
    "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a folded header": "GET / HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nX: a\r\n b\r\n\r\n",
    "a name with a space": "GET / HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding : chunked\r\n\r\n",
    "a bare line end": "GET / HTTP/1.1\nHost: {host}\nCookie: {cookie}\n\n",
    "no HTTP": "hello\r\n\r\n",
}


def test_malformed_and_ambiguous_requests_are_refused_with_a_page(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        guest = await hall.guest()
        for what, text in MALFORMED.items():
            reply = await guest.say(text.format(host=hall.host(), cookie=guest.cookie).encode())
            assert reply.status == 400, what
            assert "<!doctype html>" in reply.text, what
            assert OURS not in reply.body, what
        assert [scope for scope in lab.requests if scope["path"] != "/digest"] == []
        absolute = await guest.say(f"GET http://{hall.host()}/ HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert OURS in absolute.body, "the line names a lab, the host is ours: so it is ours"

    play(at, act)


def test_a_second_request_hidden_in_a_body_is_body(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        guest = await hall.guest()
        hidden = f"GET /hidden HTTP/1.1\r\nHost: {hall.host()}\r\n\r\n".encode()
        reply = await guest.ask("POST", "/digest", hidden)
        assert reply.text.startswith(f"{len(hidden)} ")
        assert (await guest.get("/after")).status == 200
        assert [scope["path"] for scope in lab.requests] == ["/digest", "/after"]

    play(at, act)


def test_heads_have_a_size_and_a_time_on_every_host(at: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        guest = await hall.guest()
        for host in (hall.host(), "localhost"):
            large = f"GET / HTTP/1.1\r\nHost: {host}\r\nX: {'x' * 70_000}\r\n\r\n"
            many = f"GET / HTTP/1.1\r\nHost: {host}\r\n" + "X: y\r\n" * 300 + "\r\n"
            endless = f"GET / HTTP/1.1\r\nHost: {host}\r\n" + "X: y\r\n" * 20_000
            for head in (large, many, endless, f"GET /{'a' * 70_000} HTTP/1.1\r\nHost: {host}\r\n\r\n"):
                reply = await guest.say(head.encode())
                assert (reply.status, "for mye" in reply.text) == (431, True)
        fits = await guest.get("/", X="x" * 30_000)
        assert fits.status == 200
        monkeypatch.setattr(front, "HEAD_S", 0.3)
        slow = await guest.say(f"GET / HTTP/1.1\r\nHost: {hall.host()}\r\nX: ".encode())
        assert slow.status == 408
        reader, writer = await guest.dial()
        async with asyncio.timeout(5):
            assert await reader.read() == b"", "one that says nothing is not waited for either"
        writer.close()

    play(at, act)


# What other pages may cause.


def test_pages_of_others_cannot_use_a_visitors_session(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        guest, other = await hall.guest(), f"http://{hall.host('shop', 'roed')}"
        socket = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Key": "k",
            "Sec-WebSocket-Version": "13",
        }
        attacks: list[tuple[str, dict[str, str]]] = [
            ("POST", {"Origin": other}),
            ("POST", {"Origin": "null"}),
            ("POST", {"Origin": f"http://localhost:{hall.port}"}),
            ("POST", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}),
            ("GET", {"Origin": other, **socket}),
            ("GET", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "websocket", **socket}),
            ("GET", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}),
            ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}),
        ]
        for method, headers in attacks:
            reply = await guest.ask(method, "/", b"" if method == "POST" else None, headers)
            assert reply.status == 403, headers
            assert "en annen side" in reply.text
        assert lab.requests == []
        own = {"Origin": f"http://{hall.host()}", "Sec-Fetch-Site": "same-origin"}
        assert (await guest.ask("POST", "/", b"", own)).status == 200
        assert (await guest.ask("POST", "/", b"", {"Origin": f"http://{hall.host('mail')}"})).status == 200
        link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        assert (await guest.ask("GET", "/", None, link)).status == 200

    play(at, act)
