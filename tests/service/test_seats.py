"""Staff say in which room a member sits; what is said to a room reaches those in it, and those in none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ncr.access import identify
from ncr.clock import utcnow
from ncr.exercise.tables import Exercise, Journal
from ncr.live import admission
from ncr.live.admission import Pass
from ncr.people import accounts
from ncr.people.roles import Role
from ncr.people.tables import Membership
from ncr.scenario import loader
from ncr.scoring import interventions
from tests.service import doors_site
from tests.service.doors_site import Caller, World
from tests.stage import LITEN

PAGE = "/exercises/{running}"
NB = {"accept-language": "nb"}


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> World:
    return doors_site.populate(tmp_path / "data", database_url)


@pytest.fixture
def caller(world: World, database_url: str) -> Iterator[Caller]:
    """The running exercise's scenario has two rooms, and Lag blaa a second member, Mate."""
    with doors_site.service(world.folder, database_url) as caller:
        site, now = caller.app.state.site, utcnow()
        with site.sessions.begin() as session:
            exercise = session.get_one(Exercise, world.ids["running"])
            exercise.digest = site.shelf.put(session, loader.load(LITEN.parent / "alt"), now)
            accounts.add_user(session, "mate", "Mate", Role.PARTICIPANT, now)
            accounts.change_team(session, "blaa", None, ["member", "mate"])
            for text, to in {"teknisk": ["technical"], "ledelse": ["management"], "alle": ["teams"]}.items():
                interventions.say(session, exercise.id, {"nb": text, "en": text}, now, to=tuple(to))
        yield caller


def heard(caller: Caller, world: World, who: str) -> set[str]:
    said = caller.as_(who, "GET", f"/api/v1{world.path(PAGE)}/messages").json()
    return {one["text"]["nb"] for one in said}


def sit(caller: Caller, world: World, room: str, login: str = "member", who: str = "owner") -> int:
    seat = world.path("{player_blaa}") + f"/{login}/{room}"
    return caller.browse(who, "POST", f"{world.path(PAGE)}/seats", {"seats": seat}).status


def page(caller: Caller, world: World, who: str) -> str:
    return caller.browse(who, "GET", world.path(PAGE), **NB).body.decode()


def test_a_room_hears_what_is_said_to_it_and_who_has_none_hears_all(caller: Caller, world: World) -> None:
    assert heard(caller, world, "member") == {"teknisk", "ledelse", "alle"}
    assert "får det som sies til alle rommene" in page(caller, world, "member")
    assert sit(caller, world, "technical") == 303
    assert heard(caller, world, "member") == {"teknisk", "alle"}
    mine = page(caller, world, "member")
    assert "Du sitter i det tekniske rommet" in mine
    assert ("teknisk<" in mine, "ledelse<" in mine) == (True, False)
    assert heard(caller, world, "rival") == heard(caller, world, "owner") == {"teknisk", "ledelse", "alle"}
    site = caller.app.state.site
    assert admission.sight(site, Pass("cookie-member", None), world.ids["running"]).room == "technical"
    assert sit(caller, world, "") == 303
    assert heard(caller, world, "member") == {"teknisk", "ledelse", "alle"}


def test_a_room_that_another_scenario_has_keeps_nothing_from_anybody(caller: Caller, world: World) -> None:
    site = caller.app.state.site
    with site.sessions.begin() as session:
        session.query(Membership).filter_by(team_id="blaa").update({"room": "communication"})
    assert heard(caller, world, "member") == {"teknisk", "ledelse", "alle"}
    assert admission.sight(site, Pass("cookie-member", None), world.ids["running"]).room is None


def test_the_control_page_offers_it_where_there_are_rooms_and_the_journal_says_who_did_it(
    caller: Caller, world: World
) -> None:
    before = page(caller, world, "owner")
    assert before.count('<select name="seats"') == 3
    assert "Rommene" not in caller.browse("owner", "GET", world.path("/exercises/{paused}"), **NB).body.decode()
    assert '<select name="seats"' not in page(caller, world, "observer")
    assert sit(caller, world, "management") == sit(caller, world, "management") == 303
    after = page(caller, world, "owner")
    assert f'{world.path("{player_blaa}")}/member/management" selected' in after
    with caller.app.state.site.sessions() as session:
        rows = session.query(Journal).filter_by(exercise_id=world.ids["running"], event="seated").all()
        assert [(row.who, row.why) for row in rows] == [("owner", "member: management")]


@pytest.mark.parametrize(
    ("room", "login", "who", "status"),
    [
        ("communication", "member", "owner", 422),
        ("cellar", "member", "owner", 422),
        ("technical", "rival", "owner", 422),
        ("technical", "member", "member", 403),
        ("technical", "member", "observer", 403),
        ("technical", "member", "instructor", 404),
    ],
)
def test_nobody_sits_where_there_is_no_room_or_by_somebody_who_may_not_say_so(
    caller: Caller, world: World, room: str, login: str, who: str, status: int
) -> None:
    assert sit(caller, world, room, login, who) == status
    assert heard(caller, world, "member") == {"teknisk", "ledelse", "alle"}


def test_a_form_that_is_none_of_ours_is_refused(caller: Caller, world: World) -> None:
    assert caller.browse("owner", "POST", f"{world.path(PAGE)}/seats", {"seats": "x"}).status == 422


def test_programs_seat_members_too_and_a_member_sees_the_own_team(caller: Caller, world: World) -> None:
    path, player = f"/api/v1{world.path(PAGE)}/seats", world.path("{player_blaa}")
    wanted = {"seats": [{"participant": player, "login": "mate", "room": "technical"}]}
    seated = caller.as_("owner", "PATCH", path, wanted).json()
    assert [(one["login"], one["room"]) for one in seated] == [
        ("mate", "technical"), ("member", None), ("rival", None),
    ]  # fmt: skip
    assert [one["login"] for one in caller.as_("member", "GET", path).json()] == ["mate", "member"]
    wrong = {"seats": [{"participant": player, "login": "mate", "room": "communication"}]}
    assert caller.as_("owner", "PATCH", path, wrong).status == 422


def test_who_stays_in_a_team_keeps_the_room(caller: Caller, world: World) -> None:
    sit(caller, world, "technical", "mate")
    assert caller.as_("owner", "PATCH", "/api/v1/teams/blaa", {"members": ["mate", "stranger"]}).status == 200
    with caller.app.state.site.sessions() as session:
        rows = session.query(Membership.room).filter_by(team_id="blaa").order_by(Membership.room).all()
        assert sorted(str(room) for (room,) in rows) == ["None", "technical"]
        assert identify(session, "cookie-member", None, utcnow()).teams == frozenset()
