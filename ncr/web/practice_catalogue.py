"""Practice: the catalogue a student chooses from, a scenario's own page, starting a run, and staff's view of it all."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Action
from ncr.db import reading
from ncr.errors import NotFound
from ncr.exercise import practice
from ncr.exercise.practice import Limited, Reason, Run
from ncr.people.once import once
from ncr.scenario.topology import Scenario
from ncr.scoring import practising as acts
from ncr.scoring.progress import made_by, progress
from ncr.web import practice_offers, practice_words
from ncr.web.durations import length as spelled
from ncr.web.practice_choice import Offer, Wanted, chosen
from ncr.web.render import page
from ncr.web.visit import Visit, Visiting, require_form

router = APIRouter(include_in_schema=False)
LIVE = ("queued", "preparing", "ready", "running")
Asked = Annotated[str, Query(max_length=200)]


class Started(BaseModel):
    """What came of a start."""

    id: str


@router.get("/practice")
def catalogue(
    visit: Visiting, q: Asked = "", difficulty: Asked = "", length: Asked = "", sort: Asked = "difficulty"
) -> Response:
    """The scenarios to practise, as they are asked for, and the runs the student has going."""
    access.require(visit.viewer, Action.PRACTISE)
    wanted, told, zone = Wanted(q, difficulty, length, sort), visit.told, visit.site.settings.time_zone
    with reading(visit.site.sessions) as session:
        made, runs = made_by(session, _user(visit)), _live(_runs(visit, session))
    scenarios = [each.definition for each in _offered(visit)]
    offers = [Offer(each, told.language, progress(each, made.get(each.id, []))) for each in scenarios]
    found, limit = chosen(offers, wanted), _limit(visit, runs)
    values: dict[str, Any] = {
        "wanted": wanted,
        "total": len(offers),
        "found": practice_offers.found(len(found), told),
        "offers": [practice_offers.card(offer, _of(runs, offer.definition.id), limit, zone, told) for offer in found],
        "runs": [practice_words.row(run, told) for run in runs],
        "limit": limit,
        "difficulties": practice_offers.difficulties(told).items(),
        "lengths": practice_offers.lengths(told).items(),
        "sorts": practice_offers.sorts(told).items(),
    }
    return page(visit.request, "practice.html", visit.viewer, told, **values)


@router.post("/practice")
def start(
    visit: Visiting,
    form_token: Annotated[str, Form()] = "",
    scenario: Annotated[str, Form(max_length=100)] = "",
    key: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Start the scenario, or go on with the run there is of it; sent twice, or from two tabs, it is one run."""
    access.require(visit.viewer, Action.PRACTISE)
    require_form(visit, form_token)
    site, now, user, wanted = visit.site, visit.site.clock(), _user(visit), _scenario(visit, scenario)
    try:
        with site.sessions.begin() as session:

            def work() -> Started:
                return Started(id=acts.start(session, site.shelf, site.settings, wanted, user, now))

            started = once(session, user, key or None, f"practice page {scenario}", now, Started, work)
    except Limited as limited:
        return _scenario_page(visit, wanted, practice_words.refusal(limited, visit.told), limited.status)
    return RedirectResponse(f"/exercises/{started.id}", 303)


@router.get("/practice/now")
def now(visit: Visiting) -> Response:
    """What goes on in practice just now, for staff: runs, the queue, what stands ready, and the limits."""
    access.require(visit.viewer, Action.INSPECT)
    site, told = visit.site, visit.told
    with reading(site.sessions) as session:
        counted = practice.counts(session)
    settings = site.settings
    limits = {
        told("Økter på én gang"): settings.practice_runs,
        told("Økter for hver student"): settings.practice_runs_per_student,
        told("Avsluttes uten aktivitet etter"): spelled(settings.practice_idle_s, told),
        told("Kan forlenges"): told(
            "%(n)s ganger, %(time)s hver gang",
            n=settings.practice_extensions,
            time=spelled(settings.practice_extension_s, told),
        ),
        told("Holdes ferdig bygd"): told(
            "%(n)s av hvert av de %(m)s mest øvde scenarioene", n=settings.pool_size, m=settings.pool_scenarios
        ),
    }
    facts = practice_offers.counts(counted, settings.practice_runs, told)
    return page(visit.request, "practice-now.html", visit.viewer, told, facts=facts, limits=limits)


@router.get("/practice/scenarios/{scenario}")
def show(visit: Visiting, scenario: str) -> Response:
    """One scenario: what it teaches, what is in it, and how it went so far."""
    access.require(visit.viewer, Action.PRACTISE)
    return _scenario_page(visit, _scenario(visit, scenario))


def _scenario_page(visit: Visit, scenario: Scenario, refused: str | None = None, status: int = 200) -> Response:
    told, definition, zone = visit.told, scenario.definition, visit.site.settings.time_zone
    with reading(visit.site.sessions) as session:
        made, runs = made_by(session, _user(visit)).get(definition.id, []), _runs(visit, session)
    live = _live(runs)
    offer = Offer(definition, told.language, progress(definition, made))
    values = {
        "offer": practice_offers.card(offer, _of(live, definition.id), refused or _limit(visit, live), zone, told),
        "refused": refused,
        "history": practice_offers.history([run for run in runs if run.scenario == definition.id], made, zone, told),
        **practice_offers.lab(scenario, told),
    }
    return page(visit.request, "practice-scenario.html", visit.viewer, told, status=status, **values)


def again(visit: Visit, scenario: str, session: Session) -> dict[str, str | None]:
    """For a run that is over: whether its scenario can be started again, or is going already, or why not."""
    runs = _live(_runs(visit, session))
    going = _of(runs, scenario)
    is_offered = any(each.definition.id == scenario for each in _offered(visit))
    gone = None if is_offered else visit.told("Scenarioet finnes ikke lenger i katalogen.")
    return {"going": f"/exercises/{going.id}" if going else None, "why_not": gone or _limit(visit, runs)}


def _user(visit: Visit) -> str:
    return visit.viewer.user_id or ""


def _offered(visit: Visit) -> Sequence[Scenario]:
    return visit.site.offered()


def _scenario(visit: Visit, id: str) -> Scenario:
    found = next((each for each in _offered(visit) if each.definition.id == id), None)
    if found is None:
        raise NotFound(visit.told("Dette scenarioet er ikke i katalogen."))
    return found


def _runs(visit: Visit, session: Session) -> Sequence[Run]:
    site = visit.site
    return practice.runs_of(session, site.shelf, site.settings, _user(visit), site.clock())


def _live(runs: Sequence[Run]) -> Sequence[Run]:
    return [run for run in runs if run.state in LIVE]


def _of(runs: Sequence[Run], scenario: str) -> Run | None:
    return next((run for run in runs if run.scenario == scenario), None)


def _limit(visit: Visit, live: Sequence[Run]) -> str | None:
    """Why nothing new can be started now, in words."""
    settings = visit.site.settings
    if settings.practice_runs == 0:
        return practice_words.refusal(Limited(Reason.SITE_CLOSED), visit.told)
    if len(live) >= settings.practice_runs_per_student:
        return practice_words.refusal(Limited(Reason.MOST_RUNS, most=len(live)), visit.told)
    return None
