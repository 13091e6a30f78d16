"""What students are offered: the site's own version, or a newer upload once its rehearsal has passed here."""

from pathlib import Path

import pytest

from ncr.exercise import rehearsals
from ncr.exercise.tables import ScenarioVersion
from tests.service.doors_site import Answer, Caller, World
from tests.service.test_scenario_upload import packed, send, site, text_of

CATALOGUE = "/api/v1/practice/catalogue"


def held(caller: Caller, version: str, *, passed: bool, scenario: str = "liten") -> None:
    """A rehearsal of an uploaded version, held on this site."""
    at = site(caller)
    with at.sessions.begin() as session:
        row = session.query(ScenarioVersion).filter_by(scenario=scenario, version=version).one()
        what = rehearsals.Version(row.digest, scenario, version)
        rehearsals.record(session, what, passed=passed, now=at.clock(), who=None, report={})


def offered(caller: Caller) -> dict[str, str]:
    """As a student sees it: scenario and version."""
    return {each["scenario"]: each["version"] for each in caller.as_("rival", "GET", CATALOGUE).json()}


def start(caller: Caller, wanted: str, who: str = "rival") -> Answer:
    return caller.as_(who, "POST", "/api/v1/practice", {"scenario": wanted})


def practised(caller: Caller) -> str | None:
    """As staff see it."""
    version: str | None = caller.as_("observer", "GET", "/api/v1/scenarios/liten").json()["practised"]
    return version


def test_a_newer_upload_is_offered_once_it_has_passed_and_runs_keep_theirs(caller: Caller, world: World) -> None:
    assert send(caller, packed(version="9.0.0")).status == 201
    assert offered(caller) == {"liten": "1.0.0"}
    assert practised(caller) == "1.0.0"
    held(caller, "9.0.0", passed=False)
    assert offered(caller) == {"liten": "1.0.0"}
    run = start(caller, "liten").json()["id"]
    held(caller, "9.0.0", passed=True)
    assert offered(caller) == {"liten": "9.0.0"}
    assert practised(caller) == "9.0.0"
    # A run that goes on keeps the version it was started with; the next one is of the newer.
    assert start(caller, "liten").json()["id"] == run
    assert exercise_version(caller, run) == "1.0.0"
    other = start(caller, "liten", "stranger").json()["id"]
    assert exercise_version(caller, other) == "9.0.0"


def exercise_version(caller: Caller, run: str) -> str:
    version: str = caller.as_("admin", "GET", f"/api/v1/exercises/{run}").json()["version"]
    return version


def test_an_unproven_version_is_refused_with_the_reason(caller: Caller) -> None:
    assert send(caller, packed(version="9.0.0")).status == 201
    refused = start(caller, "liten@9.0.0")
    assert refused.status == 409
    assert refused.json()["type"] == "urn:ncr:problem:practice-not-proven"
    assert "liten 9.0.0 is not offered for practice" in refused.json()["detail"]
    assert start(caller, "liten@7.0.0").json()["errors"][0]["message"] == (
        "there is no scenario liten@7.0.0; there are: liten"
    )
    assert start(caller, "liten@1.0.0").status == 201


def test_an_upload_of_a_new_scenario_is_in_no_catalogue_before_it_is_proven(caller: Caller, tmp_path: Path) -> None:
    assert send(caller, packed(id="annen", version="1.0.0")).status == 201
    assert offered(caller) == {"liten": "1.0.0"}
    assert start(caller, "annen").json()["type"] == "urn:ncr:problem:practice-not-proven"
    assert caller.browse("rival", "GET", "/practice/scenarios/annen").status == 404
    assert "Studentene tilbys ingen versjon." in text_of(caller, "/scenarios/annen")
    held(caller, "1.0.0", passed=True, scenario="annen")
    assert offered(caller) == {"annen": "1.0.0", "liten": "1.0.0"}
    assert start(caller, "annen").status == 201


def test_a_proven_version_that_is_for_exercises_only_ends_the_offer(caller: Caller) -> None:
    assert send(caller, packed(version="9.0.0", modes="[exercise]")).status == 201
    assert "Versjon 9.0.0 er ikke laget for egentrening." in text_of(caller, "/scenarios/liten")
    held(caller, "9.0.0", passed=True)
    assert offered(caller) == {}
    assert start(caller, "liten").json()["type"] == "urn:ncr:problem:practice-not-for-practice"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (None, "Versjon 9.0.0 tilbys først når den har bestått en generalprøve her."),
        ("asked", "Versjon 9.0.0 tilbys når generalprøven er bestått; den er ikke ferdig."),
        ("failed", "Versjon 9.0.0 tilbys ikke: generalprøven er ikke bestått."),
    ],
)
def test_the_scenarios_page_says_what_is_offered_and_why_nothing_newer(
    caller: Caller, state: str | None, words: str
) -> None:
    assert "Studentene tilbys versjon 1.0.0, den nyeste." in text_of(caller, "/scenarios/liten")
    assert send(caller, packed(version="9.0.0")).status == 201
    if state == "asked":
        assert caller.as_("owner", "POST", "/api/v1/scenarios/liten/rehearsals").status == 202
    elif state == "failed":
        held(caller, "9.0.0", passed=False)
    page = text_of(caller, "/scenarios/liten")
    assert "Studentene tilbys versjon 1.0.0." in page
    assert words in page
    held(caller, "9.0.0", passed=True)
    assert "Studentene tilbys versjon 9.0.0, den nyeste." in text_of(caller, "/scenarios/liten")
