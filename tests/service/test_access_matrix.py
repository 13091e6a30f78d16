"""Every route x every role x own and other team: one table says who is let in, and a route without a row fails."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from ncr.db import reading
from tests.service import doors_site
from tests.service.doors_site import EVERYBODY, PASSWORD, Answer, Caller, World

# What each gets: nobody signed in; a member of the team that is asked about; a member of another team in the exercise;
# a member of a team elsewhere; a student; an observer; the instructor who planned it; another instructor; an admin.
#                                                   public member rival stranger student observer owner instructor admin
ALL, OPEN_PAGE = "200 200 200 200 200 200 200 200 200", "303 303 303 303 303 303 303 303 303"
SIGNED_IN = "401 200 200 200 200 200 200 200 200"
ADMIN = "401 403 403 403 403 403 403 403 {0}"
PLANNER = "401 403 403 403 403 403 {0} {0} {0}"
LOOKS = "401 200 200 404 404 200 200 404 200"
PLAYS = "401 {0} {0} 404 404 403 403 404 403"
RUNS = "401 403 403 404 404 403 {0} 404 {0}"
RUNS_DRAFT = "401 404 404 404 404 403 {0} 404 {0}"
INSPECTS = "401 403 403 404 404 200 200 404 200"
OWN_OR_RUNS = "401 {0} 403 404 404 403 {0} 404 {0}"
PRACTISES = "401 {0} {0} {0} {0} 403 {0} {0} {0}"
OWN_RUN = "401 404 404 404 200 {0} 404 404 {1}"
FORM_OWN_RUN = "403 404 404 404 303 404 404 404 404"
FORM_RUNS = "403 403 403 404 404 403 303 404 303"


@dataclass(frozen=True)
class Row:
    """A route, an example of it, what is sent, and what each of EVERYBODY gets."""

    route: str
    path: str
    verdicts: str
    sent: Any = None


def api(route: str, path: str, verdicts: str, sent: Any = None) -> Row:
    method, _, template = route.partition(" ")
    return Row(f"{method} /api/v1{template}", f"/api/v1{path}", verdicts, sent)


A_PLAN = {"scenario": "liten", "title": "Ny", "teams": ["blaa"]}
A_FORM = {**A_PLAN, "teams": "blaa", "starts_at": "2099-01-01T09:00", "time_zone": "Europe/Oslo", "key": "k"}
WEB_ENTRY = "  - {id: shop, web: 'web:8080', title: {nb: Butikken, en: The shop}}\n"
TASK = "/exercises/{running}/tasks/find-web"
OWN = "/exercises/{running}/environments/{player_blaa}"

TABLE = (
    Row("GET /api/v1/openapi.json", "/api/v1/openapi.json", ALL),
    api("GET /health/live", "/health/live", ALL),
    api("GET /health/ready", "/health/ready", ALL),
    api("GET /metrics", "/metrics", ADMIN.format(200)),
    api("POST /auth/sign-in", "/auth/sign-in", "204 " * 9, {"login": "student", "password": PASSWORD}),
    api("POST /auth/sign-out", "/auth/sign-out", "204 " * 9),
    api("GET /auth/me", "/auth/me", SIGNED_IN),
    api("POST /auth/tokens", "/auth/tokens", SIGNED_IN.replace("200", "201"), {"name": "t", "role": "participant"}),
    api("GET /partners", "/partners", PLANNER.format(200)),
    api("POST /partners", "/partners", ADMIN.format(201), {"id": "ny", "name": "Ny"}),
    api("PATCH /partners/{id}", "/partners/tom", ADMIN.format(200), {"name": "Nytt"}),
    api("DELETE /partners/{id}", "/partners/tom", ADMIN.format(204)),
    api("GET /teams", "/teams", SIGNED_IN),
    api("POST /teams", "/teams", PLANNER.format(201), {"id": "ny", "name": "Ny"}),
    api("PATCH /teams/{id}", "/teams/blaa", PLANNER.format(200), {"name": "Nytt"}),
    api("DELETE /teams/{id}", "/teams/ubrukt", PLANNER.format(204)),
    api("GET /users", "/users", ADMIN.format(200)),
    api("POST /users", "/users", ADMIN.format(201), {"login": "ny", "name": "Ny", "role": "student"}),
    api("PATCH /users/{id}", "/users/{user_member}", ADMIN.format(200), {"name": "Nytt"}),
    api("DELETE /users/{id}", "/users/{user_member}", ADMIN.format(204)),
    api("GET /scenarios", "/scenarios", "401 403 403 403 403 200 200 200 200"),
    api("GET /scenarios/{id}", "/scenarios/liten", "401 403 403 403 403 200 200 200 200"),
    api("POST /scenarios", "/scenarios", PLANNER.format(422), {"no": "archive"}),
    api("GET /scenarios/{id}/rehearsals", "/scenarios/liten/rehearsals", "401 403 403 403 403 200 200 200 200"),
    api("POST /scenarios/{id}/rehearsals", "/scenarios/liten/rehearsals", PLANNER.format(202)),
    api("DELETE /scenarios/{id}/versions/{digest}", f"/scenarios/liten/versions/{'0' * 64}", PLANNER.format(404)),
    api("GET /scenarios/{id}/versions", "/scenarios/liten/versions", "401 403 403 403 403 200 200 200 200"),
    api("GET /exercises", "/exercises", SIGNED_IN),
    api("POST /exercises", "/exercises", PLANNER.format(201), A_PLAN),
    api("GET /exercises/{id}", "/exercises/{running}", LOOKS),
    api("GET /exercises/{id}", "/exercises/{draft}", "401 404 404 404 404 200 200 404 200"),
    api("PATCH /exercises/{id}", "/exercises/{scheduled}", RUNS.format(200), {"title": "Nytt"}),
    api("DELETE /exercises/{id}", "/exercises/{draft}", RUNS_DRAFT.format(204)),
    api("POST /exercises/{id}/extend", "/exercises/{running}/extend", RUNS.format(200), {"by_s": 60}),
    api("POST /exercises/{id}/{turn}", "/exercises/{draft}/launch", RUNS_DRAFT.format(200)),
    api("POST /exercises/{id}/{turn}", "/exercises/{running}/pause", RUNS.format(200)),
    api("POST /exercises/{id}/{turn}", "/exercises/{paused}/resume", RUNS.format(200)),
    api("POST /exercises/{id}/{turn}", "/exercises/{running}/finish", RUNS.format(200)),
    api("POST /exercises/{id}/{turn}", "/exercises/{scheduled}/cancel", RUNS.format(200)),
    api("POST /exercises/{id}/{turn}", "/exercises/{finished}/archive", RUNS.format(200)),
    api("GET /exercises/{id}/timeline", "/exercises/{running}/timeline", INSPECTS),
    api("POST /exercises/{id}/injects/{inject}/fire", "/exercises/{running}/injects/call/fire", RUNS.format(202)),
    api("GET /exercises/{id}/scoreboard", "/exercises/{running}/scoreboard", LOOKS),
    api("GET /exercises/{id}/facts", "/exercises/{running}/facts", INSPECTS),
    api(
        "POST /exercises/{id}/adjustments",
        "/exercises/{running}/adjustments",
        RUNS.format(201),
        {"participant": "{player_blaa}", "points": 5, "reason": "hjalp andre"},
    ),
    api("GET /exercises/{id}/tasks", "/exercises/{running}/tasks", PLAYS.format(200)),
    api("POST /exercises/{id}/tasks/{task}/submissions", f"{TASK}/submissions", PLAYS.format(200), {"answer": "8080"}),
    api("POST /exercises/{id}/tasks/{task}/hints/{n}", f"{TASK}/hints/1", PLAYS.format(200)),
    api("GET /exercises/{id}/messages", "/exercises/{running}/messages", LOOKS),
    api("POST /exercises/{id}/messages", "/exercises/{running}/messages", RUNS.format(201), {"text": "Hei"}),
    api("GET /exercises/{id}/seats", "/exercises/{running}/seats", LOOKS),
    api("PATCH /exercises/{id}/seats", "/exercises/{running}/seats", RUNS.format(200), {"seats": []}),
    api("GET /exercises/{id}/environments", "/exercises/{running}/environments", LOOKS),
    api("POST /exercises/{id}/environments/{team}/reset", f"{OWN}/reset", OWN_OR_RUNS.format(202)),
    api(
        "POST /exercises/{id}/environments/{team}/restart",
        f"{OWN}/restart",
        OWN_OR_RUNS.format(202),
        {"service": "web"},
    ),
    api("GET /practice/catalogue", "/practice/catalogue", PRACTISES.format(200)),
    api("GET /practice", "/practice", PRACTISES.format(200)),
    api("POST /practice", "/practice", PRACTISES.format(201), {"scenario": "liten"}),
    api("GET /practice/{id}", "/practice/{run}", OWN_RUN.format(200, 200)),
    api("POST /practice/{id}/{turn}", "/practice/{run}/extend", OWN_RUN.format(403, 200)),
    api("POST /practice/{id}/{turn}", "/practice/{run}/reset", OWN_RUN.format(403, 200)),
    api("POST /practice/{id}/{turn}", "/practice/{run}/finish", OWN_RUN.format(403, 200)),
    api("POST /practice/{id}/tasks/{task}/give-up", "/practice/{run}/tasks/find-web/give-up", OWN_RUN.format(403, 403)),
    api("WS /exercises/{exercise}/live", "/exercises/{running}/live", LOOKS.replace("200", "101")),
    api("GET /exercises/{exercise}/live.sse", "/exercises/{running}/live.sse", LOOKS),
    api(
        "GET /exercises/{id}/entries",
        "/exercises/{running}/entries?participant={player_blaa}",
        "401 200 403 404 404 200 200 404 200",
    ),
    api("GET /exercises/{id}/entries/sessions", "/exercises/{running}/entries/sessions", LOOKS),
    api(
        "POST /exercises/{id}/entries/{entry}/tickets",
        "/exercises/{running}/entries/desk/tickets",
        OWN_OR_RUNS.format(201),
        {"participant": "{player_blaa}"},
    ),
    # Whoever comes shows a ticket in the first frame; who gets one is decided where it is made.
    api("WS /exercises/{exercise}/terminal", "/exercises/{running}/terminal", ALL.replace("200", "101")),
    Row("GET /", "/", "303 200 200 200 303 200 200 200 200"),
    Row("GET /sign-in", "/sign-in", ALL),
    Row("POST /sign-in", "/sign-in", OPEN_PAGE, {"login": "student", "password": PASSWORD}),
    Row("POST /sign-out", "/sign-out", OPEN_PAGE.replace("303", "403", 1), {}),
    Row("POST /preferences", "/preferences", OPEN_PAGE, {"language": "en"}),
    Row("GET /practice", "/practice?q=liten&sort=latest", PRACTISES.format(200)),
    Row("POST /practice", "/practice", PRACTISES.format(303), {"scenario": "liten", "key": "k"}),
    Row("GET /practice/now", "/practice/now", "401 403 403 403 403 200 200 200 200"),
    Row("GET /practice/scenarios/{scenario}", "/practice/scenarios/liten", PRACTISES.format(200)),
    Row("POST /practice/{run}/extend", "/practice/{run}/extend", FORM_OWN_RUN, {"left": "2"}),
    Row("POST /practice/{run}/reset", "/practice/{run}/reset", FORM_OWN_RUN, {"generation": "1"}),
    Row("POST /practice/{run}/stay", "/practice/{run}/stay", FORM_OWN_RUN, {}),
    Row("POST /practice/{run}/finish", "/practice/{run}/finish", FORM_OWN_RUN, {}),
    Row(
        "POST /practice/{run}/tasks/{task}/give-up",
        "/practice/{run}/tasks/find-web/give-up",
        FORM_OWN_RUN,
        {},
    ),
    Row("GET /scenarios", "/scenarios", "401 403 403 403 403 200 200 200 200"),
    Row("POST /scenarios", "/scenarios", PLANNER.format(422), {"no": "archive"}),
    Row("GET /scenarios/{id}", "/scenarios/liten", "401 403 403 403 403 200 200 200 200"),
    Row(
        "POST /scenarios/{id}/versions/{digest}/remove",
        f"/scenarios/liten/versions/{'0' * 64}/remove",
        PLANNER.format(404),
        {},
    ),
    Row("GET /scenarios/{id}/rehearsal", "/scenarios/liten/rehearsal", "401 403 403 403 403 200 200 200 200"),
    Row("POST /scenarios/{id}/rehearsal", "/scenarios/liten/rehearsal", PLANNER.format(303), {}),
    Row("GET /exercises/new", "/exercises/new", PLANNER.format(200)),
    Row("POST /exercises/new", "/exercises/new", PLANNER.format(303), A_FORM),
    Row("GET /exercises/{exercise_id}", "/exercises/{running}", LOOKS),
    Row("GET /exercises/{exercise_id}/board", "/exercises/{running}/board", LOOKS),
    Row("GET /exercises/{exercise_id}/files/{name:path}", "/exercises/{running}/files/no", LOOKS.replace("200", "404")),
    Row(
        "POST /exercises/{exercise_id}/tasks/{task}/submit",
        f"{TASK}/submit",
        "403 200 200 404 404 404 404 404 404",
        {"answer": "8080"},
    ),
    Row(
        "POST /exercises/{exercise_id}/tasks/{task}/hints/{hint}",
        f"{TASK}/hints/1",
        "403 303 303 404 404 404 404 404 404",
        {},
    ),
    Row(
        "POST /exercises/{exercise_id}/entries/{entry}/open",
        "/exercises/{running}/entries/shop/open",
        "403 200 403 404 404 403 200 404 200",
        {"participant": "{player_blaa}"},
    ),
    Row("POST /exercises/{exercise_id}/injects/{inject}/fire", "/exercises/{running}/injects/call/fire", FORM_RUNS, {}),
    Row("POST /exercises/{exercise_id}/seats", "/exercises/{running}/seats", FORM_RUNS, {}),
    Row("POST /exercises/{exercise_id}/extend", "/exercises/{running}/extend", FORM_RUNS, {"minutes": "5"}),
    Row("POST /exercises/{exercise_id}/postpone", "/exercises/{scheduled}/postpone", FORM_RUNS, {"minutes": "5"}),
    Row("POST /exercises/{exercise_id}/{turn}", "/exercises/{running}/pause", FORM_RUNS, {}),
    Row(
        "POST /exercises/{exercise_id}/environments/{participant_id}/reset",
        f"{OWN}/reset",
        "403 303 404 404 404 404 303 404 303",
        {},
    ),
    Row(
        "POST /exercises/{exercise_id}/environments/{participant_id}/restart",
        f"{OWN}/restart",
        "403 303 404 404 404 404 303 404 303",
        {"service": "web"},
    ),
    Row(
        "GET /exercises/{exercise_id}/entries/{entry}",
        "/exercises/{running}/entries/desk",
        "401 200 200 404 404 403 404 404 404",
    ),
    Row(
        "GET /exercises/{exercise_id}/entries/{entry}",
        "/exercises/{running}/entries/desk?participant={player_blaa}",
        "401 200 403 404 404 403 200 404 200",
    ),
)


@pytest.fixture(scope="module")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("matrix")
    shutil.copy(sqlite_template, folder / "ncr.db")
    return doors_site.populate(folder, f"sqlite:///{folder / 'ncr.db'}", WEB_ENTRY)


@pytest.fixture(scope="module")
def caller(world: World) -> Iterator[Caller]:
    with doors_site.service(world.folder, f"sqlite:///{world.folder / 'ncr.db'}") as caller:
        yield caller


@pytest.fixture(autouse=True)
def own_copy(world: World, caller: Caller, tmp_path: Path) -> Iterator[None]:
    """What a request changes, it changes in a copy."""
    shutil.copy(world.folder / "ncr.db", tmp_path / "ncr.db")
    kept = caller.app.state.site
    own = doors_site.settings(world.folder, f"sqlite:///{tmp_path / 'ncr.db'}")
    with doors_site.closing_site(own) as site:
        caller.app.state.site = replace(site, shelf=kept.shelf)
        yield
    caller.app.state.site = kept


def knock(caller: Caller, world: World, row: Row, who: str) -> Answer:
    method, path = row.route.split(" ")[0], world.path(row.path)
    sent = row.sent
    if isinstance(sent, dict):
        sent = {name: world.path(each) if isinstance(each, str) else each for name, each in sent.items()}
    if path.startswith("/api/"):
        return caller.as_(who, method, path, sent)
    return caller.browse(who, method, path, sent)


CELLS = [
    pytest.param(row, who, int(verdict), id=f"{who}-{row.route.split(' ')[0]}-{row.path}")
    for row in TABLE
    for who, verdict in zip(EVERYBODY, row.verdicts.split(), strict=True)
]


@pytest.mark.parametrize(("row", "who", "verdict"), CELLS)
def test_each_route_lets_in_exactly_whom_the_table_says(
    caller: Caller, world: World, row: Row, who: str, verdict: int
) -> None:
    before = contents(caller)
    answer = knock(caller, world, row, who)
    assert answer.raised is None
    assert answer.status == verdict, answer.body[:500]
    if verdict in (401, 403, 404):
        assert contents(caller) == before, "a refusal changed something"


def contents(caller: Caller) -> list[Any]:
    """All rows, to see whether any changed."""
    site = caller.app.state.site
    with reading(site.sessions) as session:
        connection = session.connection()
        names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        return [connection.exec_driver_sql(f'SELECT * FROM "{name}"').all() for name in sorted(names)]  # noqa: S608


def test_every_route_has_a_row_and_every_row_a_route(caller: Caller) -> None:
    found = set()
    for route in iter_route_contexts(caller.app.routes):
        path = str(route.path)
        methods = getattr(route, "methods", None) or ({"WS"} if path.startswith("/api/") else set())
        found |= {f"{method} {path}" for method in methods - {"HEAD"}}
    assert found == {row.route for row in TABLE}


@pytest.mark.parametrize(
    ("visibility", "verdicts"),
    [
        ("public", "200 200 200 200 200 200 200 200 200"),
        ("running", "401 200 200 404 404 200 200 404 200"),
        ("staff", "401 403 403 404 404 200 200 404 200"),
        ("off", "401 403 403 404 404 200 200 404 200"),
    ],
)
def test_the_scoreboard_shows_to_whom_its_visibility_says(
    caller: Caller, world: World, visibility: str, verdicts: str
) -> None:
    path = f"/api/v1/exercises/{world.ids[visibility]}/scoreboard"
    assert [caller.as_(who, "GET", path).status for who in EVERYBODY] == [int(each) for each in verdicts.split()]
