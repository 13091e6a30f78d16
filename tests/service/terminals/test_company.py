"""Who may stay at a terminal, and what staff who watch or join see and do there."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, update

from ncr.clock import utcnow
from ncr.db import reading
from ncr.entries import terminal_rounds
from ncr.exercise.tables import Practice
from ncr.people.tables import Membership, SignIn, Token, User
from tests.service.terminal_site import Hall, Scene, comes, opening


@pytest.mark.parametrize("loss", ["disabled", "signed out", "out of the team"])
def test_who_may_no_longer_is_put_out(scene: Scene, loss: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal_rounds, "REAUTHORISE_S", 0.3)
    user = scene.ids["user_member"]

    async def act(at: Hall) -> None:
        mine, other = await scene.sit(at), await scene.sit(at, "rival", "roed")
        await asyncio.sleep(0.5)
        assert not mine.said("closed")
        lose(at, user, loss)
        assert await mine.reason() == "signed-out"
        await other.run("echo still", "still\r\n")

    scene.play(act)


@pytest.mark.parametrize("loss", ["disabled", "signed out", "out of the team"])
def test_who_may_no_longer_does_not_come_back(scene: Scene, loss: str) -> None:
    async def act(at: Hall) -> None:
        mine = await scene.sit(at)
        mine.vanish()
        await asyncio.sleep(0.2)
        lose(at, scene.ids["user_member"], loss)
        said = {"type": "resume", "secret": mine.secret, "received": 0, "columns": 80, "rows": 24}
        assert (await scene.refusal(at, said))[0] == "signed-out"

    scene.play(act)


def lose(at: Hall, user: str, loss: str) -> None:
    """Take from somebody what lets them in."""
    with at.site.sessions.begin() as session:
        if loss == "disabled":
            session.execute(update(User).where(User.id == user).values(disabled_at=utcnow()))
        elif loss == "signed out":
            session.execute(delete(SignIn).where(SignIn.user_id == user))
            session.execute(delete(Token).where(Token.user_id == user))
        else:
            session.execute(delete(Membership).where(Membership.user_id == user))


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
        await joiner.say(type="end")  # which is not theirs to say
        await joiner.run("echo still", "still\r\n")
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
