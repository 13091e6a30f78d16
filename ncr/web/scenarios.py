"""The scenarios, for those who plan: which there are, what each is and costs, its versions, and bringing a new one."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import UploadFile

from ncr import access
from ncr.access import Action
from ncr.db import reading
from ncr.errors import Invalid, Problem, Refused
from ncr.exercise import claims, rehearsals, stock, upload
from ncr.exercise.tables import Rehearsal
from ncr.scenario.topology import Scenario
from ncr.web import practice_offers, scenario_versions
from ncr.web.catalogue import Words
from ncr.web.durations import length
from ncr.web.render import page
from ncr.web.visit import Visit, Visiting, find_scenario, require_form

router = APIRouter(include_in_schema=False)
Id = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
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
            except stock.Full as error:
                problem = Problem("", scenario_versions.full(error, told))
                return await run_in_threadpool(_list, visit, (problem,), error.status)
            except Refused:
                words = told("Denne versjonen finnes her fra før med et annet innhold. Gi scenarioet en ny versjon.")
                return await run_in_threadpool(_list, visit, (Problem("scenario.yml", words),), 409)
    return RedirectResponse(f"/scenarios/{made.definition.id}?brought={made.definition.version}", 303)


@router.get("/scenarios/{id}")
def one(visit: Visiting, id: Id, brought: Annotated[str, Query(max_length=40)] = "") -> Response:
    """One scenario: what it is about, what it needs, its versions, and which of them students are offered."""
    access.require(visit.viewer, Action.INSPECT)
    told = visit.told
    said = told("Versjon %(version)s er tatt vare på.", version=brought) if brought else ""
    return _one(visit, id, said)


@router.post("/scenarios/{id}/versions/{digest}/remove")
def remove(visit: Visiting, id: Id, digest: Digest, form_token: Annotated[str, Form()] = "") -> Response:
    """Remove a version that is kept and nothing uses, and come back to the page; the list when that was the last."""
    access.require(visit.viewer, Action.PLAN)
    require_form(visit, form_token)
    site = visit.site
    try:
        with site.sessions.begin() as session:
            stock.remove(session, site.shelf, id, digest, visit.viewer.user_id, site.clock())
    except stock.InUse as error:
        return _one(visit, id, scenario_versions.in_use(error, visit.told), error.status)
    is_left = any(each.definition.id == id for each in site.scenarios())
    return RedirectResponse(f"/scenarios/{id}" if is_left else "/scenarios", 303)


def _one(visit: Visit, id: str, said: str, status: int = 200) -> Response:
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
        "versions": scenario_versions.rows(visit, scenario),
        "practice": scenario_versions.practice(visit, scenario),
        "notes": scenario.notes,
    }
    if said:
        values["said"] = {"tone": "good" if status == 200 else "bad", "text": said}
    return page(visit.request, "scenario.html", visit.viewer, told, status=status, **values)


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
