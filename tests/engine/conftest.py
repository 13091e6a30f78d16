"""A stage on the real engine: the director on a told clock, with its own database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ncr import db
from ncr.runtime.docker import DockerEngine
from tests.stage import Stage, add_teams, settings


@pytest.fixture
def stage(tmp_path: Path, sqlite_template: Path, instance: str) -> Iterator[Stage]:
    path = tmp_path / "ncr.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = db.connect(f"sqlite:///{path}")
    sessions = db.sessions(database)
    add_teams(sessions)
    site = settings(tmp_path / "data", engine="docker", disk_soft_mib=512)
    stage = Stage(sessions, DockerEngine(site, instance), tmp_path / "data", instance, site)
    stage.begin()
    yield stage
    stage.end()
    database.dispose()
