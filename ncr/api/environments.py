"""The environments of an exercise: how they are, reset and restarted."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Action, Viewer
from ncr.api.caller import AtSite, ExerciseId, Somebody, find
from ncr.api.people import Strict
from ncr.api.problems import documented
from ncr.db import reading
from ncr.errors import Invalid, NotFound, Problem
from ncr.exercise.tables import Environment, Exercise, Participant
from ncr.scenario.shared import SHARED
from ncr.scoring import interventions

router = APIRouter(prefix="/exercises/{id}/environments", tags=["environments"])
READ = documented(401, 403, 404, 422)
WRITE = documented(401, 403, 404, 409, 422, 429)
Team = Annotated[
    str, Path(pattern=r"^([0-9a-f]{32}|shared)$", description="a participant's id, or `shared` for what all share")
]


_joined = select(Environment, func.coalesce(Participant.name, SHARED))
_named = _joined.outerjoin(Participant, Environment.participant_id == Participant.id)


class EnvironmentOut(BaseModel):
    """One participant's environment, or what all share (`participant` is null then); `failure` is for staff."""

    participant: str | None
    name: str
    state: str
    target: str
    generation: int
    resets: int
    health: dict[str, Any]
    failure: str | None
    ready_at: datetime | None


class Restart(Strict):
    """Which service."""

    service: str


@router.get("", responses=READ)
def list_environments(id: ExerciseId, at: AtSite, viewer: Somebody) -> list[EnvironmentOut]:
    """All of them for staff, with what the teams share first; one's own for a team."""
    with reading(at.sessions) as session:
        _, audience = find(session, viewer, id)
        asked = _named.where(Environment.exercise_id == id)
        asked = asked.order_by(Environment.participant_id.is_not(None), Participant.name)
        if audience.kind != "staff":
            asked = asked.where(Environment.participant_id == audience.participant)
        staff = audience.kind == "staff"
        return [_shown(environment, name, staff) for environment, name in session.execute(asked)]


@router.post("/{team}/reset", status_code=202, responses=WRITE)
def reset(id: ExerciseId, team: Team, at: AtSite, viewer: Somebody) -> EnvironmentOut:
    """Have it made anew: staff freely, the team itself by the scenario's rule. What is inside is lost."""
    with at.sessions.begin() as session:
        exercise, environment, name = _mine(session, viewer, id, team)
        staff = access.may(viewer, Action.RUN, exercise)
        rule = None if staff else at.shelf.get(exercise.digest).definition.environment.reset
        interventions.reset(session, environment.id, at.clock(), asked=rule, who=viewer.login)
        return _shown(environment, name, staff)


@router.post("/{team}/restart", status_code=202, responses=WRITE)
def restart(id: ExerciseId, team: Team, wanted: Restart, at: AtSite, viewer: Somebody) -> EnvironmentOut:
    """Have one service stopped and started: what runs in it is lost, its files are not. A team may a few times."""
    with at.sessions.begin() as session:
        exercise, environment, name = _mine(session, viewer, id, team)
        scenario = at.shelf.get(exercise.digest)
        shared = scenario.shared if team == SHARED else None
        services = (shared or scenario.topology).services
        if wanted.service not in services:
            raise Invalid(problems=[Problem("service", f"must be one of {', '.join(services)}")])
        staff = access.may(viewer, Action.RUN, exercise)
        interventions.restart(session, environment.id, wanted.service, at.clock(), by_team=not staff, who=viewer.login)
        return _shown(environment, name, staff)


def _mine(session: Session, viewer: Viewer, id: str, team: str) -> tuple[Exercise, Environment, str]:
    exercise, audience = find(session, viewer, id)
    if audience.participant != team:
        access.require(viewer, Action.RUN, exercise)
    whose = Environment.participant_id.is_(None) if team == SHARED else Participant.id == team
    found = session.execute(_named.where(Environment.exercise_id == id, whose)).one_or_none()
    if found is None:
        raise NotFound("There is no such environment in this exercise.")
    environment, name = found
    return exercise, environment, name


def _shown(row: Environment, name: str, staff: bool) -> EnvironmentOut:
    return EnvironmentOut(
        participant=row.participant_id,
        name=name,
        state=row.state,
        target=row.target,
        generation=row.generation,
        resets=row.resets,
        health=row.health,
        failure=row.failure if staff else None,
        ready_at=row.ready_at,
    )
