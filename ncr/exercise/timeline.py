"""The timeline: which rows an exercise of a scenario has, and when each is due; pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ncr.exercise.lifecycle import ExerciseClock
from ncr.scenario.model import Definition, Inject
from ncr.scenario.values import Moment


@dataclass(frozen=True, slots=True)
class Row:
    """A moment to be: `offset_s` counts wall seconds from the start or exercise seconds; None waits for a word."""

    kind: Literal["prepare", "open", "inject", "freeze", "close", "teardown"]
    ref: str
    clock: Literal["wall", "exercise"]
    offset_s: float | None
    from_end: bool = False


def scale(definition: Definition, duration_s: float, compress: bool) -> float:
    """Exercise seconds per scenario second: below 1 only when a longer scenario is to be compressed."""
    return min(1.0, duration_s / definition.duration) if compress else 1.0


def offset_s(moment: Moment, duration_s: float, scale: float = 1.0) -> float:
    """Exercise seconds at which a scenario's moment falls in an exercise of `duration_s`, kept inside it."""
    seconds = moment.seconds * scale
    return min(max(duration_s - seconds if moment.from_end else seconds, 0.0), duration_s)


def moments(definition: Definition, duration_s: float, prepare_lead_s: float, scale: float = 1.0) -> tuple[Row, ...]:
    """Every row of the timeline, in the order it would happen; injects without a time come with offset None."""
    rows = [
        Row("prepare", "", "wall", -prepare_lead_s),
        Row("open", "", "wall", 0.0),
        *_injects(definition.injects, duration_s, scale),
        *_freeze(definition.scoring.freeze, duration_s, scale),
        Row("close", "", "exercise", duration_s, from_end=True),
        Row("teardown", "", "wall", None),
    ]
    return tuple(rows)


def due_at(
    clock_name: str, offset_s: float | None, starts_at: datetime | None, clock: ExerciseClock
) -> datetime | None:
    """The wall time a row falls due; None while it cannot be known (no start, clock standing, waits for a word)."""
    if offset_s is None:
        return None
    if clock_name == "wall":
        return starts_at + timedelta(seconds=offset_s) if starts_at else None
    return clock.wall(offset_s)


def ticks(every_s: float, after: int, t: float) -> range:
    """The numbers of the ticks on the grid n * every_s (n from 1) later than `after` and not later than `t`."""
    return range(max(after, 0) + 1, int((t + 1e-6) // every_s) + 1)


def _injects(injects: Iterable[Inject], duration_s: float, scale: float) -> Iterator[Row]:
    timed = [(offset_s(inject.at, duration_s, scale), inject) for inject in injects if inject.at]
    for offset, inject in sorted(timed, key=lambda pair: pair[0]):
        yield Row("inject", inject.id, "exercise", offset, from_end=bool(inject.at and inject.at.from_end))
    for inject in injects:
        if not inject.at:
            yield Row("inject", inject.id, "exercise", None)


def _freeze(freeze: Moment | None, duration_s: float, scale: float) -> Iterator[Row]:
    if freeze is not None:
        yield Row("freeze", "", "exercise", offset_s(freeze, duration_s, scale), from_end=freeze.from_end)
