"""Queueing: when a practice run gets its turn and will be ready, and when an idle one is warned and closed; pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Literal

from ncr.exercise.capacity import Amount

# What a build is promised to take, beside what builds took before.
SLACK = 1.2
# From ready on the engine to open for its student, and a promise's last moments.
LAST_S = 2.0
WARNING_S = 600.0


@dataclass(frozen=True, slots=True)
class Claim:
    """What something takes of the machine from `start` until `end`, and how many of the site's practice runs it is."""

    start: datetime
    end: datetime
    need: Amount
    runs: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    """What there is to take: of the machine, and of practice runs at once; `parallel` builds go on at a time."""

    amount: Amount
    runs: int
    parallel: int = 1


def turn(
    claims: Sequence[Claim], need: Amount, lasts_s: float, room: Room, at: datetime, runs: int = 1
) -> datetime | None:
    """The first instant from `at` on when a run fits for all its time beside the claims; None when it never does.

    `runs` is how many practice runs it counts as; a rehearsal is none.
    """
    length = timedelta(seconds=lasts_s)
    left = [claim for claim in claims if claim.end > at]
    for start in sorted({at, *(claim.end for claim in left)}):
        if fits(left, Claim(start, start + length, need, runs), room):
            return start
    return None


def fits(claims: Iterable[Claim], wanted: Claim, room: Room) -> bool:
    """Whether `wanted` has room beside the claims in every instant of its time."""
    beside = [claim for claim in claims if claim.start < wanted.end and wanted.start < claim.end]
    instants = {wanted.start, *(claim.start for claim in beside if claim.start > wanted.start)}
    return all(_holds([claim for claim in beside if claim.start <= at < claim.end], wanted, room) for at in instants)


def _holds(there: Sequence[Claim], wanted: Claim, room: Room) -> bool:
    need, has = wanted.need, room.amount
    return (
        (not wanted.runs or wanted.runs + sum(claim.runs for claim in there) <= room.runs)
        and need.memory_mib + sum(claim.need.memory_mib for claim in there) <= has.memory_mib
        and need.cpus + sum(claim.need.cpus for claim in there) <= has.cpus
        and need.networks + sum(claim.need.networks for claim in there) <= has.networks
    )


def ready(turn_at: datetime, build_s: float, before: Collection[datetime], parallel: int) -> datetime:
    """When a run whose turn comes at `turn_at` is ready: it is built after those promised `before`, some at a time."""
    lanes = sorted(before)[-parallel:]
    free = lanes[0] if len(lanes) >= parallel else turn_at
    return max(free, turn_at) + timedelta(seconds=build_s * SLACK)


def typical_s(measured: Sequence[float]) -> float | None:
    """How long a build is reckoned to take, by those measured; None when none was."""
    return float(median(measured)) if measured else None


def alone_s(took_s: float, beside: float, parallel: int) -> float:
    """What a build would have taken alone: `beside` were under way on average, itself among them."""
    return took_s * min(1.0, parallel / max(beside, 1.0))


def estimate_s(expected_at: datetime | None, now: datetime) -> float | None:
    """Seconds a student is told to wait; None when nothing is known."""
    return None if expected_at is None else max(0.0, (expected_at - now).total_seconds()) + LAST_S


def warning_s(idle_s: float) -> float:
    """How long before it is closed an idle run is warned: ten minutes, or half of a short limit."""
    return WARNING_S if idle_s >= 2 * WARNING_S else idle_s / 2


def closes_at(active_at: datetime, warned_at: datetime | None, idle_s: float) -> datetime:
    """When a run that nobody touches is closed: never sooner after a warning than was promised."""
    at = active_at + timedelta(seconds=idle_s)
    if warned_at is None or warned_at < active_at:
        return at
    return max(at, warned_at + timedelta(seconds=warning_s(idle_s)))


def idle_turn(
    active_at: datetime, warned_at: datetime | None, idle_s: float, now: datetime
) -> Literal["leave", "warn", "close"]:
    """What is to be done to a run last touched at `active_at`; none is closed without having been warned."""
    if now < active_at + timedelta(seconds=idle_s - warning_s(idle_s)):
        return "leave"
    if warned_at is None or warned_at < active_at:
        return "warn"
    return "close" if now >= closes_at(active_at, warned_at, idle_s) else "leave"
