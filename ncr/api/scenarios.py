"""The scenarios that can be planned with: listed, looked at, uploaded."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from sqlalchemy import select

from ncr import access
from ncr.access import Action
from ncr.api.caller import AtSite, Somebody
from ncr.api.problems import documented
from ncr.db import reading
from ncr.errors import NotFound
from ncr.exercise import claims, library, rehearsals, stock, upload
from ncr.people.tables import User
from ncr.scenario.topology import Scenario
from ncr.site import Site

router = APIRouter(prefix="/scenarios", tags=["scenarios"])
Id = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
PACKED = {"schema": {"type": "string", "format": "binary"}}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {kind: PACKED for kind in ("application/zip", "application/gzip", "application/octet-stream")},
    }
}


class ScenarioOut(BaseModel):
    """A scenario as an instructor chooses it: no flags, no answers; memory (MiB) and cores are one team's at most."""

    id: str
    version: str
    digest: str
    title: dict[str, str]
    summary: dict[str, str]
    difficulty: str
    duration_s: int
    modes: list[str]
    objectives: list[dict[str, str]]
    attack: list[str]
    services: list[str]
    tasks: int
    memory_mib: float
    cpus: float
    practised: str | None = Field(description="the version offered for practice: the newest proven one, if any")


class VersionOut(BaseModel):
    """A version that is kept; `uploaded_by` is the user who brought it, null for one from the site's folders.

    `proven` says whether a rehearsal of it has passed on this site.
    """

    version: str
    digest: str
    added_at: datetime
    uploaded_by: str | None
    proven: bool


@router.get("", responses=documented(401, 403))
def list_scenarios(at: AtSite, viewer: Somebody) -> list[ScenarioOut]:
    """Every scenario of the site."""
    access.require(viewer, Action.INSPECT)
    offered = _offered(at)
    return [_shown(scenario, at, offered) for scenario in at.scenarios()]


@router.post("", status_code=201, responses=documented(401, 403, 409, 413, 422, 507), openapi_extra=BODY)
async def upload_scenario(request: Request, at: AtSite, viewer: Somebody) -> ScenarioOut:
    """Bring a scenario, as a zip or tar.gz of its directory; everything wrong with it is said at once.

    The same content again changes nothing; other content needs a new version. Over the site's bounds: 507.
    """
    access.require(viewer, Action.PLAN)
    with upload.folder(at.settings) as place:
        packed = place / "archive"
        with packed.open("wb") as file:
            async for chunk in request.stream():
                file.write(chunk)
        known = (at.settings, at.sessions, at.shelf, at.scenarios, viewer.user_id, at.clock())
        return await run_in_threadpool(lambda: _shown(upload.receive(packed, *known), at, _offered(at)))


@router.get("/{id}", responses=documented(401, 403, 404, 422))
def get_scenario(id: Id, at: AtSite, viewer: Somebody) -> ScenarioOut:
    """One scenario, in its newest version."""
    access.require(viewer, Action.INSPECT)
    for scenario in at.scenarios():
        if scenario.definition.id == id:
            return _shown(scenario, at, _offered(at))
    raise NotFound("There is no such scenario.")


@router.get("/{id}/versions", responses=documented(401, 403, 422))
def list_versions(id: Id, at: AtSite, viewer: Somebody) -> list[VersionOut]:
    """The versions that were uploaded or planned with, newest first; a plan names one as ID@VERSION."""
    access.require(viewer, Action.INSPECT)
    with reading(at.sessions) as session:
        rows = library.versions(session, id)
        names = dict(session.execute(select(User.id, User.name)).all()) if rows else {}
        proven = set(session.scalars(rehearsals.passed()))
    return [
        VersionOut(
            version=row.version,
            digest=row.digest,
            added_at=row.added_at,
            uploaded_by=names.get(row.uploaded_by or ""),
            proven=row.digest in proven,
        )
        for row in rows
    ]


@router.delete("/{id}/versions/{digest}", status_code=204, responses=documented(401, 403, 404, 409, 422))
def remove_version(id: Id, digest: Digest, at: AtSite, viewer: Somebody) -> None:
    """Remove a kept version and its copy; one that an exercise or a practice run used, past ones too, is refused."""
    access.require(viewer, Action.PLAN)
    with at.sessions.begin() as session:
        stock.remove(session, at.shelf, id, digest, viewer.user_id, at.clock())


def _offered(at: Site) -> Mapping[str, str]:
    return {each.definition.id: each.definition.version for each in at.offered()}


def _shown(scenario: Scenario, at: Site, offered: Mapping[str, str]) -> ScenarioOut:
    definition, need = scenario.definition, claims.needed(scenario, at.settings)
    return ScenarioOut(
        id=definition.id,
        version=definition.version,
        digest=scenario.digest,
        title={**definition.title.root},
        summary={**definition.summary.root},
        difficulty=definition.difficulty,
        duration_s=definition.duration,
        modes=list(definition.modes),
        objectives=[{**text.root} for text in definition.objectives],
        attack=list(definition.attack),
        services=list(scenario.topology.services),
        tasks=len(definition.tasks),
        memory_mib=need.memory_mib,
        cpus=need.cpus,
        practised=offered.get(definition.id),
    )
