"""Who gets into a web entry, for how long, and that nothing crosses between labs and NCR, whatever is asked."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import uvloop
from sqlalchemy import delete, update

from ncr.clock import utcnow
from ncr.db import reading
from ncr.entries import front, webbook, webguests
from ncr.exercise.tables import EntrySession, Practice, Ticket
from ncr.people.tables import Membership, SignIn, Token, User
from ncr.scoring import conduct
from tests.service import doors_site
from tests.service.doors_site import World
from tests.service.lab_server import Lab, lab
from tests.service.web_site import (
    ENTRIES,
    OURS,
    PORTS,
    Browser,
    Hall,
    Reply,
    Stage,
    gate_address,
    hall,
    prepared,
    stage,
)

Act = Callable[[Hall, Lab], Awaitable[None]]


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    return prepared(sqlite_template, tmp_path_factory.mktemp("doors"))


@pytest.fixture
def at(world: World, tmp_path: Path) -> Iterator[Stage]:
    with stage(world, tmp_path, "door") as made:
        yield made


def play(at: Stage, act: Act) -> None:
    async def whole(hall: Hall) -> None:
        async with lab(gate_address("blaa"), PORTS["shop"]) as behind:
            await act(hall, behind)

    at.play(whole)


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


# How long.


async def told(browser: Browser, status: int, within_s: float = 1.5) -> Reply:
    """The first answer with that status."""
    end = time.monotonic() + within_s
    while (reply := await browser.get("/")).status != status:
        assert time.monotonic() < end, reply.text
        await asyncio.sleep(0.05)
    return reply


async def streaming(browser: Browser, path: str = "/events") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """An answer that goes on."""
    reader, writer = await browser.dial()
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {browser.host}\r\nCookie: {browser.cookie}\r\n\r\n".encode())
    await reader.readuntil(b"data: 0\n\n")
    return reader, writer


async def ends(reader: asyncio.StreamReader) -> None:
    """It breaks off within about a second."""
    async with asyncio.timeout(1.5):
        while await reader.read(65536):
            pass


def test_a_pause_closes_at_once_and_the_session_lives_on(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        guest = await hall.guest()
        reader, writer = await streaming(guest)
        hall.set_exercise(state="paused")
        await ends(reader)
        writer.close()
        paused = await told(guest, 409)
        assert "på pause" in paused.text
        hall.set_exercise(state="running")
        await told(guest, 200)

    play(at, act)


@pytest.mark.parametrize("what", ["finished", "reset", "signed-out", "left", "disabled"])
def test_a_session_ends_with_what_it_rests_on_and_is_written_down(at: Stage, what: str) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        guest = await hall.guest()
        reader, writer = await streaming(guest)
        member = hall.ids["user_member"]
        with hall.site.sessions.begin() as session:
            if what == "finished":
                conduct.finish(session, hall.ids["running"], utcnow())
            elif what == "left":
                session.execute(delete(Membership).where(Membership.user_id == member))
            elif what == "disabled":
                session.execute(update(User).where(User.id == member).values(disabled_at=utcnow()))
            elif what == "signed-out":
                for table in (SignIn, Token):
                    session.execute(delete(table).where(table.user_id == member))
        if what == "reset":
            hall.set_environment(generation=2)
        await ends(reader)
        writer.close()
        await told(guest, 409 if what in ("finished", "reset") else 403)
        (row,) = hall.sessions()
        assert row.closed_at is not None
        assert row.cleared_at is not None
        assert row.why == (what if what in ("finished", "reset") else "signed-out")
        if what == "reset":
            # A new ticket opens the new making; the old session stays over.
            assert (await hall.guest()).cookie != guest.cookie
            assert "tilbakestilt" in (await guest.get("/")).text

    play(at, act)


def test_an_environment_that_is_built_anew_is_waited_for(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        guest = await hall.guest()
        hall.set_environment(state="degraded")
        building = await told(guest, 503)
        assert building.one("retry-after") == "5"
        hall.set_environment(state="open")
        await told(guest, 200)

    play(at, act)


def test_sessions_nobody_comes_back_to_are_closed_as_well(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        await hall.guest()
        with hall.site.sessions.begin() as session:
            conduct.finish(session, hall.ids["running"], utcnow())
        await asyncio.to_thread(webguests.tidy, hall.site)
        assert [row.why for row in hall.sessions()] == ["finished"]

    play(at, act)


def test_staff_who_may_join_get_in_and_others_do_not(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        for login, status in (("owner", 200), ("admin", 200), ("observer", 403), ("instructor", 403), ("rival", 403)):
            browser = hall.stranger()
            reply = await browser.get(f"/.ncr/enter?ticket={hall.ticket(login)}")
            browser.cookie = (reply.one("set-cookie") or "").partition(";")[0]
            assert (await browser.get("/")).status == status, login

    play(at, act)


# How much.


def test_so_many_connections_of_a_session_and_of_a_team_and_no_more(at: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbook, "MOST_OF_SESSION", 3)
    monkeypatch.setattr(webbook, "MOST_OF_TEAM", 4)

    async def act(hall: Hall, lab: Lab) -> None:
        one, other = await hall.guest(), await hall.guest()
        held = [await streaming(one) for _ in range(3)]
        assert (await one.get("/")).status == 429
        held.append(await streaming(other))
        full = await other.get("/")
        assert (full.status, full.one("retry-after")) == (503, "2")
        for _, writer in held:
            writer.close()
        await told(one, 200)

    play(at, act)


def test_a_request_counts_as_activity_at_most_every_so_often(at: Stage) -> None:
    async def act(hall: Hall, lab: Lab) -> None:
        guest = await hall.guest()
        long_ago = utcnow() - timedelta(minutes=30)
        with hall.site.sessions.begin() as session:
            run = Practice(exercise_id=hall.ids["running"], user_id=None, scenario="liten", asked_at=long_ago)
            run.active_at, run.extensions = long_ago, 0
            session.add(run)
        for _ in range(3):
            await guest.get("/")
        await asyncio.sleep(0.3)
        with reading(hall.site.sessions) as session:
            active = session.get_one(Practice, hall.ids["running"]).active_at
            alive = session.query(EntrySession.alive_at).scalar()
        assert active > long_ago + timedelta(minutes=29)
        await guest.get("/")
        await asyncio.sleep(0.2)
        with reading(hall.site.sessions) as session:
            assert session.query(EntrySession.alive_at).scalar() == alive

    play(at, act)


def test_stopping_ends_what_is_open_without_waiting(at: Stage) -> None:
    async def whole() -> None:
        async with lab(gate_address("blaa"), PORTS["shop"]):
            async with hall(at.site, at.engine, at.ids, "t") as opened:
                reader, writer = await streaming(await opened.guest())
            await ends(reader)
            writer.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(whole(), 10))


# On each kind of database.


def test_guests_are_read_alike_on_every_database(database_url: str, tmp_path: Path) -> None:
    ids = doors_site.populate(tmp_path / "data", database_url, ENTRIES).ids
    with doors_site.closing_site(doors_site.settings(tmp_path / "data", database_url)) as site:
        hall = Hall(site, None, ids, 0)  # type: ignore[arg-type]
        name = hall.host().partition(".")[0]
        secret = webguests.enter(site, hall.ticket(), name)
        guest = webguests.by_secret(site, secret)
        assert guest is not None
        assert (guest.label, guest.why, guest.relay_port) == (name, None, 1100)
        assert webguests.by_secret(site, "x") is None
        webguests.touch(site, guest)
        hall.set_environment(generation=2)
        (after,) = webguests.by_ids(site, [guest.id, "nobody"])
        assert after.why == "reset"
        assert [row.why for row in hall.sessions()] == ["reset"]


def test_a_plain_site_elsewhere_uses_a_cookie_without_the_prefix_and_takes_no_planted_one(
    world: World, tmp_path: Path
) -> None:
    with stage(world, tmp_path, "door", entry_domain="lab.test") as at:

        async def act(hall: Hall, lab: Lab) -> None:
            browser = Browser(hall.port, hall.host().replace(".localhost", ".lab.test"))
            reply = await browser.get(f"/.ncr/enter?ticket={hall.ticket()}")
            cookie = reply.one("set-cookie") or ""
            assert cookie.startswith("ncr-entry=")
            assert "Secure" not in cookie
            browser.cookie = f"ncr-entry=planted; {cookie.partition(';')[0]}; ncr-entry=planted"
            assert (await browser.get("/")).status == 200
            assert "ncr-entry" not in str(lab.headers)

        play(at, act)
