"""Entries, reset and restart on the pages: what stands there for whom, what is said first, what came of it after."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from ncr.clock import utcnow
from ncr.exercise.tables import EntrySession, Environment, Exercise, Participant
from ncr.people.signin import fingerprint
from tests.service import doors_site
from tests.service.doors_site import Caller, World

PAGE = "/exercises/{running}"
TERMINAL = f"{PAGE}/entries/desk"
OWN = f"{PAGE}/environments/{{player_blaa}}"
SESSION = "a" * 32
NOTICE = re.compile(r'class="notice (good|bad)" role="status"><p>(.*?)</p>')


@pytest.fixture
def world(sqlite_template: Path, tmp_path: Path) -> World:
    shutil.copy(sqlite_template, tmp_path / "ncr.db")
    return doors_site.populate(tmp_path / "data", f"sqlite:///{tmp_path / 'ncr.db'}")


@pytest.fixture
def caller(world: World, tmp_path: Path) -> Iterator[Caller]:
    with doors_site.service(world.folder, f"sqlite:///{tmp_path / 'ncr.db'}") as caller:
        yield caller


@pytest.fixture
def terminal(caller: Caller, world: World) -> str:
    """A terminal that the member has open."""
    now = utcnow()
    row = EntrySession(id=SESSION, exercise_id=world.ids["running"], participant_id=world.ids["player_blaa"])
    row.entry, row.user_id, row.kind, row.mode, row.generation = "desk", world.ids["user_member"], "terminal", "own", 1
    row.secret, row.process, row.address, row.opened_at, row.alive_at = fingerprint("s"), "p", "", now, now
    with caller.app.state.site.sessions.begin() as session:
        session.add(row)
    return SESSION


def see(caller: Caller, world: World, who: str, path: str = PAGE, language: str = "nb") -> str:
    answer = caller.browse(who, "GET", world.path(path), **{"accept-language": language})
    assert answer.status == 200, answer.body
    return answer.body.decode()


def act(caller: Caller, world: World, who: str, path: str, **form: str) -> tuple[str, str]:
    """Send the form and follow; the tone and the words of the notice."""
    sent = caller.browse(who, "POST", world.path(path), form)
    assert sent.status == 303, sent.body
    after = caller.browse(who, "GET", sent.headers["location"], **{"accept-language": "nb"}).body.decode()
    found = NOTICE.search(after)
    assert found, after
    return found[1], found[2]


def change(caller: Caller, **values: Any) -> None:
    with caller.app.state.site.sessions.begin() as session:
        session.execute(update(Environment).values(**values))


def of_blaa(caller: Caller, world: World) -> Environment:
    with caller.app.state.site.sessions() as session:
        asked = select(Environment).where(Environment.participant_id == world.ids["player_blaa"])
        return session.scalars(asked).one()


def test_a_member_sees_the_entries_and_two_ways_to_open_a_terminal(caller: Caller, world: World) -> None:
    page = see(caller, world, "member")
    assert 'data-open="desk"' in page
    assert f'href="{world.path(TERMINAL)}" target="_blank" rel="noopener"' in page
    assert "Workstation" in see(caller, world, "member", language="en")


@pytest.mark.parametrize(
    ("exercise", "nb", "en"),
    [
        ("scheduled", "Åpner når øvelsen starter.", "Opens when the exercise starts."),
        ("paused", "Øvelsen er på pause.", "The exercise is paused."),
        ("finished", "Øvelsen er over.", "The exercise is over."),
    ],
)
def test_a_closed_entry_says_why(caller: Caller, world: World, exercise: str, nb: str, en: str) -> None:
    for language, words in (("nb", nb), ("en", en)):
        page = see(caller, world, "member", f"/exercises/{{{exercise}}}", language)
        assert words in page
        assert "data-open" not in page


def test_an_entry_of_an_environment_that_is_built_opens_by_itself(caller: Caller, world: World) -> None:
    change(caller, state="building")
    assert "Den åpner av seg selv" in see(caller, world, "member")
    assert 'data-why="building"' in see(caller, world, "member")


def test_a_terminal_in_its_own_tab_is_there_for_its_team_and_for_staff_who_say_whose(
    caller: Caller, world: World, terminal: str
) -> None:
    assert 'mode="own"' in see(caller, world, "member", TERMINAL)
    beside = f"{TERMINAL}?participant={{player_blaa}}&session={terminal}"
    assert 'mode="watch"' in see(caller, world, "observer", f"{beside}&mode=watch")
    assert 'mode="join"' in see(caller, world, "owner", f"{beside}&mode=join")
    for who, path, status in (
        ("observer", f"{beside}&mode=join", 403),
        ("observer", f"{TERMINAL}?participant={{player_blaa}}", 403),
        ("member", f"{beside}&mode=watch", 403),
        ("rival", f"{beside}&mode=join", 403),
        ("owner", f"{TERMINAL}?participant={{player_roed}}&session={terminal}&mode=watch", 404),
        ("owner", f"{TERMINAL}?participant={{player_blaa}}&session={'b' * 32}&mode=watch", 404),
        ("owner", f"{TERMINAL}?participant={'b' * 32}", 404),
        ("member", f"{PAGE}/entries/nowhere", 404),
    ):
        assert caller.browse(who, "GET", world.path(path)).status == status, (who, path)


def test_staff_see_who_is_inside_and_observers_may_only_watch(caller: Caller, world: World, terminal: str) -> None:
    page = see(caller, world, "owner")
    assert "Member" in page
    assert f"session={terminal}&amp;mode=watch" in page
    assert f"session={terminal}&amp;mode=join" in page
    assert "gikk inn" in page
    watched = see(caller, world, "observer")
    assert f"session={terminal}&amp;mode=watch" in watched
    assert "mode=join" not in watched
    assert "Gå inn selv" not in watched


def test_a_team_is_told_what_a_reset_takes_away_and_how_many_are_left(
    caller: Caller, world: World, terminal: str
) -> None:
    page = see(caller, world, "member")
    for words in ("Alle filer og alt som kjører", "Én åpen terminal lukkes.", "Dere kan gjøre det"):
        assert words in page
    assert act(caller, world, "member", f"{OWN}/reset") == ("good", "Miljøet til Lag blaa bygges på nytt nå.")
    assert of_blaa(caller, world).state == "building"


def test_a_reset_beyond_the_limit_is_refused_in_words(caller: Caller, world: World) -> None:
    change(caller, resets=100)
    assert "så mange ganger som det er lov" in see(caller, world, "member")
    tone, words = act(caller, world, "member", f"{OWN}/reset")
    assert tone == "bad"
    assert "brukt opp antallet" in words
    assert of_blaa(caller, world).state == "open"
    assert act(caller, world, "owner", f"{OWN}/reset")[0] == "good"


def test_an_address_names_nobody_of_another_exercise(caller: Caller, world: World) -> None:
    with caller.app.state.site.sessions() as session:
        whose = select(Participant.id, Participant.name).where(Participant.exercise_id == world.ids["run"])
        stranger, name = session.execute(whose).one()
    shown = NOTICE.search(see(caller, world, "member", f"{PAGE}?said=reset&team={stranger}"))
    assert shown
    assert name not in shown[2]


def test_staff_confirm_a_reset_that_names_the_team_and_its_loss(caller: Caller, world: World, terminal: str) -> None:
    page = re.sub(r"\s+", " ", see(caller, world, "owner"))
    assert "<strong>Lag blaa.</strong> Alle filer og alt som kjører" in page
    assert "<strong>Lag blaa.</strong> Alt som kjører i tjenesten stanser" in page
    assert page.count("Én åpen terminal lukkes.") == 1


def test_a_service_is_restarted_by_its_team_a_few_times_and_by_staff_at_will(caller: Caller, world: World) -> None:
    for _ in range(5):
        assert act(caller, world, "member", f"{OWN}/restart", service="web")[0] == "good"
    assert of_blaa(caller, world).restart_service == "web"
    tone, words = act(caller, world, "member", f"{OWN}/restart", service="web")
    assert (tone, "Vent noen minutter" in words) == ("bad", True)
    assert act(caller, world, "owner", f"{OWN}/restart", service="web")[0] == "good"
    api = world.path(f"/api/v1{OWN}/restart")
    refused = caller.as_("member", "POST", api, {"service": "web"})
    assert refused.status == 429
    assert int(refused.headers["retry-after"]) > 60
    assert caller.as_("owner", "POST", api, {"service": "web"}).status == 202
    assert caller.as_("owner", "POST", api, {"service": "desk"}).status == 409


def test_a_team_restarts_nothing_while_its_environment_is_closed(caller: Caller, world: World) -> None:
    with caller.app.state.site.sessions.begin() as session:
        session.execute(update(Exercise).where(Exercise.id == world.ids["running"]).values(state="paused"))
    assert "Start en tjeneste på nytt" not in see(caller, world, "member")
    assert act(caller, world, "member", f"{OWN}/restart", service="web") == (
        "bad",
        "Tjenesten ble ikke startet på nytt: miljøet er ikke åpent nå.",
    )
    assert caller.browse("member", "POST", world.path(f"{OWN}/restart"), {"service": "nowhere"}).status == 404
