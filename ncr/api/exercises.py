"""Exercises: listed, planned, changed, thrown away, and turned through their lives."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Action, Viewer
from ncr.api.caller import AtSite, Caller, ExerciseId, Key, Somebody, find, find_to, text_id
from ncr.api.pages import Cursor, Limit, Page, in_order
from ncr.api.people import Slug, Strict
from ncr.api.problems import documented
from ncr.db import reading
from ncr.errors import Invalid, Problem
from ncr.exercise import library, setup
from ncr.exercise.plan import Plan
from ncr.exercise.tables import Exercise, Participant, ScenarioVersion
from ncr.people.once import once
from ncr.scoring import conduct
from ncr.site import Site

router = APIRouter(prefix="/exercises", tags=["exercises"])
READ = documented(401, 403, 404, 422)
WRITE = documented(401, 403, 404, 409, 422)
Visibility = Literal["public", "teams", "staff", "off"]
Title = Annotated[str, Field(min_length=1, max_length=200)]
Moments = Annotated[AwareDatetime | None, Field(description="RFC 3339 with a zone")]
TURNS: dict[str, Callable[..., Exercise]] = {
    "launch": conduct.launch,
    "pause": conduct.pause,
    "resume": conduct.resume,
    "finish": conduct.finish,
    "cancel": conduct.cancel,
    "archive": conduct.archive,
}


class ParticipantOut(BaseModel):
    """A team in an exercise."""

    id: str
    team: str | None
    name: str
    partner: str | None


class ExerciseOut(BaseModel):
    """An exercise; times are RFC 3339, durations seconds of exercise time."""

    id: str
    title: str
    scenario: str
    version: str
    state: str
    visibility: Visibility
    starts_at: datetime | None
    duration_s: float
    time_zone: str
    recurrence: str | None
    started_at: datetime | None
    ended_at: datetime | None
    lateness_ms: float | None
    failure: str | None
    participants: list[ParticipantOut]


class ExerciseIn(Strict):
    """A plan. Without `starts_at` it is a draft; without `ends_at` and `duration_s` it lasts as the scenario says."""

    scenario: Annotated[str, Field(pattern=library.WANTED, description="ID, or ID@VERSION for one that is kept")]
    title: Title
    teams: Annotated[list[Slug], Field(min_length=1, max_length=1000)]
    starts_at: Moments = None
    ends_at: Moments = None
    duration_s: Annotated[float | None, Field(gt=0, le=31 * 86400)] = None
    time_zone: Annotated[str, Field(max_length=64)] = "Europe/Oslo"
    recurrence: Annotated[str | None, Field(max_length=120)] = None
    visibility: Visibility | None = None
    compress: bool = False
    override: Annotated[str | None, Field(min_length=1, max_length=500, description="why unrehearsed, if so")] = None
    prepare_lead_s: Annotated[float | None, Field(ge=0, le=7 * 86400)] = None


class ExerciseChange(Strict):
    """What to change while it is a draft or scheduled."""

    title: Title | None = None
    teams: Annotated[list[Slug], Field(min_length=1, max_length=1000)] | None = None
    starts_at: Moments = None
    ends_at: Moments = None
    time_zone: Annotated[str, Field(max_length=64)] | None = None
    recurrence: Annotated[str | None, Field(max_length=120)] = None
    visibility: Visibility | None = None


class Extension(Strict):
    """How much later it ends, in exercise seconds (negative: earlier)."""

    by_s: Annotated[float, Field(ge=-31 * 86400, le=31 * 86400)]


@router.get("", responses=documented(401, 422))
def list_exercises(at: AtSite, viewer: Somebody, cursor: Cursor = None, limit: Limit = 50) -> Page[ExerciseOut]:
    """The exercises the caller has to do with, newest first."""
    with reading(at.sessions) as session:
        mine = access.visible_exercises(session, viewer)
        return in_order(mine, cursor, limit, lambda row: shown(session, row))


@router.post("", status_code=201, responses=WRITE)
def plan_exercise(wanted: ExerciseIn, at: AtSite, viewer: Somebody, key: Key = None) -> ExerciseOut:
    """Plan an exercise; everything wrong with the plan is said at once."""
    access.require(viewer, Action.PLAN)
    now = at.clock()
    plan = _plan(at, viewer, wanted)
    with at.sessions.begin() as session:

        def work() -> ExerciseOut:
            return shown(session, setup.plan(session, at.shelf, plan, now))

        request = f"exercises {wanted.model_dump_json()}"
        return once(session, text_id(viewer), key, request, now, ExerciseOut, work)


@router.get("/{id}", responses=READ)
def get_exercise(id: ExerciseId, at: AtSite, viewer: Caller) -> ExerciseOut:
    """One exercise; teams and the public see no failure, and of participants those who are on the board."""
    with reading(at.sessions) as session:
        exercise, audience = find(session, viewer, id)
        found = shown(session, exercise)
        if audience.kind == "staff":
            return found
        visible = [player for player in found.participants if player.id in _on_board(session, id, audience.participant)]
        return found.model_copy(update={"failure": None, "participants": visible})


@router.patch("/{id}", responses=WRITE)
def change_exercise(id: ExerciseId, wanted: ExerciseChange, at: AtSite, viewer: Somebody) -> ExerciseOut:
    """Change a plan while it is a draft or scheduled; of one that is prepared, the start until it has come."""
    changes = wanted.model_dump(exclude_unset=True)
    nulled = [name for name in ("title", "teams", "time_zone") if name in changes and changes[name] is None]
    if nulled:
        raise Invalid(problems=[Problem(name, "cannot be null") for name in nulled])
    with at.sessions.begin() as session:
        find_to(session, viewer, id, Action.RUN)
        return shown(session, setup.change(session, at.shelf, id, changes, at.clock(), who=viewer.login))


@router.delete("/{id}", status_code=204, responses=WRITE)
def delete_exercise(id: ExerciseId, at: AtSite, viewer: Somebody) -> None:
    """Throw a draft away."""
    with at.sessions.begin() as session:
        find_to(session, viewer, id, Action.RUN)
        setup.delete_draft(session, id)


@router.post("/{id}/extend", responses=WRITE)
def extend_exercise(id: ExerciseId, wanted: Extension, at: AtSite, viewer: Somebody, key: Key = None) -> ExerciseOut:
    """Move the end."""
    with at.sessions.begin() as session:
        find_to(session, viewer, id, Action.RUN)

        def work() -> ExerciseOut:
            return shown(session, conduct.extend(session, id, wanted.by_s, at.clock(), who=viewer.login))

        request = f"{id}/extend {wanted.model_dump_json()}"
        return once(session, text_id(viewer), key, request, at.clock(), ExerciseOut, work)


@router.post("/{id}/{turn}", responses=WRITE)
def turn_exercise(
    id: ExerciseId,
    turn: Literal["launch", "pause", "resume", "finish", "cancel", "archive"],
    at: AtSite,
    viewer: Somebody,
    key: Key = None,
) -> ExerciseOut:
    """Launch now, pause, resume, finish, cancel or archive."""
    with at.sessions.begin() as session:
        find_to(session, viewer, id, Action.RUN)

        def work() -> ExerciseOut:
            return shown(session, TURNS[turn](session, id, at.clock(), who=viewer.login))

        return once(session, text_id(viewer), key, f"{id}/{turn}", at.clock(), ExerciseOut, work)


def _plan(at: Site, viewer: Viewer, wanted: ExerciseIn) -> Plan:
    fields: dict[str, Any] = wanted.model_dump(exclude={"scenario", "prepare_lead_s"})
    lead_s = at.settings.prepare_lead_s if wanted.prepare_lead_s is None else wanted.prepare_lead_s
    with reading(at.sessions) as session:
        scenario = library.find(session, at.shelf, at.scenarios(), wanted.scenario)
    return Plan(scenario=scenario, created_by=viewer.user_id, prepare_lead_s=lead_s, **fields)


def shown(session: Session, row: Exercise) -> ExerciseOut:
    """The exercise with everything."""
    version = session.get_one(ScenarioVersion, row.digest)
    players = session.scalars(select(Participant).where(Participant.exercise_id == row.id).order_by(Participant.name))
    own = {name: getattr(row, name) for name in ExerciseOut.model_fields if hasattr(row, name)}
    participants = [
        ParticipantOut(id=player.id, team=player.team_id, name=player.name, partner=player.partner)
        for player in players
    ]
    return ExerciseOut(**own, scenario=version.scenario, version=version.version, participants=participants)


def _on_board(session: Session, id: str, own: str | None) -> set[str]:
    asked = select(Participant.id).where(Participant.exercise_id == id, Participant.standing == "active")
    return {*session.scalars(asked), *([own] if own else [])}
