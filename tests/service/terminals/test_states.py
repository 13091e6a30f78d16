"""What becomes of an open terminal when its exercise, environment, container or engine changes."""

import asyncio
from datetime import timedelta

import pytest

from ncr.clock import utcnow
from ncr.entries import terminal_rounds, terminal_stay
from ncr.exercise.tables import Environment
from ncr.runtime.simulated import SimulatedEngine
from ncr.scoring import conduct, interventions
from tests.service.terminal_site import Hall, Scene, comes, opening


def engine_of(scene: Scene) -> SimulatedEngine:
    assert isinstance(scene.engine, SimulatedEngine)
    return scene.engine


def test_a_pause_holds_the_terminal_and_resuming_releases_it(anywhere: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = anywhere
    monkeypatch.setattr(terminal_stay, "AWAY_S", 0.3)

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
    monkeypatch.setattr(terminal_rounds, "REAP_S", 0.5)

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


def test_a_making_that_is_not_proved_yet_is_not_gone_into(scene: Scene) -> None:
    async def act(at: Hall) -> None:
        engine_of(scene).remove_container(scene.place())
        scene.place(generation=2)
        reason, _ = await scene.refusal(at, opening(scene.ticket(at)))
        assert reason == "container"

    scene.play(act)
