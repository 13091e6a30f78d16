"""Reconciling: from where an environment is and should be, the one step to take next; pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ncr.exercise.lifecycle import EnvironmentState

E = EnvironmentState
MOST_TRIES = 5
LONGEST_WAIT_S = 30.0


class Step(StrEnum):
    """What can be done to an environment; every one may be repeated."""

    NOTHING = "nothing"
    BEGIN = "begin"  # it is to be built: say so before touching the engine
    BUILD = "build"  # make, start and prove everything, then hold it
    OPEN = "open"
    HOLD = "hold"
    RESTART = "restart"
    CHECK = "check"
    CLOSE = "close"  # it is to go: say so before touching the engine
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides the step: where it is and should be, whether a service is to be restarted or a look is due."""

    state: EnvironmentState
    target: EnvironmentState
    restart: bool = False
    look: bool = False


def next_step(standing: Standing) -> Step:
    """The one step that brings the environment closer to its target, or keeps it there."""
    state, target = standing.state, standing.target
    if target is E.REMOVED:
        return _towards_removed(state)
    if target in (E.READY, E.OPEN):
        return _towards_use(standing)
    return Step.NOTHING


def _towards_removed(state: EnvironmentState) -> Step:
    if state is E.REMOVED:
        return Step.NOTHING
    return Step.REMOVE if state in (E.CLOSED, E.ABSENT) else Step.CLOSE


def _towards_use(standing: Standing) -> Step:
    state, target = standing.state, standing.target
    if state is E.ABSENT:
        return Step.BEGIN
    if state in (E.BUILDING, E.DEGRADED):
        return Step.BUILD
    if state not in (E.READY, E.OPEN):
        return Step.NOTHING
    if state is not target:
        return Step.OPEN if target is E.OPEN else Step.HOLD
    if standing.restart:
        return Step.RESTART
    return Step.CHECK if standing.look else Step.NOTHING


def wait_s(tries: int) -> float:
    """How long to leave an environment alone after its n-th failed try, in seconds: 1, 2, 4 … at most 30."""
    return min(LONGEST_WAIT_S, 2.0 ** max(0, tries - 1))


def is_hopeless(tries: int) -> bool:
    """Whether it has failed often enough to be called failed."""
    return tries >= MOST_TRIES


def jumped_s(wall: tuple[datetime, datetime], steady_s: float) -> float:
    """By how much the wall clock moved more than time did between two looks; 0 when within what is normal (2 s)."""
    drift = (wall[1] - wall[0]).total_seconds() - steady_s
    return drift if abs(drift) > timedelta(seconds=2).total_seconds() else 0.0
