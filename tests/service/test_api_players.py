"""Who plays as whom is asked at every answer: what was taken away ends at once."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete

from ncr.clock import FrozenClock, utcnow
from ncr.people import accounts
from ncr.people.tables import Token
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


@pytest.mark.parametrize("taken", ["account", "membership", "token"])
def test_what_is_taken_away_ends_at_once(caller: Caller, world: World, clock: FrozenClock, taken: str) -> None:
    assert submit(caller, world) == 200
    with caller.app.state.site.sessions.begin() as session:
        if taken == "account":
            accounts.change_user(session, world.ids["user_member"], clock(), disabled=True)
        elif taken == "membership":
            accounts.set_members(session, "blaa", [])
        else:
            session.execute(delete(Token).where(Token.user_id == world.ids["user_member"]))
    assert submit(caller, world) == (404 if taken == "membership" else 401)


def test_who_plays_here_does_not_play_elsewhere(caller: Caller, world: World) -> None:
    assert submit(caller, world) == 200
    assert submit(caller, world, exercise="foreign") == 404
    assert submit(caller, world, who="stranger") == 404
    assert submit(caller, world, who="public") == 401


def test_a_foreign_page_cannot_submit(caller: Caller, world: World) -> None:
    cookie = {"cookie": "ncr=cookie-member"}
    for origin, status in ((ORIGIN, 200), ("https://evil.example", 403), (ORIGIN, 200)):
        headers = cookie | {"origin": origin}
        assert caller.ask("POST", world.path(SUBMISSIONS), {"answer": "feil"}, headers).status == status
