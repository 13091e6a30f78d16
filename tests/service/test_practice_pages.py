"""Practice on pages: what a student is shown and told, what counts as being there, and what nobody else gets at."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ncr.clock import utcnow
from ncr.db import reading
from ncr.exercise.tables import Environment, Exercise, Practice
from ncr.scoring import conduct, practising
from ncr.site import Site
from tests.service.doors_site import Answer, Caller, World


@pytest.fixture
def run(world: World) -> str:
    return world.ids["run"]


def site(caller: Caller) -> Site:
    found: Site = caller.app.state.site
    return found


def with_settings(caller: Caller, **changed: Any) -> None:
    at = site(caller)
    caller.app.state.site = replace(at, settings=at.settings.model_copy(update=changed))


def page(caller: Caller, path: str, who: str = "student", language: str = "nb") -> str:
    answer = caller.browse(who, "GET", path, **{"accept-language": language})
    assert answer.status == 200, answer.body[:500]
    return text(answer)


def text(answer: Answer) -> str:
    return re.sub(r"\s+", " ", answer.body.decode())


def row(caller: Caller, run: str) -> Practice:
    with reading(site(caller).sessions) as session:
        return session.get_one(Practice, run)


def sit_still(caller: Caller, run: str, for_s: float) -> None:
    with site(caller).sessions.begin() as session:
        session.get_one(Practice, run).active_at = utcnow() - timedelta(seconds=for_s)


def test_the_catalogue_shows_what_goes_on_and_leads_to_it(caller: Caller, run: str) -> None:
    shown = page(caller, "/practice")
    assert "Dette holder du på med" in shown
    assert shown.count(f'href="/exercises/{run}"') >= 2
    assert "Gå videre" in shown
    other = page(caller, "/practice", "stranger", "en")
    assert "What you are in the middle of" not in other
    assert "You have not practised this yet." in other


def test_the_catalogue_searches_and_says_when_nothing_fits(caller: Caller) -> None:
    assert "1 scenario passer." in page(caller, "/practice?q=tjenester+liten")
    nothing = page(caller, "/practice?q=finnesikke")
    assert "Ingen scenarioer passer" in nothing
    assert 'value="finnesikke"' in nothing


def test_an_empty_catalogue_says_what_it_is_for(caller: Caller) -> None:
    caller.app.state.site = replace(site(caller), offered=lambda: ())
    assert "Ingen scenarioer å øve på ennå" in page(caller, "/practice")


def test_a_scenario_for_exercises_only_is_not_offered(caller: Caller, world: World) -> None:
    definition = world.folder / "source" / "liten" / "scenario.yml"
    definition.write_text(definition.read_text() + "\nmodes: [exercise]\n")
    assert "Ingen scenarioer å øve på ennå" in page(caller, "/practice")
    assert caller.browse("student", "GET", "/practice/scenarios/liten").status == 404
    assert caller.browse("student", "POST", "/practice", {"scenario": "liten"}).status == 404


def test_limits_are_said_in_words_before_and_after_the_button(caller: Caller) -> None:
    with_settings(caller, practice_runs=0)
    assert "Egentrening er slått av her." in page(caller, "/practice", "stranger")
    refused = caller.browse("stranger", "POST", "/practice", {"scenario": "liten"}, **{"accept-language": "en"})
    assert refused.status == 409
    assert "Practice is switched off here." in text(refused)


def test_a_start_sent_twice_or_from_two_tabs_is_one_run(caller: Caller) -> None:
    sent = {"scenario": "liten", "key": "en"}
    first, second = (caller.browse("rival", "POST", "/practice", sent) for _ in range(2))
    third = caller.browse("rival", "POST", "/practice", {**sent, "key": "annen"})
    assert {each.headers["location"] for each in (first, second, third)} == {first.headers["location"]}


def test_nothing_is_done_without_the_forms_own_token(caller: Caller, run: str) -> None:
    for path in ("stay", "extend", "reset", "finish", "tasks/find-web/give-up"):
        answer = caller.browse("student", "POST", f"/practice/{run}/{path}", {"form_token": "feil"})
        assert answer.status == 403, path
    assert caller.browse("student", "POST", "/practice", {"form_token": "feil", "scenario": "liten"}).status == 403
    with reading(site(caller).sessions) as session:
        assert session.get_one(Exercise, run).state == "running"


def test_looking_is_no_sign_of_life_and_acting_is(caller: Caller, run: str) -> None:
    sit_still(caller, run, 300)
    before = row(caller, run).active_at
    for path in (f"/exercises/{run}", "/practice", f"/api/v1/practice/{run}"):
        assert caller.browse("student", "GET", path).status == 200
    assert row(caller, run).active_at == before
    for path, sent in (
        (f"/practice/{run}/stay", {}),
        (f"/exercises/{run}/tasks/find-web/submit", {"answer": "1"}),
        (f"/exercises/{run}/tasks/find-web/hints/1", {}),
        (f"/practice/{run}/tasks/find-web/give-up", {}),
    ):
        sit_still(caller, run, 300)
        assert caller.browse("student", "POST", path, sent).status in (200, 303), path
        assert utcnow() - row(caller, run).active_at < timedelta(seconds=60), path


def test_the_warning_is_on_the_page_when_the_time_has_come(caller: Caller, run: str) -> None:
    assert re.search(r"data-idle hidden", page(caller, f"/exercises/{run}"))
    sit_still(caller, run, 3100)
    shown = page(caller, f"/exercises/{run}", language="en")
    assert not re.search(r"data-idle hidden", shown)
    assert "You have not done anything for a while." in shown


def test_a_double_click_extends_once_and_a_refusal_is_said_in_words(caller: Caller, run: str) -> None:
    for _ in range(2):
        assert caller.browse("student", "POST", f"/practice/{run}/extend", {"left": "2"}).status == 303
    assert row(caller, run).extensions == 1
    assert caller.browse("student", "POST", f"/practice/{run}/extend", {"left": "1"}).status == 303
    refused = caller.browse("student", "POST", f"/practice/{run}/extend", {"left": "0"})
    assert refused.status == 409
    assert "forlenget så mange ganger som det er lov" in text(refused)


def test_a_double_click_resets_once_at_its_price(caller: Caller, run: str) -> None:
    assert "Du kan gjøre det 3 ganger til." in page(caller, f"/exercises/{run}")
    for _ in range(2):
        assert caller.browse("student", "POST", f"/practice/{run}/reset", {"generation": "1"}).status == 303
    with reading(site(caller).sessions) as session:
        environment = session.query(Environment).filter_by(exercise_id=run).one()
        assert (environment.generation, environment.resets) == (2, 1)
    assert "Miljøet ditt bygges på nytt." in page(caller, f"/exercises/{run}")


def test_a_task_given_up_shows_its_answer_and_gives_nothing(caller: Caller, run: str) -> None:
    assert "Gi opp og se løsningen" in page(caller, f"/exercises/{run}")
    assert caller.browse("student", "POST", f"/practice/{run}/tasks/find-web/give-up", {}).status == 303
    shown = page(caller, f"/exercises/{run}")
    assert "<code>NCR{8080}</code>" in shown
    assert "Gi opp og se løsningen" not in shown
    right = caller.browse("student", "POST", f"/exercises/{run}/tasks/find-web/submit", {"answer": "NCR{8080}"})
    assert "Riktig!" in text(right)
    assert "0 av 1 oppgaver" in page(caller, "/practice/scenarios/liten")


def test_the_result_says_what_was_done_and_what_is_left(caller: Caller, run: str) -> None:
    caller.browse("student", "POST", f"/exercises/{run}/tasks/find-web/hints/1", {})
    assert caller.browse("student", "POST", f"/practice/{run}/finish", {}).status == 303
    shown = page(caller, f"/exercises/{run}")
    for said in ("Du avsluttet økten.", "0 av 1", "Står igjen", "Finn nettstedet", "Øv på dette igjen"):
        assert said in shown, said
    assert "NCR{8080}" not in shown
    assert "ferdig" in page(caller, "/practice/scenarios/liten")


def test_why_it_ended_is_told(caller: Caller, run: str) -> None:
    at = site(caller)
    with at.sessions.begin() as session:
        practising.finish(session, run, utcnow(), why="idle")
    assert "ikke hadde skjedd noe på en stund" in page(caller, f"/exercises/{run}")


def test_a_failed_run_says_so_and_offers_another_try(caller: Caller, run: str) -> None:
    with site(caller).sessions.begin() as session:
        conduct.fail(session, run, "desk: hemmelig feilmelding", utcnow())
    shown = page(caller, f"/exercises/{run}")
    assert "Det er ikke noe du har gjort" in shown
    assert "hemmelig feilmelding" not in shown
    assert "Prøv igjen" in shown


def test_one_in_the_queue_sees_place_and_estimate_and_may_leave(caller: Caller) -> None:
    address = caller.browse("rival", "POST", "/practice", {"scenario": "liten"}).headers["location"]
    shown = page(caller, address, "rival")
    assert "<practice-wait" in shown
    assert 'http-equiv="refresh"' in shown
    assert "Hvor lang tid det tar, er ikke målt her ennå." in shown
    assert caller.browse("rival", "POST", f"/practice/{address.rpartition('/')[2]}/finish", {}).status == 303
    assert "Du gikk ut før økten begynte." in page(caller, address, "rival")


def test_an_instructor_practises_as_a_player_and_sees_no_runs_among_exercises(caller: Caller, run: str) -> None:
    address = caller.browse("owner", "POST", "/practice", {"scenario": "liten"}).headers["location"]
    assert "<practice-wait" in page(caller, address, "owner")
    assert caller.browse("owner", "GET", f"/exercises/{run}").status == 404
    for who in ("owner", "admin", "observer"):
        home = page(caller, "/", who)
        assert run not in home
        assert address not in home
    assert "Egentrening nå" in page(caller, "/practice/now", "observer")


def test_a_students_home_is_the_catalogue(caller: Caller) -> None:
    assert caller.browse("student", "GET", "/").headers["location"] == "/practice"
