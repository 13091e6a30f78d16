"""The lives of exercises and environments: one table of allowed moves each, and the clock of an exercise; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """Where an exercise is in its life."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PREPARING = "preparing"
    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    ARCHIVED = "archived"
    CANCELLED = "cancelled"
    FAILED = "failed"


class EnvironmentState(StrEnum):
    """Where an environment is, or should be."""

    ABSENT = "absent"
    BUILDING = "building"
    READY = "ready"
    OPEN = "open"
    CLOSED = "closed"
    REMOVED = "removed"
    DEGRADED = "degraded"
    FAILED = "failed"


S = State
E = EnvironmentState

MOVES: Mapping[State, frozenset[State]] = {
    S.DRAFT: frozenset({S.SCHEDULED, S.CANCELLED}),
    S.SCHEDULED: frozenset({S.DRAFT, S.PREPARING, S.CANCELLED, S.FAILED}),
    S.PREPARING: frozenset({S.READY, S.RUNNING, S.CANCELLED, S.FAILED}),
    S.READY: frozenset({S.RUNNING, S.PREPARING, S.CANCELLED, S.FAILED}),
    S.RUNNING: frozenset({S.PAUSED, S.FINISHED, S.FAILED}),
    S.PAUSED: frozenset({S.RUNNING, S.FINISHED, S.FAILED}),
    S.FINISHED: frozenset({S.ARCHIVED}),
    S.ARCHIVED: frozenset(),
    S.CANCELLED: frozenset({S.ARCHIVED}),
    S.FAILED: frozenset({S.ARCHIVED, S.CANCELLED}),
}

ENVIRONMENT_MOVES: Mapping[EnvironmentState, frozenset[EnvironmentState]] = {
    E.ABSENT: frozenset({E.BUILDING, E.REMOVED}),
    E.BUILDING: frozenset({E.READY, E.OPEN, E.FAILED, E.CLOSED, E.REMOVED}),
    E.READY: frozenset({E.OPEN, E.BUILDING, E.DEGRADED, E.CLOSED, E.REMOVED, E.FAILED}),
    E.OPEN: frozenset({E.READY, E.DEGRADED, E.BUILDING, E.CLOSED, E.REMOVED, E.FAILED}),
    E.DEGRADED: frozenset({E.READY, E.OPEN, E.BUILDING, E.CLOSED, E.REMOVED, E.FAILED}),
    E.FAILED: frozenset({E.BUILDING, E.CLOSED, E.REMOVED}),
    E.CLOSED: frozenset({E.REMOVED}),
    E.REMOVED: frozenset(),
}

ENDED = frozenset({S.FINISHED, S.ARCHIVED, S.CANCELLED, S.FAILED})


@dataclass(frozen=True, slots=True)
class ExerciseClock:
    """An exercise's own clock: exercise seconds `t_s` at wall time `at`, running `rate` times as fast, or standing."""

    t_s: float
    at: datetime | None
    rate: float
    runs: bool

    def t(self, now: datetime) -> float:
        """Exercise seconds at `now`; never before the clock's own start (wall time may jump back)."""
        if not self.runs or self.at is None:
            return self.t_s
        return self.t_s + max(0.0, (now - self.at).total_seconds()) * self.rate

    def wall(self, t_s: float) -> datetime | None:
        """When the clock will show `t_s`; None while it stands."""
        if not self.runs or self.at is None:
            return None
        return self.at + timedelta(seconds=(t_s - self.t_s) / self.rate)


def is_open(state: State, starts_at: datetime | None, clock: ExerciseClock, duration_s: float, now: datetime) -> bool:
    """Whether teams may play at `now`: from the planned second to the end, even when no tick has flipped the row yet.

    `clock` is the exercise's own; a ready exercise past its start counts from `starts_at` at the clock's rate.
    """
    if state is State.READY and starts_at is not None and starts_at <= now:
        return (now - starts_at).total_seconds() * clock.rate < duration_s
    return state is State.RUNNING and clock.t(now) < duration_s
