"""The WebSocket and the event stream over real connections to a real server."""

import asyncio
import json
import socket as sockets
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ncr.clock import utcnow
from ncr.exercise.tables import Exercise
from ncr.live import socket as doors
from ncr.live.hub import Frame
from ncr.live.rows import Sight
from ncr.people.signin import sign_out
from ncr.scoring import conduct, interventions
from ncr.scoring.facts import Draft, Kind
from ncr.site import Site
from tests.service.live_site import (
    EXERCISE,
    TEAMS,
    Client,
    adjust,
    close,
    dial,
    follow,
    free_port,
    make_site,
    plan,
    serving,
    solve,
    tell,
)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def site(database_url: str, tmp_path: Path, port: int) -> Any:
    made = make_site(database_url, tmp_path, port)
    yield made
    close(made)


def board(site: Site, kind: Any = "public") -> Any:
    return site.boards.of(EXERCISE).snapshot(kind)["standings"]


@asynccontextmanager
async def _three(site: Site, port: int, people: dict[str, str]) -> AsyncIterator[tuple[ClientConnection, ...]]:
    """A server, and connections of the public, of team ask and of the instructor."""
    member, instructor = dial(port, cookie=people["ask"]), dial(port, cookie=people["instructor"])
    async with serving(site, port), dial(port) as public, member as team, instructor as staff:
        yield public, team, staff


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 60))  # type: ignore[arg-type]


def test_a_solve_reaches_every_audience_and_each_sees_only_its_own(site: Site, port: int) -> None:
    people = plan(site)

    async def scene() -> None:
        async with _three(site, port, people) as (public, team, staff):
            clients = Client(), Client(), Client()
            lines = public, team, staff
            solve(site, "ask", right=False)
            solve(site, "bjork", right=False)
            last = solve(site, "ask")
            for client, line in zip(clients, lines, strict=True):
                await follow(client, line, lambda client: client.seq == last)
            watcher, member, instructor = clients
            assert [c.hello["audience"] for c in clients if c.hello] == ["public", "team", "staff"]
            assert watcher.standings == member.standings == board(site)
            assert instructor.standings == board(site, "staff")
            told = json.dumps([watcher.facts, member.facts])
            assert "p-ask" not in told
            assert "ddd" not in told
            assert {fact["payload"].get("right") for fact in watcher.facts} <= {True, None}
            assert {fact["team"] for fact in member.facts} <= {"ask", None}

    run(scene)


def test_a_client_comes_back_by_number_and_gets_nothing_twice(site: Site, port: int) -> None:
    plan(site)

    async def scene() -> None:
        client = Client()
        async with serving(site, port):
            async with dial(port) as line:
                await follow(client, line, lambda client: client.seq is not None)
            solve(site, "ask")
            last = solve(site, "bjork")
            client.begin()
            async with dial(port, client.query) as line:
                await follow(client, line, lambda client: client.seq == last)
            assert client.hello is not None
            assert client.hello["resume"] is True
            assert [fact["team"] for fact in client.facts] == ["ask", "bjork"]
            assert client.standings == board(site)
            for query in ("?after=4&epoch=another", "?after=4", "?after=99999&epoch=first"):
                fresh = Client()
                async with dial(port, query) as line:
                    await follow(fresh, line, lambda client: client.seq is not None)
                    assert fresh.hello is not None
                    assert fresh.hello["resume"] is False
                    assert fresh.standings == board(site)

    run(scene)


def test_one_over_a_thousand_facts_behind_gets_a_snapshot(site: Site, port: int) -> None:
    plan(site)

    async def scene() -> None:
        client = Client()
        async with serving(site, port):
            async with dial(port) as line:
                await follow(client, line, lambda client: client.seq is not None)
            first = Draft(Kind.ADJUSTED, "0", "ask", {"points": 1, "reason": "prøve", "by": "instructor"})
            last = tell(site, *(replace(first, key=str(number)) for number in range(1001)))
            client.begin()
            async with dial(port, client.query) as line:
                await follow(client, line, lambda client: client.seq == last)
            assert client.hello is not None
            assert client.hello["resume"] is False
            assert client.standings == board(site)

    run(scene)


