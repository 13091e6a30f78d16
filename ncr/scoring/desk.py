"""A team's desk: the tasks as it sees them now, with what it has solved, tried and bought."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr.scenario.model import Definition, Task, Text
from ncr.scoring.facts import Kind
from ncr.scoring.rules import Rules
from ncr.scoring.submission import SOLUTION
from ncr.scoring.tables import FactRow
from ncr.scoring.values import filled

# How often each task was tried, which hints of which were bought, and which are solved.
Own = tuple[dict[str, int], set[tuple[str, int | str]], set[str]]


@dataclass(frozen=True, slots=True)
class HintSeen:
    """A hint: its price, and its text once bought. The next one to buy is `next`."""

    number: int
    cost: int
    text: Text | None
    next: bool


@dataclass(frozen=True, slots=True)
class TaskSeen:
    """A task on the desk.

    `requires` are those still to be solved before it shows its text; `opens_in_s` counts exercise seconds. `value` is
    what a solver holds now; `points` what this team got, None while unsolved; `attempts_left` None when free. Who
    has `given_up` a task may see its solution.
    """

    task: Task
    value: float
    solves: int
    points: float | None
    order: int | None
    tried: int
    attempts_left: int | None
    requires: tuple[str, ...]
    opens_in_s: float
    hints: tuple[HintSeen, ...]
    given_up: bool = False

    @property
    def is_locked(self) -> bool:
        """Whether its text and form are still kept back."""
        return self.points is None and bool(self.requires or self.opens_in_s > 0)


def desk(
    session: Session,
    exercise: str,
    participant: str,
    definition: Definition,
    rules: Rules,
    snapshot: Mapping[str, Any],
    clock: tuple[float, float, float],
    words: Mapping[str, str],
) -> list[TaskSeen]:
    """Every task for `participant`, its texts filled with the team's own `words` (values.own_words).

    `snapshot` is the board's for the team, `clock` (t, duration, scale) in seconds.
    """
    tried, bought, solved = _own(session, exercise, participant)
    row = snapshot.get("own") or next((row for row in snapshot["standings"] if row["team"] == participant), None)
    scores = row["tasks"] if row else {}
    return [
        _seen(task, rules, snapshot["tasks"].get(task.id, {}), scores.get(task.id), (tried, bought, solved), clock)
        for task in (_worded(task, words) for task in definition.tasks)
    ]


def _worded(task: Task, words: Mapping[str, str]) -> Task:
    hints = tuple(hint.model_copy(update={"text": filled(hint.text, words)}) for hint in task.hints)
    texts: dict[str, Any] = {"title": filled(task.title, words), "text": filled(task.text, words), "hints": hints}
    if task.explanation:
        texts["explanation"] = filled(task.explanation, words)
    if task.choice:
        options = (each.model_copy(update={"text": filled(each.text, words)}) for each in task.choice.options)
        texts["choice"] = task.choice.model_copy(update={"options": tuple(options)})
    return task.model_copy(update=texts)


def _own(session: Session, exercise: str, participant: str) -> Own:
    kinds = (Kind.SUBMITTED, Kind.HINTED)
    asked = select(FactRow.kind, FactRow.payload).where(
        FactRow.exercise_id == exercise, FactRow.team == participant, FactRow.kind.in_(kinds)
    )
    tried: dict[str, int] = {}
    bought: set[tuple[str, int | str]] = set()
    solved: set[str] = set()
    for kind, payload in session.execute(asked):
        if kind == Kind.HINTED:
            bought.add((payload["task"], payload["hint"]))
            continue
        tried[payload["task"]] = tried.get(payload["task"], 0) + 1
        if payload["right"]:
            solved.add(payload["task"])
    return tried, bought, solved


def _seen(
    task: Task,
    rules: Rules,
    worth: Mapping[str, Any],
    score: Mapping[str, Any] | None,
    own: Own,
    clock: tuple[float, float, float],
) -> TaskSeen:
    tried, bought, solved = own
    t_s, duration_s, scale = clock
    is_solved = task.id in solved
    return TaskSeen(
        task=task,
        value=worth.get("value", 0),
        solves=worth.get("solves", 0),
        points=(score or {}).get("points", 0) if is_solved else None,
        order=(score or {}).get("order"),
        tried=tried.get(task.id, 0),
        attempts_left=None if task.attempts is None else max(0, task.attempts - tried.get(task.id, 0)),
        requires=tuple(required for required in task.requires if required not in solved),
        opens_in_s=max(0.0, rules.tasks[task.id].opens_s(duration_s, scale) - t_s),
        hints=_hints(task, bought),
        given_up=(task.id, SOLUTION) in bought,
    )


def _hints(task: Task, bought: set[tuple[str, int | str]]) -> tuple[HintSeen, ...]:
    taken = [(task.id, number) in bought for number in range(1, len(task.hints) + 1)]
    upcoming = next((place for place, is_bought in enumerate(taken) if not is_bought), None)
    return tuple(
        HintSeen(place + 1, hint.cost, hint.text if taken[place] else None, place == upcoming)
        for place, hint in enumerate(task.hints)
    )
