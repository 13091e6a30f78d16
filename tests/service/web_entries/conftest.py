"""A stage for every test of web entries, reached by the gate's door and by a relay inside it unless a file says one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.doors_site import World
from tests.service.web_site import How, Stage, prepared, stage


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    return prepared(sqlite_template, tmp_path_factory.mktemp("web"))


@pytest.fixture(params=["door", "relay"])
def how(request: pytest.FixtureRequest) -> How:
    found: How = request.param
    return found


@pytest.fixture
def at(how: How, world: World, tmp_path: Path) -> Iterator[Stage]:
    with stage(world, tmp_path, how) as made:
        yield made