def test_facts_within_fifty_milliseconds_share_a_frame(site: Site, port: int) -> None:
    plan(site)

    async def scene() -> None:
        async with serving(site, port), dial(port) as line:
            client, kinds = Client(), []
            await follow(client, line, lambda client: client.seq is not None)
            before = client.seq or 0
            for _ in range(5):
                adjust(site, "ask", 1)
            while client.seq != before + 5:
                kinds.append(client.take(await line.recv())["type"])
            assert len(kinds) <= 3

    run(scene)


def test_a_freeze_holds_the_board_of_teams_and_public_while_staff_sees_through(site: Site, port: int) -> None:
    people = plan(site)

    def change(what: Any) -> None:
        with site.sessions.begin() as session:
            what(session, EXERCISE, utcnow())

    async def scene() -> None:
        async with _three(site, port, people) as (public, team, staff):
            watcher, member, instructor = Client(), Client(), Client()
            change(conduct.freeze)
            held = board(site)
            solve(site, "bjork")
            last = solve(site, "ask")
            await follow(instructor, staff, lambda client: client.seq == last)
            await follow(member, team, lambda client: client.seq == last)
            assert instructor.standings == board(site, "staff") != held
            assert member.standings == held
            assert {fact["team"] for fact in member.facts} == {"ask"}
            await follow(watcher, public, lambda client: client.frozen)
            late = Client()
            async with dial(port, cookie=people["bjork"]) as line:
                await follow(late, line, lambda client: client.seq is not None and client.facts)
                assert late.standings == held
                assert {fact["team"] for fact in late.facts} == {"bjork"}
            change(conduct.unfreeze)
            await follow(watcher, public, lambda client: client.seq == last)
            await follow(member, team, lambda client: not client.frozen and client.standings != held)
            assert watcher.standings == member.standings == board(site) != held

    run(scene)


def test_messages_states_and_injects_go_to_whom_they_concern(site: Site, port: int) -> None:
    people = plan(site)

    async def scene() -> None:
        async with _three(site, port, people) as (public, team, staff):
            watcher, member, instructor = Client(), Client(), Client()
            with site.sessions.begin() as session:
                words = {"nb": "Hei", "en": "Hello"}
                all_ = interventions.say(session, EXERCISE, words, utcnow()).id
                other = interventions.say(session, EXERCISE, words, utcnow(), participant_id="eik").id
                own = interventions.say(session, EXERCISE, words, utcnow(), participant_id="ask").id
                interventions.skip(session, EXERCISE, "call", utcnow())
                conduct.pause(session, EXERCISE, utcnow())
            await follow(member, team, lambda client: client.state == "paused" and len(client.messages) == 2)
            await follow(instructor, staff, lambda client: len(client.messages) == 3 and client.injects)
            await follow(watcher, public, lambda client: client.state == "paused")
            assert (member.messages, member.injects) == ([all_, own], [])
            assert (instructor.messages, instructor.injects) == ([all_, other, own], ["call"])
            assert (watcher.messages, watcher.injects) == ([], [])

    run(scene)


def test_a_foreign_page_is_refused_and_so_is_a_cookie_without_an_origin(site: Site, port: int) -> None:
    people = plan(site)

    async def scene() -> None:
        async with serving(site, port):
            for cookie, origin in ((None, "https://evil.example"), (people["ask"], "null"), (people["ask"], None)):
                with pytest.raises(InvalidStatus) as refusal:
                    await dial(port, cookie=cookie, origin=origin)
                assert refusal.value.response.status_code == 403
                assert json.loads(refusal.value.response.body)["type"] == "urn:ncr:problem:forbidden"
            with pytest.raises(InvalidStatus) as refusal:
                await dial(port, offered=["graphql-ws"])
            assert refusal.value.response.status_code == 422

    run(scene)


