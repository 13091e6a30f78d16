"""What the OpenAPI document promises holds for nonsense and for sense, as every role; and nobody sees others' data."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ncr import app as composition
from tests.service import doors_site
from tests.service.doors_site import SECRET_WORD, World

# Whose the foreign exercise is, or who may read everything.
INSIDERS = {"stranger", "instructor", "observer", "admin"}
EXAMPLES = 4
NEVER = (b"$argon2", b"NCR{8080}", b"Traceback", b"sqlalchemy")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    negative_data_rejection,
]


class Site:
    """The application, with no life of its own to start; on SQLite over a copy of the world, made anew at will."""

    def __init__(self, world: World, url: str) -> None:
        self._world, self._settings = world, doors_site.settings(world.folder, url)
        self.app = composition.create(self._settings)

    def renew(self) -> None:
        doors_site.close(self.app.state.site)
        database = Path(self._settings.url.removeprefix("sqlite:///"))
        for suffix in ("", "-wal", "-shm"):
            Path(f"{database}{suffix}").unlink(missing_ok=True)
        shutil.copy(self._world.folder / "ncr.db", database)
        fresh = composition.site(self._settings)
        self.app.state.site = replace(fresh, shelf=self.app.state.site.shelf)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return
        while (await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("schema")
    shutil.copy(sqlite_template, folder / "ncr.db")
    return doors_site.populate(folder, f"sqlite:///{folder / 'ncr.db'}")


@pytest.fixture(scope="module")
def site(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(world, f"sqlite:///{tmp_path_factory.mktemp('own') / 'ncr.db'}")
    yield site
    doors_site.close(site.app.state.site)


@pytest.fixture(scope="module")
def schema(site: Site) -> Any:
    return load(site)


def load(site: Site) -> Any:
    # The event stream never ends; its admission is in the access matrix, its frames in the live room's tests.
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", site).exclude(path_regex=r"live\.sse$")


@pytest.mark.parametrize("mode", [GenerationMode.NEGATIVE, GenerationMode.POSITIVE], ids=["nonsense", "sense"])
@pytest.mark.parametrize("who", ["public", "member", "student", "observer", "owner", "admin"])
def test_every_operation_keeps_its_promise(schema: Any, site: Site, world: World, who: str, mode: Any) -> None:
    _try_all(schema, who, mode, world, site.renew)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_nonsense_is_answered_on_postgresql_too(database_url: str, tmp_path: Path) -> None:
    """Where text that SQLite keeps (a NUL) is an error of the database."""
    world = doors_site.populate(tmp_path / "data", database_url)
    site = Site(world, database_url)
    try:
        for mode in (GenerationMode.NEGATIVE, GenerationMode.POSITIVE):
            _try_all(load(site), "admin", mode, world, lambda: None)
    finally:
        doors_site.close(site.app.state.site)


def _try_all(schema: Any, who: str, mode: Any, world: World, before_each: Callable[[], None]) -> None:
    asked, broken = 0, []
    for found in schema.get_all_operations():
        before_each()
        try:
            asked += _try(found.ok(), who, mode, world)
        except (Exception, FailureGroup) as error:
            error.add_note(f"{found.ok().label} as {who}")
            broken.append(error)
    if broken:
        raise BaseExceptionGroup("promises broken", broken)
    assert asked > 40


def _try(operation: Any, who: str, mode: Any, world: World) -> int:
    asked = 0
    phases = (Phase.generate,)
    own = settings(
        max_examples=EXAMPLES, deadline=None, database=None, phases=phases, suppress_health_check=list(HealthCheck)
    )

    @seed(1)
    @own
    @given(case=operation.as_strategy(generation_mode=mode))
    def tried(case: Any) -> None:
        nonlocal asked
        asked += 1
        if mode is GenerationMode.POSITIVE:
            case.path_parameters = _known(case.path_parameters or {}, operation.path, world)
        case.headers = {**(case.headers or {}), **_bearer(who)}
        response = case.call()
        case.validate_response(response, checks=CHECKS)
        _sees_only_their_own(who, response.content)

    # There is no nonsense to send where nothing is taken.
    with suppress(Unsatisfiable):
        tried()
    return asked


def _known(drawn: Mapping[str, Any], path: str, world: World) -> dict[str, Any]:
    """Ids that there are, so that what lies behind them is reached."""
    if "/users/" in path:
        return {**drawn, "id": world.ids["user_rival"]}
    names = {"/partners/": "tom", "/teams/": "ubrukt", "/scenarios/": "liten"}
    id_ = next((known for part, known in names.items() if part in path), world.ids["running"])
    known = {"id": id_, "team": world.ids["player_blaa"], "task": "find-web", "inject": "call", "n": 1}
    return {name: known.get(name, value) for name, value in drawn.items()}


def _bearer(who: str) -> dict[str, str]:
    return {} if who == "public" else {"Authorization": f"Bearer ncr_{who}"}


def _sees_only_their_own(who: str, body: bytes) -> None:
    for secret in NEVER:
        assert secret not in body
    if who not in INSIDERS:
        assert SECRET_WORD.encode() not in body, "another's exercise shows"
