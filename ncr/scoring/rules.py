"""The rules: everything of a scenario that turns facts into points, as plain data; pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ncr.exercise import timeline
from ncr.scenario import model
from ncr.scoring.curves import Curve, Points, bonus, curve, exact


@dataclass(frozen=True, slots=True)
class TaskRule:
    """What a task is worth and when it may be answered; `keep`: solvers hold the value of their own moment."""

    task: model.Task
    value: Curve
    keep: bool

    def opens_s(self, duration_s: float, scale: float) -> float:
        """Exercise seconds from which it takes answers, in an exercise of that duration and scale."""
        return timeline.offset_s(self.task.opens, duration_s, scale) if self.task.opens else 0.0

    def most(self, first_solves: Sequence[Points]) -> int:
        """The most one who solves it alone can have for it, with the bonus for being first; rounded up."""
        value = self.value(1, 1)
        return math.ceil(value + bonus(first_solves[0], value)) if first_solves else math.ceil(value)


@dataclass(frozen=True, slots=True)
class CheckRule:
    """What a check gives: `points` a tick, `once` the first time it holds (lost again unless `keep`), its weight."""

    points: int
    weight: Points
    once: int
    keep: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """How the facts of one scenario become points; `variables` are what its answers may refer to."""

    tasks: Mapping[str, TaskRule] = field(default_factory=dict)
    checks: Mapping[str, CheckRule] = field(default_factory=dict)
    rubrics: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    first_solves: tuple[Points, ...] = ()
    availability: Literal["plain", "share", "penalty"] = "plain"
    penalty: model.Penalty | None = None
    weights: Mapping[str, Points] = field(default_factory=dict)
    variables: Mapping[str, model.Variable] = field(default_factory=dict)


def rules(definition: model.Definition) -> Rules:
    """The rules of a scenario. ValueError when a curve misses a field (the loader has said so before, with a line)."""
    scoring = definition.scoring
    return Rules(
        tasks={task.id: _task(task) for task in definition.tasks},
        checks={check.id: _check(check) for check in definition.checks},
        rubrics=_rubrics(definition),
        first_solves=tuple(exact(share.removesuffix("%")) * exact("1/100") for share in scoring.first_solves),
        availability=scoring.availability,
        penalty=scoring.penalty,
        weights={part: exact(weight) for part, weight in scoring.weights.model_dump().items()},
        variables=definition.variables,
    )


def _task(task: model.Task) -> TaskRule:
    keeps = task.keep or (isinstance(task.points, model.Curve) and task.points.keep)
    return TaskRule(task, curve(task.points), keeps)


def _check(check: model.Check) -> CheckRule:
    return CheckRule(check.points, exact(check.weight), check.once or 0, check.keep)


def _rubrics(definition: model.Definition) -> dict[str, dict[str, int]]:
    """Graded work, by the key a grade has: `task:ID` or `inject:ID` -> criterion -> most points."""
    found = {
        f"task:{task.id}": {line.id: line.max for line in task.graded.rubric}
        for task in definition.tasks
        if task.graded
    }
    for inject in definition.injects:
        if inject.reply:
            found[f"inject:{inject.id}"] = {line.id: line.points for line in inject.reply.expects}
    return found
