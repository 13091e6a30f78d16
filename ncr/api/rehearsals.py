"""Rehearsals of scenarios: asked for, and what came of them."""

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Action
from ncr.api.caller import AtSite, Somebody
from ncr.api.problems import documented
from ncr.api.scenarios import Id
from ncr.db import reading
from ncr.errors import NotFound
from ncr.exercise import rehearsals
from ncr.exercise.tables import Rehearsal
from ncr.site import Site

router = APIRouter(prefix="/scenarios", tags=["scenarios"])


class RehearsalOut(BaseModel):
    """A rehearsal; `who` is a user name, null for the command line. The report is empty until it has ended.

    One that was asked for may wait for its turn after others, or for room beside exercises and practice: until when, as
    far as is known.
    """

    id: str
    version: str
    digest: str
    state: Literal["asked", "running", "passed", "failed"]
    who: str | None
    asked_at: datetime
    ended_at: datetime | None
    waits_for: Literal["turn", "room"] | None
    waits_until: datetime | None
    report: dict[str, Any] = Field(description="every step: name, what, team, outcome, seconds, message")


@router.get("/{id}/rehearsals", responses=documented(401, 403, 422))
def list_rehearsals(id: Id, at: AtSite, viewer: Somebody) -> list[RehearsalOut]:
    """The last twenty rehearsals of a scenario on this site, newest first."""
    access.require(viewer, Action.INSPECT)
    with reading(at.sessions) as session:
        return [_shown(session, row, at) for row in rehearsals.newest(session, id)]


@router.post("/{id}/rehearsals", status_code=202, responses=documented(401, 403, 404, 409, 422))
def ask_for_rehearsal(id: Id, at: AtSite, viewer: Somebody) -> RehearsalOut:
    """Have the newest version rehearsed; while one is asked for or under way, that one is given."""
    access.require(viewer, Action.PLAN)
    scenario = next((each for each in at.scenarios() if each.definition.id == id), None)
    if scenario is None:
        raise NotFound("There is no such scenario.")
    with at.sessions.begin() as session:
        return _shown(session, rehearsals.ask(session, at.shelf, scenario, at.clock(), viewer.login), at)


def _shown(session: Session, row: Rehearsal, at: Site) -> RehearsalOut:
    wait = rehearsals.awaited(session, at.shelf, at.settings, row, at.clock())
    return RehearsalOut(
        id=row.id,
        version=row.version,
        digest=row.digest,
        state=row.state,
        who=row.who,
        asked_at=row.asked_at,
        ended_at=row.ended_at,
        waits_for=wait.why if wait else None,
        waits_until=wait.until if wait else None,
        report=row.report,
    )
