"""A scenario's rehearsal, for those who plan: the last report as a table, and asking for another."""

from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from ncr import access
from ncr.access import Action
from ncr.db import reading
from ncr.exercise import rehearsals
from ncr.exercise.rehearsals import Wait
from ncr.exercise.tables import Rehearsal
from ncr.web.catalogue import Words
from ncr.web.render import page, when
from ncr.web.scenarios import Id
from ncr.web.visit import Visiting, find_scenario, require_form

router = APIRouter(include_in_schema=False)


@router.get("/scenarios/{id}/rehearsal")
def show(visit: Visiting, id: Id) -> Response:
    """The newest rehearsal of the newest version, step by step."""
    access.require(visit.viewer, Action.INSPECT)
    scenario, site = find_scenario(visit, id), visit.site
    with reading(site.sessions) as session:
        row = rehearsals.last(session, scenario.digest)
        wait = rehearsals.awaited(session, site.shelf, site.settings, row, site.clock()) if row else None
    definition, told = scenario.definition, visit.told
    values: dict[str, Any] = {
        "id": definition.id,
        "title": definition.title.get(told.language),
        "version": definition.version,
        "rehearsal": row,
        "state": _awaiting(wait, site.settings.time_zone, told) if wait else standing(row, told),
        "is_short_of_room": wait is not None and wait.why == "room",
        "under_way": row is not None and row.state in rehearsals.UNDER_WAY,
        "steps": row.report.get("steps", ()) if row else (),
        "outcomes": {"passed": told("Bestått"), "failed": told("Ikke bestått"), "note": told("Merknad")},
        "zone": site.settings.time_zone,
    }
    return page(visit.request, "rehearsal.html", visit.viewer, told, **values)


@router.post("/scenarios/{id}/rehearsal")
def ask(visit: Visiting, id: Id, form_token: Annotated[str, Form()] = "") -> Response:
    """Ask for one and come back to the page."""
    access.require(visit.viewer, Action.PLAN)
    require_form(visit, form_token)
    scenario, site = find_scenario(visit, id), visit.site
    with site.sessions.begin() as session:
        rehearsals.ask(session, site.shelf, scenario, site.clock(), visit.viewer.login)
    return RedirectResponse(f"/scenarios/{id}/rehearsal", 303)


def _awaiting(wait: Wait, zone: str, told: Words) -> str:
    if wait.why == "turn" or wait.until is None:
        return told("Generalprøven er bestilt og begynner når den som er i gang, er ferdig.")
    at = when(wait.until, zone, told.language)
    return told("Generalprøven er bestilt og venter på plass. Det er ventelig plass %(at)s.", at=at)


def standing(row: Rehearsal | None, told: Words) -> str:
    """How the newest rehearsal of a version stands, in the reader's words."""
    if row is None:
        return told("Denne versjonen har ikke hatt generalprøve her.")
    return {
        "asked": told("Generalprøven er bestilt og begynner snart."),
        "running": told("Generalprøven er i gang."),
        "passed": told("Generalprøven er bestått."),
        "failed": told("Generalprøven er ikke bestått."),
    }[row.state]
