"""Practice: the catalogue with what the caller has done, and the caller's own runs."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Action, Viewer
from ncr.api.caller import AtSite, ExerciseId, Key, Somebody, find, text_id
from ncr.api.people import Strict
from ncr.api.play import TaskId
from ncr.api.players import member_of
from ncr.api.problems import documented
from ncr.db import reading
from ncr.exercise import library, practice
from ncr.people.once import once
from ncr.scenario.topology import Scenario
from ncr.scoring import practising, submission
from ncr.scoring.progress import Progress, made_by, progress
from ncr.scoring.solutions import solution
from ncr.site import Site

router = APIRouter(prefix="/practice", tags=["practice"])
READ = documented(401, 403, 404, 422)
WRITE = documented(401, 403, 404, 409, 422, 429)


class ObjectiveOut(BaseModel):
    """An objective (numbered from 1), and how many of its tasks the caller has solved."""

    number: int
    text: dict[str, str]
    solved: int
    tasks: int


class CatalogueOut(BaseModel):
    """A scenario to practise, and what the caller has done in it; `run` is the one going on."""

    scenario: str
    version: str
    title: dict[str, str]
    summary: dict[str, str]
    difficulty: str
    duration_s: int
    modes: list[str]
    attack: list[str]
    tasks: int
    objectives: list[ObjectiveOut]
    runs: int
    last_at: datetime | None
    run: str | None
    solved: list[str]
    best: int
    finished: bool


class RunOut(BaseModel):
    """A practice run; times ahead are seconds from now, `position` counts from 1 in the queue; `failure` is for staff.

    `estimate_s` is how long until it is ready, at the latest as far as is known; null when nothing was measured yet.
    """

    id: str
    scenario: str
    title: dict[str, str]
    state: Literal["queued", "preparing", "ready", "running", "finished", "failed"]
    position: int | None
    estimate_s: float | None
    left_s: float | None
    ends_at: datetime | None
    extensions_left: int
    idle_closes_at: datetime | None
    exercise_state: str
    participant: str
    environment: str
    generation: int
    resets: int
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    ended: str | None
    failure: str | None


class PracticeIn(Strict):
    """Which scenario to practise: ID, or ID@VERSION to be refused unless that is the version offered."""

    scenario: Annotated[str, Field(pattern=library.WANTED)]


class SolutionOut(BaseModel):
    """What a task that was given up hides: its explanation, and the answer where there is one to write."""

    seq: int
    cost: int
    explanation: dict[str, str] | None
    answer: str | None


@router.get("/catalogue", responses=documented(401, 403))
def list_catalogue(at: AtSite, viewer: Somebody) -> list[CatalogueOut]:
    """Every scenario that can be practised here."""
    access.require(viewer, Action.PRACTISE)
    with reading(at.sessions) as session:
        made = made_by(session, text_id(viewer))
    return [_entry(each, progress(each.definition, made.get(each.definition.id, []))) for each in at.offered()]


@router.get("", responses=documented(401, 403))
def list_runs(at: AtSite, viewer: Somebody) -> list[RunOut]:
    """The caller's runs, newest first: all that live, then the latest that ended."""
    access.require(viewer, Action.PRACTISE)
    with reading(at.sessions) as session:
        mine = practice.runs_of(session, at.shelf, at.settings, text_id(viewer), at.clock())
    return [_shown(run) for run in mine]


@router.post("", status_code=201, responses=WRITE)
def start_run(wanted: PracticeIn, at: AtSite, viewer: Somebody, key: Key = None) -> RunOut:
    """Start practising: a ready environment, or a place in the queue; the run going on when there is one."""
    access.require(viewer, Action.PRACTISE)
    now, known, offered = at.clock(), at.scenarios(), at.offered()
    with at.sessions.begin() as session:
        scenario = library.practised(session, at.shelf, known, offered, wanted.scenario)

        def work() -> RunOut:
            id = practising.start(session, at.shelf, at.settings, scenario, text_id(viewer), now)
            return _run(session, at, id, now)

        return once(session, text_id(viewer), key, f"practice {wanted.scenario}", now, RunOut, work)


@router.get("/{id}", responses=READ)
def get_run(id: ExerciseId, at: AtSite, viewer: Somebody) -> RunOut:
    """One run: the caller's own, or anybody's for staff."""
    with reading(at.sessions) as session:
        exercise, _ = find(session, viewer, id)
        run = practice.run_of(session, at.shelf, at.settings, id, at.clock())
        return _shown(run, failure=run.failure if access.may(viewer, Action.INSPECT, exercise) else None)


@router.post("/{id}/{turn}", responses=WRITE)
def turn_run(
    id: ExerciseId, turn: Literal["extend", "reset", "finish"], at: AtSite, viewer: Somebody, key: Key = None
) -> RunOut:
    """Give the run more time, make its environment anew (what is inside is lost), or end it (or leave the queue)."""
    now = at.clock()
    with at.sessions.begin() as session:
        _require_own(session, viewer, id)

        def work() -> RunOut:
            if turn == "extend":
                practising.extend(session, at.shelf, at.settings, id, now, who=viewer.login)
            elif turn == "reset":
                practising.reset(session, at.shelf, id, now, who=viewer.login)
            else:
                practising.finish(session, id, now, who=viewer.login)
            return _run(session, at, id, now)

        return once(session, text_id(viewer), key, f"{id}/{turn}", now, RunOut, work)


@router.post("/{id}/tasks/{task}/give-up", responses=WRITE)
def give_up(id: ExerciseId, task: TaskId, at: AtSite, viewer: Somebody) -> SolutionOut:
    """Have the solution of a task shown; from then on the task gives no points."""
    now = at.clock()
    with reading(at.sessions) as session:
        _require_own(session, viewer, id)
        practice.run_of(session, at.shelf, at.settings, id, now)
        exercise, member = member_of(session, viewer, id)
    rules = at.boards.of(id).rules
    known = at.writer.run(lambda session: submission.give_up(session, id, member, rules, task, now))
    with reading(at.sessions) as session:
        shown = solution(session, exercise, member.participant, at.shelf.get(exercise.digest).definition, task)
    return SolutionOut(seq=known.seq, cost=known.cost, explanation=shown.explanation, answer=shown.answer)


def _require_own(session: Session, viewer: Viewer, id: str) -> None:
    """Only whose run it is, and staff who may run exercises, may change it."""
    exercise, _ = find(session, viewer, id)
    if access.participant_of(session, viewer, id) is None:
        access.require(viewer, Action.RUN, exercise)


def _run(session: Session, at: Site, id: str, now: datetime) -> RunOut:
    return _shown(practice.run_of(session, at.shelf, at.settings, id, now))


def _shown(run: practice.Run, failure: str | None = None) -> RunOut:
    # What the engine said may hold what the scenario hides.
    return RunOut.model_validate({**asdict(run), "failure": failure})


def _entry(scenario: Scenario, reached: Progress) -> CatalogueOut:
    definition = scenario.definition
    return CatalogueOut(
        scenario=definition.id,
        version=definition.version,
        title={**definition.title.root},
        summary={**definition.summary.root},
        difficulty=definition.difficulty,
        duration_s=definition.duration,
        modes=list(definition.modes),
        attack=list(definition.attack),
        tasks=reached.tasks,
        objectives=[ObjectiveOut.model_validate(asdict(each)) for each in reached.objectives],
        runs=reached.runs,
        last_at=reached.last_at,
        run=reached.run,
        solved=sorted(reached.solved),
        best=reached.best,
        finished=reached.finished,
    )
