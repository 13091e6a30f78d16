"""The order of a rehearsal: where the clock stops, and which tasks and injects have their turn there; pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from ncr.exercise.timeline import offset_s
from ncr.scenario.model import Definition, Inject, Task


def stops(definition: Definition) -> tuple[float, ...]:
    """The exercise seconds at which something falls due, the start first, the end not among them."""
    length_s = float(definition.duration)
    moments = [one.at for one in definition.injects] + [task.opens for task in definition.tasks]
    times = {offset_s(moment, length_s) for moment in moments if moment is not None}
    return tuple(sorted({0.0, *(at for at in times if at < length_s)}))


def due(definition: Definition, at_s: float, until_s: float) -> tuple[Inject, ...]:
    """The timed injects from `at_s` to before `until_s`, in the order they fall due."""
    length_s = float(definition.duration)
    timed = [(offset_s(inject.at, length_s), inject) for inject in definition.injects if inject.at is not None]
    return tuple(inject for at, inject in sorted(timed, key=lambda pair: pair[0]) if at_s <= at < until_s)


def in_turn(definition: Definition, fired: Collection[str]) -> Iterator[Inject]:
    """Injects without a time that the rehearsal itself brings about, whose turn has come.

    A manual one, and one on the state of a check, has its turn when all timed ones that stand before it have fired.
    """
    for inject in definition.injects:
        if inject.when is None:
            if inject.id not in fired:
                return
        elif inject.when.solved is None and inject.id not in fired:
            yield inject


def ready(definition: Definition, t_s: float, solved: Collection[str], tried: Collection[str]) -> Task | None:
    """The first task that can be solved now and has not been tried."""
    for task in definition.tasks:
        opens_s = offset_s(task.opens, float(definition.duration)) if task.opens else 0.0
        if task.id not in tried and opens_s <= t_s and task.graded is None and set(task.requires) <= set(solved):
            return task
    return None


def unmet(definition: Definition, why_not: Mapping[str, str], tried: Collection[str]) -> Iterator[tuple[str, str]]:
    """The tasks that never had their turn, each with what stood in the way.

    `why_not` tells of each task that was tried and not solved what was wrong.
    """
    graded = {task.id for task in definition.tasks if task.graded is not None}
    for task in definition.tasks:
        if task.id in tried or task.id in graded:
            continue
        yield task.id, "; ".join(_obstacles(task.requires, graded, why_not, tried)) or "it never opened"


def _obstacles(
    requires: Sequence[str], graded: Collection[str], why_not: Mapping[str, str], tried: Collection[str]
) -> Iterator[str]:
    for needed in requires:
        if needed in graded:
            yield f"it requires {needed}, which people grade and nobody can solve"
        elif needed in why_not:
            yield f"it requires {needed}, which was not solved: {why_not[needed]}"
        elif needed not in tried:
            yield f"it requires {needed}, which could not be tried either"
