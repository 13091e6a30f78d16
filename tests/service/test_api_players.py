"""Who plays as whom is remembered for a moment by the busiest route, and what was taken away ends with that moment."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ncr.api.players import REMEMBERED
from ncr.clock import FrozenClock, utcnow
from ncr.people import accounts
from tests.service import doors_site
from tests.service.doors_site import ORIGIN, Caller, World

SUBMISSIONS = "/api/v1/exercises/{running}/tasks/find-web/submissions"


@pytest.fixture
def world(sqlite_template: Path, tmp_path: Path) -> World:
    shutil.copy(sqlite_template, tmp_path / "ncr.db")
    return doors_site.populate(tmp_path / "data", f"sqlite:///{tmp_path / 'ncr.db'}")


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(utcnow())


@pytest.fixture
def caller(world: World, clock: FrozenClock, tmp_path: Path) -> Iterator[Caller]:
    with doors_site.service(world.folder, f"sqlite:///{tmp_path / 'ncr.db'}") as caller:
        caller.app.state.site = replace(caller.app.state.site, clock=clock)
        yield caller


def submit(caller: Caller, world: World, who: str = "member", exercise: str = "running") -> int:
    path = SUBMISSIONS.replace("running", exercise)
    return caller.as_(who, "POST", world.path(path), {"answer": "feil"}).status


@pytest.mark.parametrize("taken", ["account", "membership"])
def test_what_is_taken_away_ends_with_the_moment(caller: Caller, world: World, clock: FrozenClock, taken: str) -> None:
    assert submit(caller, world) == 200
    with caller.app.state.site.sessions.begin() as session:
        if taken == "account":
            accounts.change_user(session, world.ids["user_member"], clock(), disabled=True)
        else:
            accounts.set_members(session, "blaa", [])
    clock.advance(REMEMBERED.total_seconds())
    assert submit(caller, world) == (401 if taken == "account" else 404)


def test_a_clock_set_back_makes_no_moment_longer(caller: Caller, world: World, clock: FrozenClock) -> None:
    assert submit(caller, world) == 200
    with caller.app.state.site.sessions.begin() as session:
        accounts.change_user(session, world.ids["user_member"], clock(), disabled=True)
    clock.advance(-1)
    assert submit(caller, world) == 401


def test_what_is_remembered_is_for_one_exercise_and_one_person(caller: Caller, world: World) -> None:
    assert submit(caller, world) == 200
    assert submit(caller, world, exercise="foreign") == 404
    assert submit(caller, world, who="stranger") == 404
    assert submit(caller, world, who="public") == 401


def test_a_foreign_page_cannot_ride_on_what_is_remembered(caller: Caller, world: World) -> None:
    cookie = {"cookie": "ncr=cookie-member"}
    for origin, status in ((ORIGIN, 200), ("https://evil.example", 403), (ORIGIN, 200)):
        headers = cookie | {"origin": origin}
        assert caller.ask("POST", world.path(SUBMISSIONS), {"answer": "feil"}, headers).status == status
