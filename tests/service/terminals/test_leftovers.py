"""What a process of terminals leaves when it stops or dies, and who ends it."""

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ncr.cli.service import Service
from ncr.clock import utcnow
from ncr.entries import terminal_rounds
from ncr.exercise.tables import EntrySession
from ncr.runtime.simulated import SimulatedEngine
from tests.service.live_site import free_port
from tests.service.terminal_site import Hall, Scene, comes, place


def test_what_a_process_that_died_left_is_ended_by_another(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal_rounds, "REAP_S", 0.3)
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


def test_what_a_process_that_died_held_takes_nobodys_place(scene: Scene) -> None:
    now = utcnow()
    with scene.site.sessions.begin() as session:
        for number in range(3):
            row = EntrySession(
                id=f"dead{number}", exercise_id=scene.exercise, entry="desk", kind="terminal", mode="own"
            )
            row.participant_id, row.user_id = scene.ids["player_blaa"], scene.ids["user_member"]
            row.generation, row.secret, row.process, row.address = 1, f"dead{number}", "another", ""
            row.opened_at, row.alive_at = now - timedelta(minutes=9), now - timedelta(seconds=25)
            session.add(row)

    async def act(at: Hall) -> None:
        sitter = await scene.sit(at)
        await sitter.run("echo in", "in\r\n")

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
