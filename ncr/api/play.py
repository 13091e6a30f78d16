"""Playing: the tasks as a team sees them, its answers, its hints."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel
from sqlalchemy.orm import Session

from ncr.api.caller import AtSite, ExerciseId, Somebody
from ncr.api.players import member_of
from ncr.api.problems import documented
from ncr.db import reading
from ncr.exercise.openness import clock_of
from ncr.exercise.tables import Exercise, Participant
from ncr.scenario.model import Definition
from ncr.scoring import submission
from ncr.scoring.desk import TaskSeen, desk
from ncr.scoring.values import filled, own_words

router = APIRouter(prefix="/exercises/{id}", tags=["play"])
READ = documented(401, 403, 404, 422)
WRITE = documented(401, 403, 404, 409, 422, 429)
TaskId = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,62}$")]


class HintOut(BaseModel):
    """A hint: its price, and its text once bought."""

    number: int
    cost: int
    text: dict[str, str] | None


class TaskOut(BaseModel):
    """A task; text, options and hints are kept back while it is locked."""

    id: str
    title: dict[str, str]
    category: str
    locked: bool
    requires: list[str]
    text: dict[str, str] | None
    options: dict[str, dict[str, str]] | None
    value: float
    solves: int
    points: float | None
    tried: int
    attempts_left: int | None
    hints: list[HintOut]


class HintBought(BaseModel):
    """A hint, now the team's."""

    seq: int
    cost: int
    text: dict[str, str]


@router.get("/tasks", responses=READ)
def list_tasks(id: ExerciseId, at: AtSite, viewer: Somebody) -> list[TaskOut]:
    """The tasks as the caller's team sees them; none before the start."""
    with reading(at.sessions) as session:
        exercise, member = member_of(session, viewer, id)
        board = at.boards.of(id)
        seen = board.snapshot("team", member.participant)
        t_s = clock_of(exercise).t(at.clock())
        if exercise.started_at is None:
            return []
        definition = at.shelf.get(exercise.digest).definition
        clock = (t_s, exercise.duration_s, exercise.scale)
        words = _words(session, exercise, definition, member.participant)
        own = desk(session, id, member.participant, definition, board.rules, seen, clock, words)
        return [_task(task) for task in own]


@router.post("/tasks/{task}/hints/{n}", responses=WRITE)
def take_hint(
    id: ExerciseId, task: TaskId, n: Annotated[int, Path(ge=1, le=100)], at: AtSite, viewer: Somebody
) -> HintBought:
    """Buy a hint; again it costs nothing more."""
    with reading(at.sessions) as session:
        exercise, member = member_of(session, viewer, id)
        definition = at.shelf.get(exercise.digest).definition
        words = _words(session, exercise, definition, member.participant)
    rules, now = at.boards.of(id).rules, at.clock()
    bought = at.writer.run(lambda session: submission.take_hint(session, id, member, rules, task, n, now))
    text = filled(next(each for each in definition.tasks if each.id == task).hints[n - 1].text, words)
    return HintBought(seq=bought.seq, cost=bought.cost, text={**text.root})


def _words(session: Session, exercise: Exercise, definition: Definition, participant: str) -> dict[str, str]:
    player = session.get_one(Participant, participant)
    team = player.team_id or player.id
    return own_words(definition.variables, exercise.id, exercise.secret, player.id, team, player.name)


def _task(seen: TaskSeen) -> TaskOut:
    task, locked = seen.task, seen.is_locked
    options = {option.id: {**option.text.root} for option in task.choice.options} if task.choice else None
    return TaskOut(
        id=task.id,
        title={**task.title.root},
        category=task.category,
        locked=locked,
        requires=list(seen.requires),
        text=None if locked else {**task.text.root},
        options=None if locked else options,
        value=seen.value,
        solves=seen.solves,
        points=seen.points,
        tried=seen.tried,
        attempts_left=seen.attempts_left,
        hints=[]
        if locked
        else [
            HintOut(number=hint.number, cost=hint.cost, text={**hint.text.root} if hint.text else None)
            for hint in seen.hints
        ],
    )
