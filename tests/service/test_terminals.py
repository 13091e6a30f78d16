"""Terminals over real connections, to shells of the simulated engine."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ncr.runtime.simulated import SimulatedEngine
from tests.service import doors_site
from tests.service.terminal_site import Hall, Scene

PROMPT = b"$ "


@pytest.fixture
def scene(database_url: str, tmp_path: Path) -> Iterator[Scene]:
    world = doors_site.populate(tmp_path / "data", database_url)
    with doors_site.closing_site(doors_site.settings(world.folder, database_url)) as site:
        made = Scene(site, SimulatedEngine(tmp_path / "engine.json"), "test", world.ids)
        made.place()
        yield made


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "ncr.db")
    return f"sqlite:///{tmp_path / 'ncr.db'}"


async def comes(holds: object, within_s: float = 5.0) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(within_s):
        while not holds():  # type: ignore[operator]
            await asyncio.sleep(0.02)


def test_somebody_with_a_ticket_types_and_reads(scene: Scene) -> None:
    async def act(at: Hall) -> None:
        async with await scene.sit(at) as sitter:
            await sitter.run("echo hei", "hei\r\n")
            await sitter.type("exit 3\n")
            assert await sitter.reason() == "exit"
            assert sitter.words[-1]["exit_code"] == 3
        await comes(lambda: all(row.cleared_at for row in at.sessions()))
        [row] = at.sessions()
        assert (row.why, row.entry, row.user_id) == ("exit", "desk", scene.ids["user_member"])

    scene.play(act)


def test_a_lost_connection_comes_back_to_the_same_shell_and_misses_nothing(scene: Scene) -> None:
    async def act(at: Hall) -> None:
        first = await scene.sit(at)
        await first.run("echo one", "one\r\n$ ")
        whole, received, secret = bytes(first.output), first.received, first.secret
        await first.type("echo two\n")
        first.vanish()
        for _ in range(3):
            second = await scene.back(at, secret, received)
            await second.until(lambda got=second: b"two\r\n$ " in got.output)
            assert second.start == received
            second.vanish()
        third = await scene.back(at, secret, 0)
        await third.until(lambda: third.output.endswith(b"two\r\n$ "))
        assert third.output.startswith(whole)
        assert len(at.sessions()) == 1

    scene.play(act)
