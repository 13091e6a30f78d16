"""Entries by the API: who gets a ticket to what, and what keeps an entry closed said in a word."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from ncr.clock import utcnow
from ncr.exercise import tickets
from ncr.exercise.tables import EntrySession, Environment
from ncr.people.signin import fingerprint
from tests.service import doors_site
from tests.service.doors_site import ORIGIN, Caller, World


@pytest.fixture
def world(sqlite_template: Path, tmp_path: Path) -> World:
    shutil.copy(sqlite_template, tmp_path / "ncr.db")
    return doors_site.populate(tmp_path / "data", f"sqlite:///{tmp_path / 'ncr.db'}")


@pytest.fixture
def caller(world: World, tmp_path: Path) -> Iterator[Caller]:
    with doors_site.service(world.folder, f"sqlite:///{tmp_path / 'ncr.db'}") as caller:
        yield caller


def ask(caller: Caller, world: World, who: str, exercise: str = "running", entry: str = "desk", **wanted: Any) -> Any:
    path = world.path(f"/api/v1/exercises/{{{exercise}}}/entries/{entry}/tickets")
    return caller.as_(who, "POST", path, {name: world.path(each) for name, each in wanted.items()})


def open_terminal(caller: Caller, world: World, address: str = "") -> str:
    """A terminal that the member has open, in some process."""
    now, id_ = utcnow(), "a" * 32
    row = EntrySession(id=id_, exercise_id=world.ids["running"], participant_id=world.ids["player_blaa"], entry="desk")
    row.user_id, row.kind, row.mode, row.generation = world.ids["user_member"], "terminal", "own", 1
    row.secret, row.process, row.address, row.opened_at, row.alive_at = fingerprint("s"), "p", address, now, now
    with caller.app.state.site.sessions.begin() as session:
        session.add(row)
    return id_


def test_a_members_ticket_is_for_the_own_environment_once(caller: Caller, world: World) -> None:
    made = ask(caller, world, "member")
    assert made.status == 201, made.body
    assert made.json()["url"] == world.path("ws://127.0.0.1:8000/api/v1/exercises/{running}/terminal")
    site = caller.app.state.site
    with site.sessions.begin() as session:
        ticket = tickets.redeem(session, made.json()["ticket"], utcnow())
        assert (ticket.participant_id, ticket.user_id) == (world.ids["player_blaa"], world.ids["user_member"])
        assert (ticket.entry, ticket.mode) == ("desk", "own")


def test_what_keeps_an_entry_closed_is_named(caller: Caller, world: World) -> None:
    for exercise, why in (("paused", "paused"), ("finished", "over"), ("scheduled", "not started")):
        refused = ask(caller, world, "member", exercise)
        assert refused.status == 409
        assert why in refused.json()["detail"]
    with caller.app.state.site.sessions.begin() as session:
        session.execute(update(Environment).values(state="building"))
    assert "being built" in ask(caller, world, "member").json()["detail"]
    [entry] = caller.as_("member", "GET", world.path("/api/v1/exercises/{running}/entries")).json()
    assert (entry["id"], entry["kind"], entry["open"], entry["why"]) == ("desk", "terminal", False, "building")
    assert entry["title"]["en"] == "Workstation"


def test_staff_name_whose_environment_they_mean(caller: Caller, world: World) -> None:
    path = world.path("/api/v1/exercises/{running}/entries")
    assert caller.as_("observer", "GET", path).status == 422
    found = caller.as_("observer", "GET", world.path(path + "?participant={player_roed}"))
    assert [entry["open"] for entry in found.json()] == [True]
    assert ask(caller, world, "owner").status == 422
    assert ask(caller, world, "owner", participant="{player_roed}").status == 201
    assert ask(caller, world, "owner", participant="0" * 32).status == 404
    assert ask(caller, world, "observer", participant="{player_roed}").status == 403


def test_nobody_gets_into_another_teams_environment(caller: Caller, world: World) -> None:
    assert ask(caller, world, "member", participant="{player_blaa}").status == 201
    assert ask(caller, world, "member", participant="{player_roed}").status == 403
    assert ask(caller, world, "stranger", participant="{player_roed}").status == 404
    path = world.path("/api/v1/exercises/{running}/entries?participant={player_roed}")
    assert caller.as_("member", "GET", path).status == 403


def test_what_is_not_there_is_not_found(caller: Caller, world: World) -> None:
    assert ask(caller, world, "member", entry="other").status == 404
    assert ask(caller, world, "owner", mode="watch", session="b" * 32).status == 404
    assert ask(caller, world, "owner", mode="watch").status == 404


def test_staff_watch_and_join_a_terminal_where_it_is_held(caller: Caller, world: World) -> None:
    id_ = open_terminal(caller, world, "https://entries.example.no")
    for who, mode, status in (
        ("owner", "watch", 201), ("owner", "join", 201), ("observer", "watch", 201), ("observer", "join", 403),
        ("member", "watch", 403), ("member", "join", 403), ("rival", "watch", 403),
    ):  # fmt: skip
        made = ask(caller, world, who, mode=mode, session=id_)
        assert made.status == status, (who, mode)
        if status == 201:
            assert made.json()["url"] == world.path("wss://entries.example.no/api/v1/exercises/{running}/terminal")


def test_open_terminals_are_listed_for_staff_and_for_the_team(caller: Caller, world: World) -> None:
    id_ = open_terminal(caller, world)
    path = world.path("/api/v1/exercises/{running}/entries/sessions")
    for who, seen in (("owner", [id_]), ("observer", [id_]), ("member", [id_]), ("rival", [])):
        found = caller.as_(who, "GET", path)
        assert [each["id"] for each in found.json()] == seen, who
    [shown] = caller.as_("owner", "GET", path).json()
    assert (shown["participant_name"], shown["entry"], shown["who"]) == ("Lag blaa", "desk", "Member")


def test_tickets_are_not_made_without_end(caller: Caller, world: World) -> None:
    made = caller.together(70, "member", "POST", world.path("/api/v1/exercises/{running}/entries/desk/tickets"), {})
    assert sorted({answer.status for answer in made}) == [201, 429]
    assert sum(answer.status == 201 for answer in made) == 60


def test_a_browser_on_another_page_gets_no_ticket(caller: Caller, world: World) -> None:
    path = world.path("/api/v1/exercises/{running}/entries/desk/tickets")
    headers = {"cookie": "ncr=cookie-member", "content-type": "application/json"}
    assert caller.ask("POST", path, {}, headers | {"origin": ORIGIN}).status == 201
    assert caller.ask("POST", path, {}, headers | {"origin": "http://desk--a--b.localhost:8000"}).status == 403
