"""Claims: what exercises, practice runs and rehearsals take of the machine by the rows; the pool claims nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from ncr.config import Settings
from ncr.exercise import capacity
from ncr.exercise.capacity import Amount
from ncr.exercise.lifecycle import State
from ncr.exercise.queueing import Claim, Room
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Exercise, Machine, Participant, Practice, Rehearsal
from ncr.scenario.topology import Scenario

ENGINE = "engine"
BUILT = (State.PREPARING, State.READY, State.RUNNING, State.PAUSED)
# A rehearsal has two teams and takes minutes; nobody knows how many.
REHEARSED_TEAMS, REHEARSED_S = 2, 1800.0
# A practice run that is scheduled without a time to prepare at stands in the queue.
QUEUED = and_(Exercise.mode == "practice", Exercise.state == State.SCHEDULED, Exercise.prepares_at.is_(None))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A run in the queue."""

    exercise_id: str
    digest: str
    scenario: str
    lasts_s: float
    turn_at: datetime | None
    expected_at: datetime | None


def room(session: Session, settings: Settings) -> Room | None:
    """What there is to take; None while no director has seen the machine."""
    machine = session.get(Machine, ENGINE)
    if machine is None:
        return None
    has = capacity.room(machine.memory_mib, machine.cpus, machine.networks, settings.reserve_memory_mib)
    return Room(has, settings.practice_runs, machine.parallel)


def needed(scenario: Scenario, settings: Settings, teams: int = 1) -> Amount:
    """What so many teams take: an environment each, and what they share."""
    defaults = (settings.default_memory_mib, settings.default_cpus)
    own = capacity.need(scenario.topology, *defaults).times(teams)
    return own + capacity.need(scenario.shared, *defaults) if scenario.shared else own


def rehearsed(scenario: Scenario, settings: Settings) -> Amount:
    """What a rehearsal takes."""
    return needed(scenario, settings, REHEARSED_TEAMS)


def standing(
    session: Session, shelf: Shelf, settings: Settings, now: datetime, *, but: str | None = None
) -> list[Claim]:
    """The claims of all that is built, planned or rehearsed, but those of the exercise `but`."""
    planned = and_(Exercise.state == State.SCHEDULED, Exercise.prepares_at.is_not(None))
    columns = (Exercise.id, Exercise.mode, Exercise.state, Exercise.digest, Exercise.starts_at, Exercise.prepares_at)
    clock = (Exercise.duration_s, Exercise.rate, Exercise.clock_t_s, Exercise.clock_at)
    asked = select(*columns, *clock, func.count(Participant.id).label("teams"))
    asked = asked.join(Participant, Participant.exercise_id == Exercise.id).group_by(Exercise.id)
    rows = session.execute(asked.where(Exercise.mode != "pool", or_(Exercise.state.in_(BUILT), planned)))
    needs: dict[tuple[str, int], Amount] = {}
    claims = [_claim(row, needs, shelf, settings, now) for row in rows if row.id != but]
    until = now + timedelta(seconds=REHEARSED_S)
    for digest in session.scalars(select(Rehearsal.digest).where(Rehearsal.state == "running")):
        claims.append(Claim(now, until, rehearsed(shelf.get(digest), settings)))
    return claims


def waiting(session: Session) -> list[Waiting]:
    """The queue, in order of asking."""
    columns = (Exercise.id, Exercise.digest, Practice.scenario, Exercise.duration_s, Exercise.rate)
    asked = select(*columns, Practice.turn_at, Practice.expected_at).join(Practice, Practice.exercise_id == Exercise.id)
    rows = session.execute(asked.where(QUEUED).order_by(Practice.asked_at, Exercise.id))
    return [
        Waiting(id_, digest, scenario, duration_s / rate, turn_at, expected_at)
        for id_, digest, scenario, duration_s, rate, turn_at, expected_at in rows
    ]


def promised(session: Session) -> list[datetime]:
    """When the runs that are built now will be ready."""
    begun = and_(Exercise.prepares_at.is_not(None), Exercise.state.in_((State.SCHEDULED, State.PREPARING)))
    asked = select(Practice.expected_at).join(Exercise, Exercise.id == Practice.exercise_id)
    asked = asked.where(Exercise.mode == "practice", begun, Practice.expected_at.is_not(None))
    return [at for at in session.scalars(asked) if at is not None]


def of_queue(queue: Iterable[Waiting], shelf: Shelf, settings: Settings, but: str | None = None) -> Iterator[Claim]:
    """What those in the queue will take, as far as their turns are known."""
    for one in queue:
        if one.turn_at is not None and one.exercise_id != but:
            end = one.turn_at + timedelta(seconds=one.lasts_s)
            yield Claim(one.turn_at, end, needed(shelf.get(one.digest), settings), 1)


def _claim(row: Any, needs: dict[tuple[str, int], Amount], shelf: Shelf, settings: Settings, now: datetime) -> Claim:
    kind = (row.digest, row.teams)
    if kind not in needs:
        needs[kind] = needed(shelf.get(row.digest), settings, row.teams)
    start = row.prepares_at if row.state == State.SCHEDULED and row.starts_at else now
    began = row.clock_at or max(row.starts_at or now, now)
    end = began + timedelta(seconds=(row.duration_s - row.clock_t_s) / row.rate)
    runs = 1 if row.mode == "practice" else 0
    # One whose time is up still stands until the director has ended it.
    return Claim(min(start, now) if start <= now else start, max(end, now + timedelta(seconds=1)),
                 needs[kind], runs)  # fmt: skip
