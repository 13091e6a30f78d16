"""Terminals over real connections, to shells of the simulated engine."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ncr.cli.service import Service
from ncr.clock import utcnow
from ncr.db import reading
from ncr.entries import rounds, stay
from ncr.exercise.tables import EntrySession, Environment, Practice, Ticket
from ncr.people import accounts
from ncr.people.roles import Role
from ncr.people.tables import Membership, SignIn, Token, User
from ncr.runtime.simulated import SimulatedEngine
from ncr.scoring import conduct, interventions
from tests.service import doors_site
from tests.service.doors_site import World
from tests.service.live_site import free_port
from tests.service.terminal_site import ORIGIN, Hall, Scene, Sitter, place


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("terminals")
    shutil.copy(sqlite_template, folder / "ncr.db")
    return doors_site.populate(folder, f"sqlite:///{folder / 'ncr.db'}")


@pytest.fixture
def scene(world: World, tmp_path: Path) -> Iterator[Scene]:
    shutil.copy(world.folder / "ncr.db", tmp_path / "ncr.db")
    with furnished(world, f"sqlite:///{tmp_path / 'ncr.db'}", tmp_path) as made:
        yield made


@pytest.fixture
def anywhere(database_url: str, tmp_path: Path) -> Iterator[Scene]:
    """As `scene`, on each kind of database."""
    with furnished(doors_site.populate(tmp_path / "data", database_url), database_url, tmp_path) as made:
        yield made


@contextmanager
def furnished(world: World, url: str, folder: Path) -> Iterator[Scene]:
    with doors_site.closing_site(doors_site.settings(world.folder, url)) as site:
        made = Scene(site, SimulatedEngine(folder / "engine.json"), "test", world.ids)
        made.place("blaa")
        made.place("roed")
        yield made


async def comes(holds: Callable[[], Any], within_s: float = 5.0) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.02)


def engine_of(scene: Scene) -> SimulatedEngine:
    assert isinstance(scene.engine, SimulatedEngine)
    return scene.engine


# Opening, and coming back.


def test_somebody_with_a_ticket_types_and_reads(anywhere: Scene) -> None:
    async def act(at: Hall) -> None:
        async with await anywhere.sit(at) as sitter:
            await sitter.run("echo hei", "hei\r\n")
            await sitter.type("exit 3\n")
            assert await sitter.reason() == "exit"
            assert sitter.words[-1]["exit_code"] == 3
        await comes(lambda: all(row.cleared_at for row in at.sessions()))
        [row] = at.sessions()
        assert (row.why, row.entry, row.user_id) == ("exit", "desk", anywhere.ids["user_member"])

    anywhere.play(act)


def test_a_lost_connection_comes_back_to_the_same_shell_and_misses_nothing(scene: Scene) -> None:
    async def act(at: Hall) -> None:
        first = await scene.sit(at)
        await first.run("echo one", "one\r\n$ ")
        whole, received, secret = bytes(first.output), first.received, first.secret
        await first.type("echo two\n")
        first.vanish()
        for _ in range(3):
            again = await scene.back(at, secret, received)
            await again.until(lambda got=again: b"two\r\n$ " in got.output)
            assert again.start == received
            again.vanish()
        last = await scene.back(at, secret, 0)
        await last.until(lambda: last.output.endswith(b"two\r\n$ "))
        assert last.output.startswith(whole)
        assert len(at.sessions()) == 1

    scene.play(act)


def test_one_that_claims_more_than_there_was_gets_what_is_kept(scene: Scene) -> None:
    async def act(at: Hall) -> None:
        first = await scene.sit(at)
        await first.run("echo one", "one\r\n$ ")
        again = await scene.back(at, first.secret, 10**9)
        assert again.start == 0
        await again.until(lambda: b"one" in again.output)

    scene.play(act)


def test_a_second_connection_takes_the_terminal_over(scene: Scene) -> None:
    async def act(at: Hall) -> None:
        first = await scene.sit(at)
        await first.run("echo one", "one\r\n")
        second = await scene.back(at, first.secret, first.received)
        assert await first.reason() == "taken-over"
        await second.run("echo two", "two\r\n")
        with pytest.raises(ConnectionClosed):
            await first.type("x")

    scene.play(act)


def test_nobody_who_stays_away_is_waited_for(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stay, "AWAY_S", 0.5)

    async def act(at: Hall) -> None:
        sitter = await scene.sit(at)
        sitter.vanish()
        await comes(lambda: at.sessions()[0].cleared_at)
        assert at.sessions()[0].why == "left"
        assert await came_back(scene, at, sitter) == "refused"

    scene.play(act)


async def came_back(scene: Scene, at: Hall, sitter: Sitter) -> str:
    """What somebody who comes back is told."""
    said = {"type": "resume", "secret": sitter.secret, "received": 0, "columns": 80, "rows": 24}
    return (await scene.refusal(at, said))[0]


def test_several_tabs_are_several_shells_and_three_are_the_most(anywhere: Scene) -> None:
    scene = anywhere

    async def act(at: Hall) -> None:
        tabs = [await scene.sit(at) for _ in range(3)]
        for number, tab in enumerate(tabs):
            await tab.run(f"echo tab{number}", f"tab{number}\r\n")
        assert all(b"tab0\r\n" not in tab.output for tab in tabs[1:])
        reason, words = await scene.refusal(at, opening(scene.ticket(at)))
        assert (reason, "3 terminals" in words) == ("limit", True)
        # One that was left without its secret makes room for another.
        tabs[1].vanish()
        await asyncio.sleep(0.2)
        fourth = await scene.sit(at)
        await fourth.run("echo four", "four\r\n")
        assert await came_back(scene, at, tabs[1]) == "limit"
        await tabs[0].run("echo still", "still\r\n")

    scene.play(act)


def test_many_who_open_at_once_are_counted_one_by_one(anywhere: Scene) -> None:
    scene = anywhere

    async def act(at: Hall) -> None:
        said = [opening(scene.ticket(at)) for _ in range(8)]
        sitters = [Sitter(await at.dial(scene.exercise)) for _ in said]
        await asyncio.gather(*(sitter.say(**word) for sitter, word in zip(sitters, said, strict=True)))
        for sitter in sitters:
            await sitter.until(lambda got=sitter: got.said("opened") or got.said("closed"))
        assert sum(bool(sitter.said("opened")) for sitter in sitters) == 3

    scene.play(act)


def test_a_team_has_twelve_at_most(scene: Scene) -> None:
    members = [f"m{number}" for number in range(5)]
    add_members(scene, members)

    async def act(at: Hall) -> None:
        for login in members[:4]:
            for _ in range(3):
                await scene.sit(at, login)
        reason, words = await scene.refusal(at, opening(scene.ticket(at, members[4])))
        assert (reason, "12 terminals" in words) == ("limit", True)
        await scene.sit(at, "rival", "roed")

    scene.play(act)


def add_members(scene: Scene, logins: list[str]) -> None:
    """More people of the team `blaa`, signed in."""
    now = utcnow()
    with scene.site.sessions.begin() as session:
        for login in logins:
            user = accounts.add_user(session, login, login, Role.PARTICIPANT, now)
            lasts = {"created_at": now, "expires_at": now + timedelta(days=1)}
            session.add(SignIn(id=login, user_id=user.id, form_token="f", **lasts))
            session.add(Membership(team_id="blaa", user_id=user.id))


# Who is not let in.


def opening(ticket: str) -> dict[str, Any]:
    return {"type": "open", "ticket": ticket, "columns": 80, "rows": 24}


def test_tickets_that_are_not_good_open_nothing(scene: Scene) -> None:
    ids = scene.ids

    async def act(at: Hall) -> None:
        used = scene.ticket(at)
        await at.sit(scene.exercise, used)
        old, foreign = scene.ticket(at), at.ticket("stranger", ids["foreign"], foreign_player(scene))
        with at.site.sessions.begin() as session:
            late = update(Ticket).where(Ticket.used_at.is_(None), Ticket.exercise_id == scene.exercise)
            session.execute(late.values(expires_at=utcnow() - timedelta(seconds=1)))
        others = at.ticket("rival", scene.exercise, ids["player_blaa"])
        nowhere = scene.ticket(at, entry="other")
        gone = scene.ticket(at, login="owner", mode="watch", beside="f" * 32)
        for ticket in (used, old, foreign, others, nowhere, gone, "made-up"):
            reason, words = await scene.refusal(at, opening(ticket))
            assert reason == "refused"
            assert words
        assert len([row for row in at.sessions() if row.closed_at is None]) == 1

    scene.play(act)


def foreign_player(scene: Scene) -> str:
    with reading(scene.site.sessions) as session:
        return str(session.query(Environment.participant_id).filter_by(exercise_id=scene.ids["foreign"]).scalar())


def test_a_closed_exercise_opens_nothing_and_says_why(scene: Scene) -> None:
    async def act(at: Hall) -> None:
        ticket = scene.ticket(at)
        with at.site.sessions.begin() as session:
            conduct.pause(session, scene.exercise, utcnow())
        assert await scene.refusal(at, opening(ticket)) == ("refused", "The exercise is paused.")
        with at.site.sessions.begin() as session:
            conduct.finish(session, scene.exercise, utcnow())
        assert await scene.refusal(at, opening(ticket)) == ("refused", "The exercise is over.")
        assert at.sessions() == []

    scene.play(act)


@pytest.mark.parametrize("origin", ["http://evil.example", "http://desk--a--b.localhost:8000", "null", "http://["])
def test_a_page_that_is_not_ours_is_turned_away(scene: Scene, origin: str) -> None:
    async def act(at: Hall) -> None:
        with pytest.raises(InvalidStatus):
            await at.dial(scene.exercise, origin)
        await at.dial(scene.exercise, ORIGIN)

    scene.play(act)


@pytest.mark.parametrize(
    "said", ["", "{", "null", b"\x00\xff", b"ls\n", '{"type":"ack","received":1}', '{"type":"open"}', "x" * 5000]
)
def test_whoever_begins_with_nonsense_is_refused(scene: Scene, said: str | bytes) -> None:
    async def act(at: Hall) -> None:
        assert (await scene.refusal(at, said))[0] == "refused"

    scene.play(act)


@pytest.mark.parametrize("said", ["{", '{"type":"open","ticket":"t","columns":1,"rows":1}', b"x" * 65537])
def test_nonsense_later_ends_the_connection_and_not_the_shell(scene: Scene, said: str | bytes) -> None:
    async def act(at: Hall) -> None:
        sitter = await scene.sit(at)
        await sitter.run("echo one", "one\r\n")
        await sitter.connection.send(said)
        await sitter.connection.wait_closed()
        again = await scene.back(at, sitter.secret, sitter.received)
        await again.run("echo two", "two\r\n")

    scene.play(act)


def test_frames_of_the_largest_size_pass(scene: Scene) -> None:
    async def act(at: Hall) -> None:
        sitter = await scene.sit(at)
        await sitter.type(b"x" * 65536)
        await sitter.until(lambda: b"x" * 65536 in sitter.output)

    scene.play(act)


# What the exercise's state does to an open terminal.


def test_a_pause_holds_the_terminal_and_resuming_releases_it(anywhere: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = anywhere
    monkeypatch.setattr(stay, "AWAY_S", 0.3)

    async def act(at: Hall) -> None:
        sitter = await scene.sit(at)
        with at.site.sessions.begin() as session:
            conduct.pause(session, scene.exercise, utcnow())
        await sitter.until(lambda: sitter.said("held"), 3)
        assert sitter.said("held")[0]["why"] == "paused"
        await sitter.type("echo unheard\n")
        sitter.vanish()
        await asyncio.sleep(1.5)
        again = await scene.back(at, sitter.secret, sitter.received)
        assert again.said("held") or await again.until(lambda: again.said("held")) is None
        with at.site.sessions.begin() as session:
            conduct.resume(session, scene.exercise, utcnow())
        await again.until(lambda: again.said("released"), 3)
        await again.run("echo heard", "heard\r\n")
        assert b"unheard" not in again.output

    scene.play(act)


def test_an_environment_that_is_mended_holds_its_terminals(scene: Scene) -> None:
    async def act(at: Hall) -> None:
        sitter = await scene.sit(at)
        at.set_state(scene.ids["player_blaa"], state="degraded")
        await sitter.until(lambda: sitter.said("held"), 3)
        assert sitter.said("held")[0]["why"] == "building"
        at.set_state(scene.ids["player_blaa"], state="open")
        await sitter.until(lambda: sitter.said("released"), 3)

    scene.play(act)


@pytest.mark.parametrize("turn", ["finished", "reset", "failed", "removed"])
def test_a_terminal_ends_with_what_it_was_for_and_says_so(scene: Scene, turn: str) -> None:
    async def act(at: Hall) -> None:
        mine, other = await scene.sit(at), await scene.sit(at, "rival", "roed")
        turned(scene, turn)
        assert await mine.reason() == {"failed": "container", "removed": "finished"}.get(turn, turn)
        await comes(lambda: [row for row in at.sessions() if row.cleared_at])
        if turn == "finished":
            assert await other.reason() == "finished"
        else:
            await other.run("echo still", "still\r\n")

    scene.play(act)


def turned(scene: Scene, turn: str) -> None:
    with scene.site.sessions.begin() as session:
        mine = session.query(Environment).filter_by(participant_id=scene.ids["player_blaa"])
        if turn == "finished":
            conduct.finish(session, scene.exercise, utcnow())
        elif turn == "reset":
            interventions.reset(session, mine.one().id, utcnow())
        else:
            mine.update({"state": turn})


def test_an_exercise_whose_time_is_up_ends_its_terminals_before_anybody_says_so(scene: Scene) -> None:
    async def act(at: Hall) -> None:
        sitter = await scene.sit(at)
        later = utcnow() + timedelta(hours=2)
        object.__setattr__(at.site, "clock", lambda: later)
        assert await sitter.reason() == "finished"

    scene.play(act)


def test_a_container_that_dies_ends_its_terminal(scene: Scene) -> None:
    async def act(at: Hall) -> None:
        sitter = await scene.sit(at)
        scene.engine.stop(scene.place(), 0.0)
        assert await sitter.reason() == "container"
        assert (await scene.refusal(at, opening(scene.ticket(at))))[0] == "container"

    scene.play(act)


def test_an_engine_that_goes_away_ends_terminals_and_says_so(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "REAP_S", 0.5)

    async def act(at: Hall) -> None:
        sitter = await scene.sit(at)
        engine_of(scene).set_down(True)
        assert await sitter.reason() == "engine"
        reason, words = await scene.refusal(at, opening(scene.ticket(at)))
        assert reason == "engine"
        assert "answer" in words
        assert not any(row.cleared_at for row in at.sessions()), "what cannot be looked at is not clear"
        engine_of(scene).set_down(False)
        await comes(lambda: all(row.cleared_at for row in at.sessions()))
        again = await scene.sit(at)
        await again.run("echo back", "back\r\n")

    scene.play(act)


# Who may stay.


@pytest.mark.parametrize("loss", ["disabled", "signed out", "out of the team"])
def test_who_may_no_longer_is_put_out(scene: Scene, loss: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "REAUTHORISE_S", 0.3)
    user = scene.ids["user_member"]

    async def act(at: Hall) -> None:
        mine, other = await scene.sit(at), await scene.sit(at, "rival", "roed")
        await asyncio.sleep(0.5)
        assert not mine.said("closed")
        with at.site.sessions.begin() as session:
            if loss == "disabled":
                session.execute(update(User).where(User.id == user).values(disabled_at=utcnow()))
            elif loss == "signed out":
                session.execute(delete(SignIn).where(SignIn.user_id == user))
                session.execute(delete(Token).where(Token.user_id == user))
            else:
                session.execute(delete(Membership).where(Membership.user_id == user))
        assert await mine.reason() == "signed-out"
        await other.run("echo still", "still\r\n")

    scene.play(act)


def test_staff_look_on_unseen_and_join_only_when_the_team_knows(scene: Scene) -> None:
    async def act(at: Hall) -> None:
        team = await scene.sit(at)
        await team.run("echo before", "before\r\n$ ")
        id_ = team.said("opened")[0]["session"]
        watcher = await at.sit(scene.exercise, scene.ticket(at, "observer", mode="watch", beside=id_))
        await watcher.until(lambda: b"before" in watcher.output)
        await watcher.type("echo unheard\n")
        await watcher.until(lambda: watcher.said("company"))
        assert watcher.said("company")[-1] == {"type": "company", "watching": ["Observer"], "joined": []}
        await team.say(type="resize", columns=100, rows=30)
        await watcher.until(lambda: watcher.said("size"))
        assert not team.said("company"), "who only looks on is not told of"

        joiner = await at.sit(scene.exercise, scene.ticket(at, "owner", mode="join", beside=id_))
        await joiner.type("echo together\n")
        await team.until(lambda: b"together\r\n" in team.output)
        assert team.said("company")[-1] == {"type": "company", "watching": [], "joined": ["Owner"]}
        assert team.words.index(team.said("company")[-1]) < len(team.words)
        assert b"unheard" not in team.output
        await joiner.leave()
        await team.until(lambda: team.said("company")[-1]["joined"] == [])
        await team.type("exit\n")
        assert await watcher.reason() == "exit"
        await comes(lambda: all(row.cleared_at for row in at.sessions()))
        assert sorted((row.mode, row.beside) for row in at.sessions()) == [
            ("join", id_), ("own", None), ("watch", id_),
        ]  # fmt: skip

    scene.play(act)


def test_staff_may_have_a_shell_of_their_own_in_a_teams_environment(scene: Scene) -> None:
    async def act(at: Hall) -> None:
        async with await scene.sit(at, "owner") as sitter:
            await sitter.run("echo staff", "staff\r\n")
        for who in ("observer", "instructor"):
            assert (await scene.refusal(at, opening(scene.ticket(at, who))))[0] == "refused"

    scene.play(act)


def test_nobody_types_in_a_terminal_whose_holder_is_away(scene: Scene) -> None:
    async def act(at: Hall) -> None:
        team = await scene.sit(at)
        id_ = team.said("opened")[0]["session"]
        joiner = await at.sit(scene.exercise, scene.ticket(at, "owner", mode="join", beside=id_))
        team.vanish()
        await asyncio.sleep(0.2)
        await joiner.type("echo unseen\n")
        again = await scene.back(at, team.secret, 0)
        await again.until(lambda: again.said("company"))
        assert again.said("company")[0]["joined"] == ["Owner"]
        await joiner.run("echo seen", "seen\r\n")
        assert b"unseen" not in again.output

    scene.play(act)


def test_typing_counts_as_activity_in_a_practice_run(scene: Scene) -> None:
    long_ago = utcnow() - timedelta(minutes=30)
    run = Practice(exercise_id=scene.exercise, user_id=scene.ids["user_member"], scenario="liten", extensions=0)
    run.asked_at = run.active_at = long_ago
    with scene.site.sessions.begin() as session:
        session.add(run)

    def active_at() -> datetime:
        with reading(scene.site.sessions) as session:
            return session.get_one(Practice, scene.exercise).active_at

    async def act(at: Hall) -> None:
        sitter = await scene.sit(at)
        await sitter.until(lambda: b"$ " in sitter.output)
        assert active_at() == long_ago, "to look on is not to be active"
        await sitter.type("x")
        await comes(lambda: active_at() > utcnow() - timedelta(minutes=1))

    scene.play(act)


# What is left, and for how long.


def test_what_a_process_that_died_left_is_ended_by_another(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "REAP_S", 0.3)
    now = utcnow()

    def row(id_: str, age: timedelta, **more: Any) -> EntrySession:
        made = EntrySession(id=id_, exercise_id=scene.exercise, participant_id=scene.ids["player_blaa"], entry="desk")
        made.kind, made.mode, made.generation, made.secret, made.process = "terminal", "own", 1, id_, "another"
        made.address, made.opened_at, made.alive_at = "", now - age, now - age
        for name, value in more.items():
            setattr(made, name, value)
        return made

    with scene.site.sessions.begin() as session:
        session.add_all(
            [
                row("dead", timedelta(minutes=2)),
                row("alive", timedelta(seconds=5)),
                row("web", timedelta(minutes=2), kind="web", process=""),
                row("closed", timedelta(seconds=5), closed_at=now, why="exit"),
                row("earlier", timedelta(minutes=2), generation=7),
                row("ancient", timedelta(days=40), closed_at=now - timedelta(days=40), cleared_at=now),
            ]
        )

    async def act(at: Hall) -> None:
        await comes(lambda: {row.id for row in at.sessions() if row.cleared_at} == {"dead", "closed", "earlier"})
        assert {row.id: row.why for row in at.sessions()} == {
            "dead": "restart", "alive": None, "web": None, "closed": "exit", "earlier": "restart",
        }  # fmt: skip

    scene.play(act)


def test_a_process_that_stops_ends_what_it_held(scene: Scene) -> None:
    async def act(at: Hall) -> None:
        sitter = await scene.sit(at)
        assert at.entries is not None
        await at.entries.stop()
        assert await sitter.reason() == "restart"
        [row] = at.sessions()
        assert row.why == "restart"
        assert row.cleared_at

    scene.play(act)


def test_the_service_by_itself_ends_in_order_when_it_is_told_to(scene: Scene, tmp_path: Path) -> None:
    """As `ncr serve --role entries`: a process of its own, which shares only the database and the engine."""
    own = {"data": tmp_path, "role": "entries", "port": free_port(), "instance": "test"}
    settings = scene.site.settings.model_copy(update=own)
    engine = SimulatedEngine(tmp_path / "simulated.json")
    place(engine, "test", scene.exercise, scene.ids["player_blaa"])
    shutil.copytree(scene.site.settings.data / "scenarios", tmp_path / "scenarios", dirs_exist_ok=True)

    async def act(service: Service) -> None:
        at = Hall(scene.site, None, settings.port)
        sitter = await scene.sit(at)
        await sitter.run("echo hei", "hei\r\n")
        await asyncio.to_thread(service.__exit__, None, None, None)
        await sitter.connection.wait_closed()
        assert sitter.connection.close_code == 1012
        [row] = at.sessions()
        assert row.why == "restart"
        assert row.cleared_at

    with Service(settings) as service:
        asyncio.run(act(service))
