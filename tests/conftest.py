"""What every test may ask for: databases, the engine, the browser; each one real, and gone afterwards."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest
from docker.errors import DockerException
from psycopg.sql import SQL, Identifier

from ncr.migrations import upgrade
from tests.postgres import Cluster, running_cluster

ROOMS = ("pure", "service", "engine", "faults", "browser", "docs")
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The quick rooms first, so that a slip shows in seconds."""

    def room(item: pytest.Item) -> int:
        name = item.path.relative_to(HERE).parts[0]
        return ROOMS.index(name) if name in ROOMS else len(ROOMS)

    items.sort(key=room)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A throw-away PostgreSQL cluster, durable like a real one, on a free port of the loopback."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres_url(postgres: Cluster) -> str:
    """The cluster's own database; tests that write want `database_url`."""
    return postgres.url("postgres")


@pytest.fixture(scope="session")
def postgres_template(postgres: Cluster) -> str:
    """Name of a database that holds all tables and no rows."""
    with postgres.admin() as admin:
        admin.execute("CREATE DATABASE template_ncr")
    upgrade(postgres.url("template_ncr"))
    return "template_ncr"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file that holds all tables and no rows."""
    path = tmp_path_factory.mktemp("template") / "ncr.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database with all tables and no rows, once on each kind."""
    if request.param == "sqlite":
        path = request.getfixturevalue("tmp_path") / "ncr.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        template = request.getfixturevalue("postgres_template")
        yield from _own_database(request.getfixturevalue("postgres"), template)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database without tables, once on each kind; for migrations."""
    if request.param == "sqlite":
        yield f"sqlite:///{request.getfixturevalue('tmp_path') / 'ncr.db'}"
    else:
        yield from _own_database(request.getfixturevalue("postgres"), "template0")


def _own_database(postgres: Cluster, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    with postgres.admin() as admin:
        admin.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template)))
    try:
        yield postgres.url(name)
    finally:
        with postgres.admin() as admin:
            admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture(scope="session")
def docker_client() -> Iterator[docker.DockerClient]:
    """The container engine. Where none answers the test fails: these tests are never skipped."""
    try:
        client = docker.from_env(timeout=120)
        client.ping()
    except DockerException as problem:
        pytest.fail(f"no container engine answers ({problem}): infra/engine/up finds or starts one", pytrace=False)
    yield client
    client.close()


@pytest.fixture(scope="session")
def engine_required(docker_client: docker.DockerClient) -> None:
    """For tests that reach the engine by other means than `docker_client`."""


@pytest.fixture
def instance(docker_client: docker.DockerClient) -> Iterator[str]:
    """A name for `ncr.instance` of the test's own; whatever still carries it afterwards is removed."""
    with own_instance(docker_client) as name:
        yield name


@contextmanager
def own_instance(client: docker.DockerClient) -> Iterator[str]:
    """As the fixture, for those who need it for longer than a test."""
    name = f"t-{uuid.uuid4().hex[:10]}"
    yield name
    mine = {"label": f"ncr.instance={name}"}
    for container in client.containers.list(all=True, filters=mine):
        container.remove(force=True, v=True)
    for network in client.networks.list(filters=mine):
        network.remove()
    for volume in client.volumes.list(filters=mine):
        volume.remove(force=True)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The system's Chromium, for Playwright's `executable_path`."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    pytest.fail("no Chromium is installed: infra/setup/test-packages installs Debian's", pytrace=False)
