"""Exercise control: the page an instructor runs an exercise from, and the buttons on it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Action
from ncr.db import reading
from ncr.errors import NotFound, Refused
from ncr.exercise import setup
from ncr.exercise.lifecycle import State
from ncr.exercise.tables import Exercise
from ncr.scenario.shared import SHARED
from ncr.scenario.topology import Scenario
from ncr.scoring import conduct
from ncr.web import entries, environments, inside, seating, timeline, views
from ncr.web.catalogue import Words
from ncr.web.render import page
from ncr.web.visit import Visit, Visiting, find, require_form

router = APIRouter(include_in_schema=False)

TURNS: dict[str, Callable[..., Any]] = {
    "launch": conduct.launch,
    "pause": conduct.pause,
    "resume": conduct.resume,
    "finish": conduct.finish,
    "cancel": conduct.cancel,
    "archive": conduct.archive,
}
S = State
OFFERED: dict[State, tuple[str, ...]] = {
    S.DRAFT: ("launch", "cancel"),
    S.SCHEDULED: ("launch", "postpone", "cancel"),
    S.PREPARING: ("launch", "postpone", "cancel"),
    S.READY: ("launch", "postpone", "cancel"),
    S.RUNNING: ("pause", "extend", "finish"),
    S.PAUSED: ("resume", "extend", "finish"),
    S.FINISHED: ("archive",),
    S.FAILED: ("archive",),
    S.CANCELLED: ("archive",),
}


def show(visit: Visit, session: Session, exercise: Exercise) -> Response:
    """Exercise control for `exercise`; who may look is decided by the caller."""
    told, language = visit.told, visit.told.language
    scenario = visit.site.shelf.get(exercise.digest)
    standings = visit.site.boards.of(exercise.id).snapshot("staff")["standings"]
    values: dict[str, Any] = {
        "exercise": exercise,
        "exercise_runs": exercise.state in (State.RUNNING, State.PAUSED),
        "scenario_title": scenario.definition.title.get(language),
        "scenario_version": scenario.definition.version,
        "clock": views.clock(exercise, visit.site.clock(), told),
        "may_run": access.may(visit.viewer, Action.RUN, exercise),
        "actions": _actions(State(exercise.state), told),
        "said": environments.said(visit, session, exercise.id) or timeline.said(visit) or seating.said(visit),
        "teams": _teams(session, exercise.id, scenario, standings, told),
        "shared": _shared(session, exercise.id, scenario, told),
        "restart_words": environments.restart_words(told),
        "entries": entries.titles(scenario.definition.entries, told),
        "inside": inside.teams(session, exercise, scenario.definition.entries, visit),
        "used": inside.log(session, exercise.id, scenario.definition.entries, told),
        "may_join": access.may(visit.viewer, Action.JOIN, exercise),
        "seats": seating.shown(session, exercise, scenario.definition, told),
        "timeline": timeline.rows(session, exercise, scenario.definition, told),
        "journal": views.journal(session, exercise, told),
    }
    return page(visit.request, "control.html", visit.viewer, told, **values)


def _teams(
    session: Session, exercise_id: str, scenario: Scenario, standings: Sequence[Mapping[str, Any]], told: Words
) -> list[dict[str, Any]]:
    rows = views.control_teams(session, exercise_id, standings)
    terminals = environments.open_terminals(session, [row["id"] for row in rows])
    return [
        row
        | {
            "reset_words": environments.reset_words(terminals.get(row["id"], 0), told),
            "offers": environments.services_of(scenario, row["id"]),
        }
        for row in rows
    ]


def _shared(session: Session, exercise_id: str, scenario: Scenario, told: Words) -> list[dict[str, Any]]:
    """The row of what the teams share; none when they share nothing."""
    found = views.shared_environment(session, exercise_id)
    if found is None:
        return []
    row = {"id": SHARED, "name": told("Felles"), "partner": told("for alle lag"), "environment": found, "points": None}
    offers = environments.services_of(scenario, SHARED)
    return [row | {"offers": offers, "reset_words": told("Det som kjører og ligger i fellesmiljøet, går tapt.")}]


def _actions(state: State, told: Words) -> list[dict[str, Any]]:
    labels = {
        "launch": told("Start så snart alt er klart"),
        "pause": told("Sett på pause"),
        "resume": told("Fortsett"),
        "extend": told("Forleng"),
        "postpone": told("Utsett starten"),
        "finish": told("Avslutt"),
        "cancel": told("Avlys"),
        "archive": told("Arkiver"),
    }
    lost = {
        "finish": told("Øvelsen avsluttes for alle lag, og alle øvingsmiljøer rives. Poengene beholdes."),
        "cancel": told("Øvelsen avlyses, og miljøene som er bygd, rives."),
    }
    main = ("launch", "resume")
    offered = OFFERED.get(state, ())
    return [{"name": name, "label": labels[name], "lost": lost.get(name), "main": name in main} for name in offered]


@router.post("/exercises/{exercise_id}/extend")
def extend(
    visit: Visiting,
    exercise_id: str,
    form_token: Annotated[str, Form()] = "",
    minutes: Annotated[int, Form(ge=1, le=1440)] = 10,
) -> Response:
    """Move the end."""
    require_form(visit, form_token)
    with visit.site.sessions.begin() as session:
        _may_run(session, visit, exercise_id)
        conduct.extend(session, exercise_id, minutes * 60, visit.site.clock(), who=visit.viewer.login)
    return RedirectResponse(f"/exercises/{exercise_id}", 303)


@router.post("/exercises/{exercise_id}/postpone")
def postpone(
    visit: Visiting,
    exercise_id: str,
    form_token: Annotated[str, Form()] = "",
    minutes: Annotated[int, Form(ge=1, le=1440)] = 10,
) -> Response:
    """Move the start."""
    require_form(visit, form_token)
    site = visit.site
    with site.sessions.begin() as session:
        exercise = _may_run(session, visit, exercise_id)
        if exercise.starts_at is None:
            raise Refused(visit.told("Øvelsen har ingen starttid å utsette."))
        moved = {"starts_at": exercise.starts_at + timedelta(minutes=minutes)}
        setup.change(session, site.shelf, exercise_id, moved, site.clock(), who=visit.viewer.login)
    return RedirectResponse(f"/exercises/{exercise_id}", 303)


@router.post("/exercises/{exercise_id}/{turn}")
def turn(visit: Visiting, exercise_id: str, turn: str, form_token: Annotated[str, Form()] = "") -> Response:
    """Launch, pause, resume, finish, cancel or archive."""
    require_form(visit, form_token)
    if turn not in TURNS:
        raise NotFound
    with visit.site.sessions.begin() as session:
        _may_run(session, visit, exercise_id)
        TURNS[turn](session, exercise_id, visit.site.clock(), who=visit.viewer.login)
    return RedirectResponse(f"/exercises/{exercise_id}", 303)


def _may_run(session: Session, visit: Visit, exercise_id: str) -> Exercise:
    exercise, _ = find(session, visit, exercise_id)
    access.require(visit.viewer, Action.RUN, exercise)
    return exercise


def front(visit: Visit) -> Response:
    """The front page: the exercises this visitor has to do with."""
    with reading(visit.site.sessions) as session:
        rows = access.visible_exercises(session, visit.viewer)
        groups = views.home(session, rows, visit.viewer.role in ("instructor", "observer", "admin"), visit.told)
    shown = [(heading, found) for heading, found in groups if found]
    return page(visit.request, "home.html", visit.viewer, visit.told, groups=shown)
