"""The planning page: what, who and when in one form, with everything wrong said at once."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Action
from ncr.db import reading
from ncr.errors import Invalid, Problem
from ncr.exercise import rehearsals, setup
from ncr.exercise.plan import Plan
from ncr.people.once import once
from ncr.scenario.topology import Scenario
from ncr.web import views
from ncr.web.rehearsals import standing
from ncr.web.render import page
from ncr.web.visit import Visit, Visiting, require_form

router = APIRouter(include_in_schema=False)
SOON = timedelta(minutes=30)


class Planned(BaseModel):
    """What came of the form."""

    id: str


@router.get("/exercises/new")
def show(visit: Visiting, scenario: Annotated[str, Query(max_length=100)] = "") -> Response:
    """The empty form, with a start half an hour from now; `scenario` is chosen already."""
    access.require(visit.viewer, Action.PLAN)
    zone = visit.site.settings.time_zone
    start = (visit.site.clock().astimezone(ZoneInfo(zone)) + SOON).replace(second=0, microsecond=0, tzinfo=None)
    form = {
        "title": "",
        "scenario": scenario,
        "teams": [],
        "minutes": "",
        "recurrence": "",
        "visibility": "",
        "override": "",
    }
    return _form(visit, form | {"starts_at": start.isoformat(), "time_zone": zone, "key": secrets.token_hex(16)}, ())


@router.post("/exercises/new")
def make(
    visit: Visiting,
    form_token: Annotated[str, Form()] = "",
    key: Annotated[str, Form(max_length=64)] = "",
    title: Annotated[str, Form(max_length=1000)] = "",
    scenario: Annotated[str, Form(max_length=100)] = "",
    teams: Annotated[list[str] | None, Form()] = None,
    starts_at: Annotated[str, Form(max_length=40)] = "",
    time_zone: Annotated[str, Form(max_length=64)] = "",
    minutes: Annotated[str, Form(max_length=10)] = "",
    recurrence: Annotated[str, Form(max_length=120)] = "",
    visibility: Annotated[str, Form(max_length=10)] = "",
    override: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Plan it and go to its page; a form sent twice plans once."""
    access.require(visit.viewer, Action.PLAN)
    require_form(visit, form_token)
    form = {"title": title, "scenario": scenario, "teams": teams or [], "starts_at": starts_at, "key": key}
    form |= {"time_zone": time_zone, "minutes": minutes, "recurrence": recurrence, "visibility": visibility}
    form["override"] = override.strip()
    try:
        planned = _plan(visit, form)
    except Invalid as error:
        return _form(visit, form, error.problems, status=422)
    return RedirectResponse(f"/exercises/{planned.id}", 303)


def _plan(visit: Visit, form: Mapping[str, Any]) -> Planned:
    site, now = visit.site, visit.site.clock()
    plan = _as_plan(visit, form)
    with site.sessions.begin() as session:

        def work() -> Planned:
            return Planned(id=setup.plan(session, site.shelf, plan, now).id)

        return once(
            session, visit.viewer.user_id or "", form["key"] or None, repr(sorted(form.items())), now, Planned, work
        )


def _as_plan(visit: Visit, form: Mapping[str, Any]) -> Plan:
    problems: list[Problem] = []
    chosen = next((each for each in visit.site.scenarios() if each.definition.id == form["scenario"]), None)
    if chosen is None:
        problems.append(Problem("scenario", visit.told("Velg et scenario.")))
    elif not form["override"] and not _is_proven(chosen, visit):
        problems.append(
            Problem(
                "override",
                visit.told("Scenarioet har ikke bestått generalprøven. Skriv hvorfor øvelsen holdes likevel."),
            )
        )
    start = _start(form["starts_at"], problems, visit)
    if form["minutes"] and not form["minutes"].isdigit():
        problems.append(Problem("minutes", visit.told("Skriv varigheten som et helt tall minutter.")))
    if problems or chosen is None:
        raise Invalid(problems=problems)
    return Plan(
        scenario=chosen,
        title=form["title"],
        teams=form["teams"],
        starts_at=start,
        time_zone=form["time_zone"],
        duration_s=float(form["minutes"]) * 60 if form["minutes"] else None,
        recurrence=_rule(form["recurrence"], start),
        visibility=form["visibility"] or None,
        override=form["override"] or None,
        created_by=visit.viewer.user_id,
        prepare_lead_s=visit.site.settings.prepare_lead_s,
    )


def _is_proven(scenario: Scenario, visit: Visit) -> bool:
    with reading(visit.site.sessions) as session:
        return rehearsals.has_passed(session, scenario.digest)


def _start(text: str, problems: list[Problem], visit: Visit) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        problems.append(Problem("starts_at", visit.told("Skriv starten som dato og klokkeslett.")))
        return None


def _rule(choice: str, start: datetime | None) -> str | None:
    if start is None or choice not in ("daily", "weekly"):
        return None
    day = start.strftime("%a").lower() if choice == "weekly" else "*"
    return f"{start.minute} {start.hour} * * {day}"


def _form(visit: Visit, form: Mapping[str, Any], problems: tuple[Problem, ...], status: int = 200) -> Response:
    told = visit.told
    with reading(visit.site.sessions) as session:
        partners = views.partners(session)
        scenarios = [_scenario(session, each, visit) for each in visit.site.scenarios()]
    values = {
        "form": form,
        "key": form["key"],
        "wrong": problems,
        "partners": partners,
        "scenarios": scenarios,
        "is_any_unproven": any(not each["proven"] for each in scenarios),
        "zone": visit.site.settings.time_zone,
        "recurrences": [("", told("Nei")), ("daily", told("Hver dag")), ("weekly", told("Hver uke"))],
        "visibilities": [
            ("", told("Som scenarioet sier")),
            ("public", told("Åpen for alle")),
            ("teams", told("For lagene")),
            ("staff", told("Bare for spillstaben")),
            ("off", told("Ingen")),
        ],
    }
    return page(visit.request, "plan.html", visit.viewer, told, status=status, **values)


def _scenario(session: Session, scenario: Scenario, visit: Visit) -> dict[str, Any]:
    definition, language = scenario.definition, visit.told.language
    facts = visit.told("%(m)s min · %(n)s tjenester", m=definition.duration // 60, n=len(scenario.topology.services))
    texts = {"title": definition.title.get(language), "summary": definition.summary.get(language)}
    newest = rehearsals.last(session, scenario.digest)
    proof = {"proven": rehearsals.has_passed(session, scenario.digest), "last": newest}
    return {"id": definition.id, "facts": facts, **texts, **proof, "standing": standing(newest, visit.told)}
