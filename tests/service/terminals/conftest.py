"""A scene for every test of terminals: two teams with a desk each on the simulated engine."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ncr.runtime.simulated import SimulatedEngine
from tests.service import doors_site
from tests.service.doors_site import World
from tests.service.terminal_site import Scene


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
