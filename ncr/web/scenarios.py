"""The scenarios, for those who plan: which there are, what each is and costs, its versions, and bringing a new one."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import select
from starlette.datastructures import UploadFile

from ncr import access
from ncr.access import Action
from ncr.db import reading
from ncr.errors import Invalid, Problem, Refused
from ncr.exercise import claims, library, rehearsals, upload
from ncr.exercise.tables import Rehearsal
from ncr.people.tables import User
from ncr.scenario.topology import Scenario
from ncr.web import practice_offers
from ncr.web.catalogue import Words
from ncr.web.durations import length
from ncr.web.render import date, page
from ncr.web.visit import Visit, Visiting, find_scenario, require_form

router = APIRouter(include_in_schema=False)
Id = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
CHUNK = 1024 * 1024


@router.get("/scenarios")
def show(visit: Visiting) -> Response:
    """Every scenario in its newest version, and the form that brings another."""
    access.require(visit.viewer, Action.INSPECT)
    return _list(visit, ())


@router.post("/scenarios")
async def bring(visit: Visiting) -> Response:
    """Keep the uploaded archive's scenario and go to its page; what is wrong with it is said on the list's page."""
    access.require(visit.viewer, Action.PLAN)
    site, told = visit.site, visit.told
    async with visit.request.form(max_files=1, max_fields=4) as form:
        require_form(visit, str(form.get("form_token", "")))
        sent = form.get("archive")
        if not isinstance(sent, UploadFile) or not sent.filename:
            return await run_in_threadpool(_list, visit, (Problem("", told("Velg en zip- eller tar.gz-fil.")),), 422)
        with upload.folder(site.settings) as place:
            packed = place / "archive"
            with packed.open("wb") as file:
                while chunk := await sent.read(CHUNK):
                    file.write(chunk)
            known = (site.settings, site.sessions, site.shelf, site.scenarios, visit.viewer.user_id, site.clock())
            try:
                made = await run_in_threadpool(upload.receive, packed, *known)
            except Invalid as error:
                return await run_in_threadpool(_list, visit, error.problems, 422)
            except Refused:
                words = told("Denne versjonen finnes her fra før med et annet innhold. Gi scenarioet en ny versjon.")
                return await run_in_threadpool(_list, visit, (Problem("scenario.yml", words),), 409)
    return RedirectResponse(f"/scenarios/{made.definition.id}?brought={made.definition.version}", 303)


@router.get("/scenarios/{id}")
def one(visit: Visiting, id: Id, brought: Annotated[str, Query(max_length=40)] = "") -> Response:
    """One scenario: what it is about, what it needs, and its versions."""
    access.require(visit.viewer, Action.INSPECT)
    told = visit.told
    scenario = find_scenario(visit, id)
    definition, language = scenario.definition, told.language
    values: dict[str, Any] = {
        "scenario": _row(scenario, visit),
        "objectives": [text.get(language) for text in definition.objectives],
        "tasks": [(task.title.get(language), task.category) for task in definition.tasks],
        "services": _services(scenario),
        "networks": list(scenario.topology.networks),
        "attack": definition.attack,
        "versions": _versions(visit, scenario),
        "notes": scenario.notes,
    }
    if brought:
        values["said"] = {"tone": "good", "text": told("Versjon %(version)s er tatt vare på.", version=brought)}
    return page(visit.request, "scenario.html", visit.viewer, told, **values)


def _list(visit: Visit, problems: tuple[Problem, ...], status: int = 200) -> Response:
    rows = [_row(scenario, visit) for scenario in visit.site.scenarios()]
    with reading(visit.site.sessions) as session:
        for row in rows:
            row["proof"] = _proof(rehearsals.last(session, row["digest"]), visit.told)
    values: dict[str, Any] = {"scenarios": rows, "wrong": problems}
    return page(visit.request, "scenarios.html", visit.viewer, visit.told, status=status, **values)


def _row(scenario: Scenario, visit: Visit) -> dict[str, Any]:
    told, definition = visit.told, scenario.definition
    need = claims.needed(scenario, visit.site.settings)
    modes = {"exercise": told("Øvelse"), "practice": told("Egentrening")}
    return {
        "id": definition.id,
        "title": definition.title.get(told.language),
        "summary": definition.summary.get(told.language),
        "version": definition.version,
        "digest": scenario.digest,
        "difficulty": practice_offers.difficulties(told)[definition.difficulty],
        "length": length(definition.duration, told),
        "modes": ", ".join(modes[mode] for mode in definition.modes),
        "memory": f"{need.memory_mib:.0f} MiB",
        "cpus": f"{need.cpus:g}",
    }


def _proof(last: Rehearsal | None, told: Words) -> str:
    words = {
        "asked": told("bestilt"),
        "running": told("pågår"),
        "passed": told("bestått"),
        "failed": told("ikke bestått"),
    }
    return words[last.state] if last else told("ikke holdt")


def _services(scenario: Scenario) -> list[dict[str, Any]]:
    found = []
    for service in scenario.topology.services.values():
        ports = ", ".join(f"{port.number}/{port.protocol}" for port in service.ports)
        found.append({"name": service.name, "networks": ", ".join(service.networks), "ports": ports or "–"})
    return found


def _versions(visit: Visit, scenario: Scenario) -> list[dict[str, Any]]:
    """Those that are kept, newest first; the newest may lie in a folder, not yet kept."""
    told, definition, zone = visit.told, scenario.definition, visit.site.settings.time_zone
    with reading(visit.site.sessions) as session:
        kept = library.versions(session, definition.id)
        names = {id: name for id, name in session.execute(select(User.id, User.name))}
    rows: list[dict[str, Any]] = [
        {
            "version": row.version,
            "digest": row.digest[:12],
            "at": (at := row.uploaded_at or row.added_at),
            "day": date(at, zone, told.language),
            "by": names.get(row.uploaded_by or "", told("scenariomappen")),
        }
        for row in kept
    ]
    if all(row.digest != scenario.digest for row in kept):
        now = {"version": definition.version, "digest": scenario.digest[:12], "at": None, "by": told("scenariomappen")}
        rows.insert(0, now)
    return rows
