"""Progress: what a person has come to in a scenario over all practice runs, per task and per objective."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from ncr.exercise.practice import LIVE
from ncr.exercise.tables import Exercise, Practice
from ncr.scenario.model import Definition
from ncr.scoring.facts import Kind
from ncr.scoring.submission import SOLUTION
from ncr.scoring.tables import FactRow


@dataclass(slots=True)
class Made:
    """One practice run: what was solved in it, and which tasks were given up before; `is_live` while it goes on."""

    id: str
    asked_at: datetime
    is_live: bool
    solved: set[str] = field(default_factory=set)
    given_up: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Reached:
    """How far somebody is with one objective (numbered from 1): `solved` of its `tasks`."""

    number: int
    text: Mapping[str, str]
    solved: int
    tasks: int


@dataclass(frozen=True, slots=True)
class Progress:
    """What a person has done in a scenario.

    `solved` are the tasks solved in any run, `best` how many in the best one, `tasks` how many there are to solve.
    `finished`: every one of them was solved. `run` is the one going on, `last_at` when the latest was asked for.
    """

    runs: int
    last_at: datetime | None
    run: str | None
    solved: frozenset[str]
    best: int
    tasks: int
    finished: bool
    objectives: tuple[Reached, ...]


def progress(definition: Definition, runs: Sequence[Made]) -> Progress:
    """What the runs come to. A task whose solution was looked up first counts as solved in no run but another."""
    tasks = {task.id: frozenset(task.objectives) for task in definition.tasks if task.graded is None}
    earned = [run.solved & tasks.keys() - run.given_up for run in runs]
    solved = frozenset().union(*earned)
    return Progress(
        runs=len(runs),
        last_at=max((run.asked_at for run in runs), default=None),
        run=next((run.id for run in runs if run.is_live), None),
        solved=solved,
        best=max(map(len, earned), default=0),
        tasks=len(tasks),
        finished=bool(tasks) and solved >= tasks.keys(),
        objectives=tuple(_reached(definition, tasks, solved)),
    )


def made_by(session: Session, user_id: str) -> dict[str, list[Made]]:
    """The person's practice runs by scenario, in one query; those that never came to run are left out."""
    facts = and_(FactRow.exercise_id == Exercise.id, FactRow.kind.in_((Kind.SUBMITTED, Kind.HINTED)))
    columns = (Practice.scenario, Exercise.id, Practice.asked_at, Exercise.state, FactRow.kind, FactRow.payload)
    asked = select(*columns).join(Exercise, Exercise.id == Practice.exercise_id).outerjoin(FactRow, facts)
    counted = Exercise.started_at.is_not(None) | Exercise.state.in_(LIVE)
    rows = session.execute(asked.where(Practice.user_id == user_id, Exercise.mode == "practice", counted))
    runs: dict[str, Made] = {}
    found: defaultdict[str, list[Made]] = defaultdict(list)
    for scenario, id_, asked_at, state, kind, payload in rows:
        if id_ not in runs:
            runs[id_] = Made(id_, asked_at, state in LIVE)
            found[scenario].append(runs[id_])
        if kind == Kind.SUBMITTED and payload["right"]:
            runs[id_].solved.add(payload["task"])
        elif kind == Kind.HINTED and payload["hint"] == SOLUTION:
            runs[id_].given_up.add(payload["task"])
    return dict(found)


def _reached(definition: Definition, tasks: Mapping[str, frozenset[int]], solved: Iterable[str]) -> Iterable[Reached]:
    for number, text in enumerate(definition.objectives, 1):
        mine = {task for task, objectives in tasks.items() if number in objectives}
        words = {str(language): said for language, said in text.root.items()}
        yield Reached(number, words, len(mine.intersection(solved)), len(mine))
