"""Each role of `ncr serve` opens its own doors and no others."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ncr import app as composition
from ncr.config import Role
from tests.service import doors_site
from tests.service.doors_site import Caller

TERMINAL = f"/api/v1/exercises/{'e' * 32}/terminal"


@pytest.fixture(params=["all", "web", "entries"])
def role(request: pytest.FixtureRequest) -> Role:
    found: Role = request.param
    return found


@pytest.fixture
def caller(role: Role, sqlite_template: Path, tmp_path: Path) -> Iterator[Caller]:
    settings = doors_site.settings(tmp_path, f"sqlite:///{sqlite_template}").model_copy(update={"role": role})
    app = composition.create(settings)
    caller = Caller(app)
    yield caller
    doors_site.close(app.state.site)
    caller.close()


def test_all_say_how_they_are(caller: Caller) -> None:
    assert caller.ask("GET", "/api/v1/health/ready").status == 200


def test_pages_are_for_the_web_side_and_terminals_for_the_entries(caller: Caller, role: Role) -> None:
    assert caller.ask("GET", "/sign-in").status == (404 if role == "entries" else 200)
    assert caller.ask("GET", "/api/v1/scenarios").status == (404 if role == "entries" else 401)
    assert (caller.ask("WS", TERMINAL).status == 101) == (role != "web")
