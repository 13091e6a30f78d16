"""What staff say reaches those it is for, once, and the exercises' list begins with the newest."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.service import doors_site
from tests.service.doors_site import Caller, World

MESSAGES = "/api/v1/exercises/{running}/messages"


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> World:
    return doors_site.populate(tmp_path / "data", database_url)


@pytest.fixture
def caller(world: World, database_url: str) -> Iterator[Caller]:
    with doors_site.service(world.folder, database_url) as caller:
        yield caller


def texts(caller: Caller, world: World, who: str) -> list[Any]:
    return [said["text"] for said in caller.as_(who, "GET", world.path(MESSAGES)).json()]


def test_everybody_hears_what_is_for_all_and_one_team_what_is_for_it(caller: Caller, world: World) -> None:
    path, own = world.path(MESSAGES), world.path("{player_blaa}")
    assert caller.as_("owner", "POST", path, {"text": "Pause kl. 11"}).status == 201
    private = {"text": {"en": "See me"}, "title": {"nb": "Dere"}, "participant": own}
    said = caller.as_("owner", "POST", path, private, **{"idempotency-key": "k"}).json()
    assert caller.as_("owner", "POST", path, private, **{"idempotency-key": "k"}).json() == said
    assert said["title"] == {"nb": "Dere", "en": "Dere"}
    everybody, alone = {"nb": "Pause kl. 11", "en": "Pause kl. 11"}, {"nb": "See me", "en": "See me"}
    assert texts(caller, world, "member") == texts(caller, world, "owner") == [everybody, alone]
    assert texts(caller, world, "rival") == [everybody]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"text": ""}, 422),
        ({"text": {}}, 422),
        ({"text": "a\x00b"}, 422),
        ({"text": {"fr": "Bonjour"}}, 422),
        ({"text": "x" * 10_001}, 422),
        ({}, 422),
        ({"text": "Hei", "participant": "nobody"}, 404),
        ({"text": "Hei", "to": ["staff"]}, 422),
    ],
)
def test_nonsense_is_not_said(caller: Caller, world: World, sent: dict[str, Any], status: int) -> None:
    assert caller.as_("owner", "POST", world.path(MESSAGES), sent).status == status
    assert texts(caller, world, "owner") == []


def test_the_list_of_exercises_begins_with_the_newest_and_goes_on_where_a_page_ended(caller: Caller) -> None:
    plan = {"scenario": "liten", "title": "Nyest", "teams": ["blaa"]}
    newest = caller.as_("owner", "POST", "/api/v1/exercises", plan).json()["id"]
    whole = [row["id"] for row in caller.as_("owner", "GET", "/api/v1/exercises").json()["items"]]
    assert whole[0] == newest
    paged, cursor = [], ""
    while cursor is not None:
        answer = caller.as_("owner", "GET", f"/api/v1/exercises?limit=2{cursor and f'&cursor={cursor}'}").json()
        paged += [row["id"] for row in answer["items"]]
        cursor = answer["next"]
    assert paged == whole
    assert caller.as_("owner", "GET", "/api/v1/exercises?cursor=gone").json()["items"] == []
