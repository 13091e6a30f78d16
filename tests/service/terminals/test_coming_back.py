"""Terminals over real connections, to shells of the simulated engine: opened, come back to, and counted."""

import asyncio

import pytest
from websockets.exceptions import ConnectionClosed

from ncr.entries import terminal_stay
from tests.service.terminal_site import Hall, Scene, Sitter, comes, opening


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
    monkeypatch.setattr(terminal_stay, "AWAY_S", 0.5)

    async def act(at: Hall) -> None:
        sitter = await scene.sit(at)
        sitter.vanish()
        await comes(lambda: at.sessions()[0].cleared_at)
        assert at.sessions()[0].why == "left"
        assert await came_back(scene, at, sitter) == "refused"

    scene.play(act)


def test_who_is_done_leaves_nothing_that_waits(scene: Scene) -> None:
    async def act(at: Hall) -> None:
        sitter = await scene.sit(at)
        await sitter.say(type="end")
        assert await sitter.reason() == "exit"
        await comes(lambda: at.sessions()[0].cleared_at)
        assert at.sessions()[0].why == "exit"
        assert await came_back(scene, at, sitter) == "exit"

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
    members = scene.enrol("blaa", 5)

    async def act(at: Hall) -> None:
        for login in members[:4]:
            for _ in range(3):
                await scene.sit(at, login)
        reason, words = await scene.refusal(at, opening(scene.ticket(at, members[4])))
        assert (reason, "12 terminals" in words) == ("limit", True)
        await scene.sit(at, "rival", "roed")

    scene.play(act)
