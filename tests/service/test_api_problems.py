"""Everything that goes wrong is a problem document that says what, where, and nothing about the inside."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from ncr import db
from tests.service import doors_site
from tests.service.doors_site import Answer, Caller, World

MEMBERS = {"type", "title", "status", "detail"}


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("problems")
    shutil.copy(sqlite_template, folder / "ncr.db")
    return doors_site.populate(folder, f"sqlite:///{folder / 'ncr.db'}")


@pytest.fixture(scope="module")
def caller(world: World) -> Iterator[Caller]:
    with doors_site.service(world.folder, f"sqlite:///{world.folder / 'ncr.db'}") as caller:
        yield caller


def problem(answer: Answer, status: int) -> dict[str, Any]:
    """The document, checked for what every one has."""
    assert answer.raised is None
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert set(told) - {"errors"} == MEMBERS
    assert told["status"] == status
    assert told["type"].startswith("urn:ncr:problem:")
    return dict(told)


def test_a_path_that_is_not_there(caller: Caller) -> None:
    for path in ("/api/v1/nothing", "/api/v1/exercises/x/y/z", "/api/v2/health/live", "/api/v1/health/live/"):
        problem(caller.as_("admin", "GET", path), 404)


def test_a_method_that_is_not_there_names_those_that_are(caller: Caller) -> None:
    answer = caller.as_("admin", "PUT", "/api/v1/health/live")
    problem(answer, 405)
    assert answer.headers["allow"] == "GET"


def test_every_fault_in_a_body_is_named_at_once(caller: Caller) -> None:
    answer = caller.as_("admin", "POST", "/api/v1/users", {"login": "Å", "role": "king", "extra": 1})
    told = problem(answer, 422)
    assert {each["where"] for each in told["errors"]} == {"body.login", "body.name", "body.role", "body.extra"}


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", b"null", b'"x"', b"NaN", b'{"answer": "\\ud800"}'])
def test_a_body_that_cannot_be_read(caller: Caller, world: World, body: bytes) -> None:
    path = world.path("/api/v1/exercises/{running}/tasks/find-web/submissions")
    problem(caller.as_("member", "POST", path, body, **{"content-type": "application/json"}), 422)


def test_a_body_nested_without_end(caller: Caller) -> None:
    body = b"[" * 100_000
    problem(caller.as_("admin", "POST", "/api/v1/users", body, **{"content-type": "application/json"}), 422)


def test_a_body_that_is_too_large(caller: Caller) -> None:
    body = b'{"answer": "' + b"x" * 2_000_000 + b'"}'
    told = problem(caller.as_("admin", "POST", "/api/v1/users", body, **{"content-type": "application/json"}), 413)
    assert told["type"] == "urn:ncr:problem:too-large"


def test_a_body_that_grows_too_large_without_saying_so(caller: Caller) -> None:
    headers = {"content-type": "application/json", "content-length": "10"}
    body = b'{"answer": "' + b"x" * 2_000_000 + b'"}'
    problem(caller.as_("admin", "POST", "/api/v1/users", body, **headers), 413)


@pytest.mark.parametrize("body", [{"content-type": "text/plain"}, {"content-type": "multipart/form-data"}], ids=str)
def test_a_body_of_another_kind(caller: Caller, body: dict[str, str]) -> None:
    problem(caller.as_("admin", "POST", "/api/v1/users", b'{"login": "x"}', **body), 422)


@pytest.mark.parametrize("cursor", ["%00", "%F0%9F%92%A9", "a" * 300, "%ff", "' OR 1=1"])
def test_a_cursor_of_nonsense(caller: Caller, cursor: str) -> None:
    answer = caller.as_("admin", "GET", f"/api/v1/users?cursor={cursor.replace(' ', '%20')}")
    assert answer.status in (200, 422)
    assert answer.raised is None


def test_an_answer_outside_the_open_time_names_the_state(caller: Caller, world: World) -> None:
    for state in ("scheduled", "paused", "finished"):
        path = world.path(f"/api/v1/exercises/{{{state}}}/tasks/find-web/submissions")
        told = problem(caller.as_("member", "POST", path, {"answer": "x"}), 409)
        assert (told["type"], state in told["detail"]) == ("urn:ncr:problem:not-open", True)


def test_too_many_tries_say_when_to_come_back(caller: Caller) -> None:
    body = {"login": "finnes-ikke", "password": "feil"}
    answers = [caller.ask("POST", "/api/v1/auth/sign-in", body) for _ in range(6)]
    assert [answer.status for answer in answers] == [401] * 5 + [429]
    problem(answers[-1], 429)
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 61


def test_what_nobody_expected_is_told_by_a_number_and_logged_under_it(caller: Caller) -> None:
    def broken() -> list[Any]:
        raise ValueError("the inside: hunter2")

    site = caller.app.state.site
    caller.app.state.site = replace(site, scenarios=broken, offered=broken)
    try:
        with structlog.testing.capture_logs() as logged:
            answer = caller.as_("admin", "GET", "/api/v1/scenarios")
    finally:
        caller.app.state.site = site
    answer.raised = None
    told = problem(answer, 500)
    assert b"hunter2" not in answer.body
    numbers = [each["number"] for each in logged if "number" in each]
    assert [number for number in numbers if number in told["detail"]] == numbers
    assert len(numbers) == 1
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_database_that_does_not_answer_is_said_plainly(caller: Caller, tmp_path: Path) -> None:
    site = caller.app.state.site
    nowhere = db.connect(f"sqlite:///{tmp_path / 'missing' / 'ncr.db'}")
    caller.app.state.site = replace(site, sessions=db.sessions(nowhere))
    try:
        answer = caller.as_("admin", "GET", "/api/v1/health/ready")
    finally:
        caller.app.state.site = site
        nowhere.dispose()
    answer.raised = None
    assert problem(answer, 503)["type"] == "urn:ncr:problem:service-unavailable"


@pytest.mark.parametrize("path", ["/api/v1/health/live", "/api/v1/nothing", "/sign-in", "/nothing", "/static/nothing"])
def test_every_answer_carries_the_policies(caller: Caller, path: str) -> None:
    headers = caller.ask("GET", path).headers
    policy = headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_what_one_person_is_shown_is_kept_by_no_cache(caller: Caller, world: World) -> None:
    for path in ("/api/v1/auth/me", "/api/v1/exercises/{running}/scoreboard", "/api/v1/nothing"):
        assert caller.as_("member", "GET", world.path(path)).headers["cache-control"] == "no-store"
    assert caller.browse("member", "GET", world.path("/exercises/{running}")).headers["cache-control"] == "no-store"


def test_a_page_that_fails_is_a_page(caller: Caller) -> None:
    answer = caller.browse("public", "GET", "/nothing")
    assert answer.status == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert json.dumps("Traceback") not in answer.body.decode()
