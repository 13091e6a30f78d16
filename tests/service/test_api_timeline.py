"""The timeline tells of every inject why it has not happened, fires it once, and keeps what is for staff from teams."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ncr.clock import utcnow
from ncr.exercise.plan import Plan
from ncr.exercise.tables import Moment
from ncr.live import rows
from ncr.live.rows import Sight
from ncr.people.tables import Membership, User
from ncr.scenario import loader
from ncr.scoring import conduct, interventions, ledger
from ncr.scoring.facts import Draft, Kind
from tests.service import doors_site
from tests.service.doors_site import Caller, World, closing_site
from tests.stage import MANGE, rehearsed


@dataclass(frozen=True)
class Played:
    """An exercise of two teams, five seconds old, as the database at `url` has it."""

    world: World
    url: str
    exercise: str
    players: tuple[str, str]

    @property
    def path(self) -> str:
        return f"/api/v1/exercises/{self.exercise}"

    def write(self, *drafts: Draft, **messages: list[str]) -> None:
        """Facts, and messages to whom by what they say."""
        with closing_site(doors_site.settings(self.world.folder, self.url)) as site, site.sessions.begin() as session:
            ledger.append(session, self.exercise, drafts, utcnow())
            for text, to in messages.items():
                interventions.say(session, self.exercise, {"nb": text}, utcnow(), to=tuple(to))

    def judge(self, tick: int, state: str) -> Draft:
        results = {self.players[0]: {"web-up": state, "desk-up": "up"}, self.players[1]: {"web-up": "up"}}
        payload = {"every": 10, "tick": tick, "results": results}
        return Draft(Kind.CHECKED, f"checked:10:{tick}", payload=payload)


@pytest.fixture
def played(database_url: str, tmp_path: Path) -> Played:
    world = doors_site.populate(tmp_path / "data", database_url)
    with closing_site(doors_site.settings(world.folder, database_url)) as site, site.sessions.begin() as session:
        scenario, now = loader.load(MANGE), utcnow() - timedelta(seconds=5)
        rehearsed(session, scenario)
        owner = session.query(User.id).filter_by(login="owner").scalar()
        plan = Plan(scenario=scenario, title="Mange", teams=["blaa", "roed"], visibility="teams", created_by=owner)
        exercise = doors_site.started(session, site, replace(plan), now)
        found = session.query(interventions.Participant.id).filter_by(exercise_id=exercise)
        first, second = (found.filter_by(team_id=team).scalar() for team in ("blaa", "roed"))
    return Played(world, database_url, exercise, (first, second))


@pytest.fixture
def caller(played: Played) -> Iterator[Caller]:
    with doors_site.service(played.world.folder, played.url) as caller:
        yield caller


def timeline(caller: Caller, played: Played, who: str = "owner") -> dict[str, dict[str, Any]]:
    answer = caller.as_(who, "GET", f"{played.path}/timeline")
    assert answer.status == 200
    return {moment["ref"] or moment["kind"]: moment for moment in answer.json()}


def solved(played: Played, player: int) -> Draft:
    payload = {"task": "find-web", "right": True, "member": "m"}
    return Draft(Kind.SUBMITTED, f"right:{player}", played.players[player], payload)


def test_each_inject_says_what_it_waits_for(caller: Caller, played: Played) -> None:
    found = timeline(caller, played)
    assert {ref: found[ref]["reason"] for ref in ("cut", "solved", "noticed", "by-hand", "open", "close")} == {
        "cut": "waits: its time has not come",
        "solved": "waits: no team has solved find-web",
        "noticed": "waits: web-up has not been judged yet",
        "by-hand": "by hand: fire it from the timeline",
        "open": None,
        "close": None,
    }
    assert (found["cut"]["offset_s"], found["cut"]["due_at"] is not None, found["cut"]["may_fire"]) == (
        40.0,
        True,
        True,
    )
    assert (found["noticed"]["offset_s"], found["noticed"]["due_at"]) == (None, None)
    assert [one["state"] for one in found["cut"]["participants"]] == [None, None]
    order = [moment["ref"] for moment in caller.as_("owner", "GET", f"{played.path}/timeline").json() if moment["ref"]]
    assert order[:3] + order[-4:] == ["run", "cut", "kill", "solved", "noticed", "helped", "by-hand"]


def test_how_near_a_check_is_to_it_is_told_for_each_team(caller: Caller, played: Played) -> None:
    played.write(played.judge(1, "up"))
    assert timeline(caller, played)["noticed"]["reason"] == "waits: web-up is not down in any team left"
    played.write(played.judge(2, "down"), played.judge(3, "down"))
    assert timeline(caller, played)["noticed"]["reason"] == "waits: web-up has been down for 10 s of 30 s in Lag blaa"


def test_a_paused_exercise_and_one_that_ended_say_so(caller: Caller, played: Played) -> None:
    with closing_site(doors_site.settings(played.world.folder, played.url)) as site:
        with site.sessions.begin() as session:
            conduct.pause(session, played.exercise, utcnow())
        found = timeline(caller, played)
        assert (found["cut"]["reason"], found["cut"]["due_at"]) == ("waits: the exercise is paused", None)
        assert not found["by-hand"]["may_fire"]
        with site.sessions.begin() as session:
            interventions.skip(session, played.exercise, "run", utcnow())
            conduct.finish(session, played.exercise, utcnow() + timedelta(seconds=1))
    found = timeline(caller, played)
    assert {found[ref]["reason"] for ref in ("cut", "solved", "by-hand")} == {"the exercise ended first"}
    assert found["run"]["reason"] == "skipped by exercise control"


def test_an_inject_is_fired_once_however_often_it_is_asked_for(caller: Caller, played: Played) -> None:
    path = f"{played.path}/injects/by-hand/fire"
    first = caller.as_("owner", "POST", path, **{"idempotency-key": "k"})
    assert (first.status, first.json()["ref"], first.json()["offset_s"] is not None) == (202, "by-hand", True)
    assert caller.as_("owner", "POST", path, **{"idempotency-key": "k"}).json() == first.json()
    assert caller.as_("owner", "POST", path).status == 202
    with closing_site(doors_site.settings(played.world.folder, played.url)) as site, site.sessions.begin() as session:
        events = session.query(conduct.journal.Journal).filter_by(subject="inject:by-hand").all()
        assert [row.event for row in events] == ["fired"]
        session.query(Moment).filter_by(exercise_id=played.exercise, ref="by-hand").update({"state": "done"})
    assert caller.as_("owner", "POST", path).status == 409
    assert caller.as_("owner", "POST", f"{played.path}/injects/nothing/fire").status == 404


def test_what_is_for_staff_or_another_room_reaches_no_team(caller: Caller, played: Played) -> None:
    fact = Draft(Kind.INJECTED, f"injected:secret:{played.players[0]}", played.players[0], {"inject": "secret"})
    played.write(fact, hemmelig=["staff"], teknisk=["technical", "staff"], alle=["teams", "staff"])
    paths = (f"{played.path}/messages", f"/exercises/{played.exercise}")

    def seen(who: str) -> list[set[str]]:
        bodies = [caller.as_(who, "GET", paths[0]).body, caller.browse(who, "GET", paths[1]).body]
        return [
            {word for word in ("hemmelig", "teknisk", "alle", "secret") if word.encode() in body} for body in bodies
        ]

    assert seen("member") == [{"teknisk", "alle"}] * 2
    assert seen("owner")[0] == {"hemmelig", "teknisk", "alle"}
    with closing_site(doors_site.settings(played.world.folder, played.url)) as site:
        board = site.boards.of(played.exercise)
        told = [fact["kind"] for fact in board.facts(0, "team", played.players[0])]
        assert (Kind.INJECTED in told, Kind.INJECTED in [fact["kind"] for fact in board.facts(0, "staff")]) == (
            False,
            True,
        )
        with site.sessions.begin() as session:
            session.query(Membership).filter_by(team_id="blaa").update({"room": "management"})
    assert seen("member") == [{"alle"}] * 2
    hushed = rows.Said(1, None, ("technical", "staff"), {})
    rooms = (None, "technical", "management")
    assert [hushed.is_for(Sight("team", "a", room=room)) for room in rooms] == [True, True, False]
    assert not rows.Said(1, None, ("staff",), {}).is_for(Sight("team", "a"))
