"""What teams share, at the doors: staff see it beside the teams, reset and restart it; nobody else ever does."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from ncr.clock import utcnow
from ncr.exercise.tables import Environment, Exercise
from ncr.scenario import loader
from tests.service import doors_site
from tests.service.doors_site import Caller, World
from tests.stage import LITEN

PAGE, API = "/exercises/{running}", "/exercises/{running}/environments"


@pytest.fixture
def world(sqlite_template: Path, tmp_path: Path) -> World:
    shutil.copy(sqlite_template, tmp_path / "ncr.db")
    return doors_site.populate(tmp_path / "data", f"sqlite:///{tmp_path / 'ncr.db'}")


@pytest.fixture
def caller(world: World, tmp_path: Path) -> Iterator[Caller]:
    with doors_site.service(world.folder, f"sqlite:///{tmp_path / 'ncr.db'}") as caller:
        site, now = caller.app.state.site, utcnow()
        with site.sessions.begin() as session:
            exercise = session.get_one(Exercise, world.ids["running"])
            exercise.digest = site.shelf.put(session, loader.load(LITEN.parent / "delt"), now)
            row = Environment(id="f" * 32, exercise_id=exercise.id, state="open", target="open", changed_at=now)
            row.health, row.ready_at = {"mail": "up", "store": "unhealthy"}, now
            session.add(row)
        yield caller


def shared(caller: Caller) -> Environment:
    with caller.app.state.site.sessions() as session:
        return session.scalars(select(Environment).where(Environment.participant_id.is_(None))).one()


def test_staff_see_it_on_the_control_page_and_no_team_does(caller: Caller, world: World) -> None:
    control = caller.browse("owner", "GET", world.path(PAGE), **{"accept-language": "nb"}).body.decode()
    assert ">Felles<" in control
    assert f'action="{world.path(PAGE)}/environments/shared/restart"' in control
    assert all(f"<option>{name}</option>" in control for name in ("mail", "store", "web"))
    team = caller.browse("member", "GET", world.path(PAGE), **{"accept-language": "nb"}).body.decode()
    assert "Felles" not in team
    assert "mail" not in team


def test_staff_find_it_first_in_the_list_and_a_team_finds_its_own(caller: Caller, world: World) -> None:
    found = caller.as_("owner", "GET", f"/api/v1{world.path(API)}").json()
    assert [(row["participant"] is None, row["name"]) for row in found] == [
        (True, "shared"), (False, "Lag blaa"), (False, "Lag roed"),
    ]  # fmt: skip
    [own] = caller.as_("member", "GET", f"/api/v1{world.path(API)}").json()
    assert own["name"] == "Lag blaa"


def test_staff_reset_and_restart_it_and_a_team_may_not(caller: Caller, world: World) -> None:
    place = f"/api/v1{world.path(API)}/shared"
    assert caller.as_("member", "POST", f"{place}/reset").status in (403, 404)
    assert caller.as_("member", "POST", f"{place}/restart", {"service": "mail"}).status in (403, 404)
    assert caller.as_("owner", "POST", f"{place}/restart", {"service": "web"}).status == 422
    assert caller.as_("owner", "POST", f"{place}/restart", {"service": "mail"}).status == 202
    assert shared(caller).restart_service == "mail"
    said = caller.browse("owner", "POST", f"{world.path(PAGE)}/environments/shared/reset", {})
    after = caller.browse("owner", "GET", said.headers["location"], **{"accept-language": "nb"}).body.decode()
    assert "Miljøet til Felles bygges på nytt nå." in after
    assert (shared(caller).state, shared(caller).generation) == ("building", 2)


def test_an_exercise_that_shares_nothing_has_no_such_environment(caller: Caller, world: World) -> None:
    other = world.path("/exercises/{paused}")
    assert caller.as_("owner", "POST", f"/api/v1{other}/environments/shared/reset").status == 404
    assert "Felles" not in caller.browse("owner", "GET", other, **{"accept-language": "nb"}).body.decode()
