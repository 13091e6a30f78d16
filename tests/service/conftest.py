"""The service with its people and a caller of it, for the tests that need no other site than the usual."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service import doors_site
from tests.service.doors_site import Caller, World


@pytest.fixture
def world(sqlite_template: Path, tmp_path: Path) -> World:
    shutil.copy(sqlite_template, tmp_path / "ncr.db")
    return doors_site.populate(tmp_path, f"sqlite:///{tmp_path / 'ncr.db'}")


@pytest.fixture
def caller(world: World) -> Iterator[Caller]:
    with doors_site.service(world.folder, f"sqlite:///{world.folder / 'ncr.db'}") as made:
        yield made
