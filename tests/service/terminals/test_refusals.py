"""Who gets no terminal, and is told why; and what nonsense on its connection does."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from websockets.exceptions import InvalidStatus

from ncr.clock import utcnow
from ncr.db import reading
from ncr.exercise.tables import Environment, Ticket
from ncr.scoring import conduct
from tests.service.terminal_site import ORIGIN, Hall, Scene, opening


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