def test_an_exercise_that_is_not_public_asks_who_is_there(site: Site, port: int) -> None:
    people = plan(site, visibility="teams")

    async def scene() -> None:
        async with serving(site, port):
            for cookie, status in ((None, 401), (people["student"], 404)):
                with pytest.raises(InvalidStatus) as refusal:
                    await dial(port, cookie=cookie)
                assert refusal.value.response.status_code == status

    run(scene)


def test_where_the_scoreboard_is_off_a_team_sees_itself_alone(site: Site, port: int) -> None:
    people = plan(site, visibility="off")

    async def scene() -> None:
        async with serving(site, port), dial(port, cookie=people["ask"]) as line:
            client = Client()
            solve(site, "bjork")
            last = solve(site, "ask")
            await follow(client, line, lambda client: client.seq == last)
            assert [(row["team"], row["rank"]) for row in client.standings] == [("ask", None)]
            assert "bjork" not in json.dumps([client.facts, client.tasks, client.standings])

    run(scene)


def test_who_signs_out_is_told_and_sees_no_more(site: Site, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "REAUTHORISE_S", 0.6)
    people = plan(site)

    async def scene() -> None:
        async with serving(site, port), dial(port, cookie=people["ask"]) as line:
            client = Client()
            await follow(client, line, lambda client: client.seq is not None)
            sign_out(site.sessions, people["ask"])
            await follow(client, line, lambda client: client.bye == "signed-out")
            with pytest.raises(ConnectionClosed) as closed:
                await line.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4401

    run(scene)


def test_anything_a_client_says_is_refused_but_a_ping(site: Site, port: int) -> None:
    plan(site)

    async def scene() -> None:
        async with serving(site, port), dial(port) as line:
            client = Client()
            await follow(client, line, lambda client: client.seq is not None)
            await asyncio.wait_for(await line.ping(), 5)
            await line.send('{"type":"hello"}')
            with pytest.raises(ConnectionClosed) as closed:
                await line.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008

    run(scene)


def test_the_connection_shows_that_it_lives(site: Site, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "BEAT_S", 0.2)
    plan(site)

    async def scene() -> None:
        async with serving(site, port), dial(port) as line:
            client = Client()
            kinds = [client.take(await line.recv())["type"] for _ in range(4)]
            assert kinds == ["hello", "snapshot", "beat", "beat"]

    run(scene)


def test_a_stop_asks_everybody_to_come_back(site: Site, port: int) -> None:
    plan(site)

    async def scene() -> None:
        client = Client()
        async with serving(site, port) as live:
            line = await dial(port)
            await follow(client, line, lambda client: client.seq is not None)
            await live.stop()
            await follow(client, line, lambda client: client.bye == "restart")

    run(scene)


def test_an_archived_exercise_is_shown_and_then_over(site: Site, port: int) -> None:
    plan(site)
    with site.sessions.begin() as session:
        session.get_one(Exercise, EXERCISE).state = "archived"

    async def scene() -> None:
        async with serving(site, port), dial(port) as line:
            client = Client()
            await follow(client, line, lambda client: client.bye == "finished")
            assert client.standings == board(site)

    run(scene)


def test_a_reader_that_stops_is_dropped_and_delays_nobody(site: Site, port: int) -> None:
    plan(site)

    async def scene() -> None:
        async with serving(site, port) as live:
            reader, writer = await _stalled(port)
            async with dial(port) as line:
                client, loop = Client(), asyncio.get_running_loop()
                await follow(client, line, lambda client: client.seq is not None)
                assert len(live) == 2
                frame, worst = Frame(json.dumps({"type": "inject", "inject": "x" * 60_000}).encode()), 0.0
                for _ in range(90):
                    sent = loop.time()
                    live._hub.publish((EXERCISE, Sight("public")), frame)
                    await line.recv()
                    worst = max(worst, loop.time() - sent)
                async with asyncio.timeout(10):
                    while len(live) == 2:
                        await asyncio.sleep(0.05)
                assert worst < 2.0
                said = await asyncio.wait_for(reader.read(), 10)
                assert b'"reason":"slow"' in said
                assert said.endswith(b"\x88\x02" + (4408).to_bytes(2, "big"))
            writer.close()

    run(scene)


