"""How long a session of a web entry lasts, how much it may have open at once, and what is written of it."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path

import pytest
import uvloop
from sqlalchemy import delete, update

from ncr.clock import utcnow
from ncr.db import reading
from ncr.entries import web_book, web_guests
from ncr.exercise.tables import EntrySession, Practice
from ncr.people.tables import Membership, SignIn, Token, User
from ncr.scoring import conduct
from tests.service import doors_site
from tests.service.doors_site import World
from tests.service.lab_server import Lab, lab
from tests.service.web_site import (
    ENTRIES,
    PORTS,
    Browser,
    Hall,
    How,
    Reply,
    Stage,
    gate_address,
    hall,
    play,
    stage,
)


@pytest.fixture
def how() -> How:
    return "door"


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
        await asyncio.to_thread(web_guests.tidy, hall.site)
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
    monkeypatch.setattr(web_book, "MOST_OF_SESSION", 3)
    monkeypatch.setattr(web_book, "MOST_OF_TEAM", 4)

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
        secret = web_guests.enter(site, hall.ticket(), name)
        guest = web_guests.by_secret(site, secret)
        assert guest is not None
        assert (guest.label, guest.why, guest.relay_port) == (name, None, 1100)
        assert web_guests.by_secret(site, "x") is None
        web_guests.touch(site, guest)
        hall.set_environment(generation=2)
        (after,) = web_guests.by_ids(site, [guest.id, "nobody"])
        assert after.why == "reset"
        assert [row.why for row in hall.sessions()] == ["reset"]


def test_a_plain_site_elsewhere_uses_a_cookie_without_the_prefix_and_takes_no_planted_one(
    world: World, tmp_path: Path
) -> None:
    with stage(world, tmp_path, "door", entry_domain="lab.test") as at:

        async def act(hall: Hall, lab: Lab) -> None:
            browser = hall.stranger()
            reply = await browser.get(f"/.ncr/enter?ticket={hall.ticket()}")
            cookie = reply.one("set-cookie") or ""
            assert cookie.startswith("ncr-entry=")
            assert "Secure" not in cookie
            browser.cookie = f"ncr-entry=planted; {cookie.partition(';')[0]}; ncr-entry=planted"
            assert (await browser.get("/")).status == 200
            assert "ncr-entry" not in str(lab.headers)

        play(at, act)