async def _stalled(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client that opens the WebSocket and reads no further; its small buffers fill at once."""
    line = sockets.socket()
    line.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=line, limit=1024)
    head = f"GET /api/v1/exercises/{EXERCISE}/live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    keys = "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
    writer.write((head + keys).encode())
    assert b" 101 " in await reader.readline()
    return reader, writer


def test_the_event_stream_tells_the_same_with_numbers_to_resume_by(site: Site, port: int) -> None:
    plan(site)

    async def scene() -> None:
        address = f"http://127.0.0.1:{port}/api/v1/exercises/{EXERCISE}/live.sse"
        client, last = Client(), 0
        async with serving(site, port), httpx.AsyncClient(timeout=10) as http:
            async with http.stream("GET", address) as answer:
                assert answer.headers["content-type"].startswith("text/event-stream")
                async for name, value in _events(answer):
                    last = int(value) if name == "id" else last
                    if name == "data" and client.take(value)["type"] == "snapshot":
                        break
            assert last == client.seq
            seq = solve(site, "ask")
            client.begin()
            wanted = {"epoch": client.epoch}
            async with http.stream("GET", address, params=wanted, headers={"Last-Event-ID": str(last)}) as answer:
                async for name, value in _events(answer):
                    if name == "data" and client.take(value)["type"] == "facts":
                        break
            assert client.hello is not None
            assert client.hello["resume"] is True
            assert (client.seq, client.standings) == (seq, board(site))

    run(scene)


def test_an_event_stream_ends_with_its_last_word(site: Site, port: int) -> None:
    plan(site)
    with site.sessions.begin() as session:
        session.get_one(Exercise, EXERCISE).state = "archived"

    async def scene() -> None:
        address = f"http://127.0.0.1:{port}/api/v1/exercises/{EXERCISE}/live.sse"
        async with serving(site, port), httpx.AsyncClient(timeout=10) as http:
            client = Client()
            async with http.stream("GET", address) as answer:
                async for name, value in _events(answer):
                    if name == "data":
                        client.take(value)
            assert (client.bye, client.standings) == ("finished", board(site))

    run(scene)


async def _events(answer: httpx.Response) -> Any:
    async for line in answer.aiter_lines():
        name, found, value = line.partition(": ")
        if found:
            yield name, value


SECOND = """
import asyncio, sys
from pathlib import Path
from tests.service.live_site import make_site, serving
async def main():
    async with serving(make_site(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])), int(sys.argv[3])):
        print("up", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
asyncio.run(main())
"""


def test_two_web_processes_show_the_same_and_a_client_moves_between_them(
    database_url: str, site: Site, tmp_path: Path, port: int
) -> None:
    plan(site)
    other = free_port()
    command = [sys.executable, "-c", SECOND, database_url, str(tmp_path), str(other)]
    second = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])

    async def scene() -> None:
        assert second.stdout is not None
        assert await asyncio.to_thread(second.stdout.readline) == b"up\n"
        here, there, mover = Client(), Client(), Client()
        async with serving(site, port), dial(port) as one, dial(other, origin=f"http://127.0.0.1:{other}") as two:
            for turn in range(6):
                for team in TEAMS:
                    adjust(site, team, turn)
                last = adjust(site, "ask", 1)
                mover.begin()
                async with dial((port, other)[turn % 2], mover.query) as line:
                    await follow(mover, line, lambda client, last=last: client.seq == last)
                assert mover.hello is not None
                assert mover.hello["resume"] is (turn > 0)
                await follow(here, one, lambda client, last=last: client.seq == last)
                await follow(there, two, lambda client, last=last: client.seq == last)
                assert here.standings == there.standings == mover.standings == board(site)

    with second:
        run(scene)
        assert second.stdin is not None
        second.stdin.close()
        assert second.wait(15) == 0
