"""The agenda: every moment of an exercise with what came of it, and why an inject has not happened, for staff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr.exercise import timeline
from ncr.exercise.lifecycle import ENDED, EnvironmentState, State
from ncr.exercise.openness import clock_of
from ncr.exercise.tables import Environment, Exercise, Moment, Participant
from ncr.scenario.model import Definition, Inject
from ncr.scenario.shared import SHARED
from ncr.scoring.conditions import Conditions
from ncr.scoring.facts import Fact, Kind
from ncr.scoring.tables import FactRow

Why = Literal["time", "paused", "manual", "solved", "check", "environment", "running", "ended", "skipped"]
ORDER = ("prepare", "open", "inject", "freeze", "close", "teardown")


@dataclass(frozen=True, slots=True)
class Lasting:
    """How a check is in one team, and for how many exercise seconds it has been found so."""

    name: str
    state: str
    lasted_s: float


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an inject has not happened, or not to everybody.

    solved: the `teams` left, or without any nobody, have not solved `what` (a task); check: `what` (a check) is to be
    `state` for `for_s` exercise seconds, and `lasting` tells how near each team left is; environment: the `teams` that
    are waited for.
    """

    why: Why
    what: str = ""
    state: str = ""
    for_s: float = 0.0
    lasting: tuple[Lasting, ...] = ()
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Came:
    """What came of an inject for one participant: met (due), begun, done, failed or unknown; None: nothing yet.

    What happens once, to what all share, is `shared`'s.
    """

    participant: str
    name: str
    state: str | None
    outcome: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Item:
    """A moment. `due_at` is wall time as far as it can be known, `reason` why it has not happened, if it has not."""

    kind: str
    ref: str
    clock: str
    offset_s: float | None
    due_at: datetime | None
    state: str
    done_at: datetime | None
    came: tuple[Came, ...]
    reason: Reason | None
    may_fire: bool


def agenda(session: Session, exercise: Exercise, definition: Definition) -> list[Item]:
    """Every moment of the exercise in the order it falls; what waits for a word or a condition comes last but the end.

    Reads the ledger when something waits for a condition.
    """
    asked = select(Participant).where(Participant.exercise_id == exercise.id).order_by(Participant.name)
    names = {player.id: player.name for player in session.scalars(asked)}
    moments = list(session.scalars(select(Moment).where(Moment.exercise_id == exercise.id)))
    conditions = _conditions(session, exercise, definition, moments)
    injects = {inject.id: inject for inject in definition.injects}
    environments = _environments(session, exercise.id)
    items = []
    for moment in sorted(moments, key=_place):
        inject = injects.get(moment.ref) if moment.kind == "inject" else None
        came = _came(moment, names) if inject else ()
        reason = _reason(exercise, moment, inject, came, conditions, environments, names) if inject else None
        items.append(_item(exercise, moment, came, reason))
    return items


def _place(moment: Moment) -> tuple[int, float, int, int]:
    stage = 0 if moment.kind in ("prepare", "open") else 2 if moment.kind in ("close", "teardown") else 1
    return stage, moment.offset_s if moment.offset_s is not None else float("inf"), ORDER.index(moment.kind), moment.id


def _item(exercise: Exercise, moment: Moment, came: tuple[Came, ...], reason: Reason | None) -> Item:
    due_at = timeline.due_at(moment.clock, moment.offset_s, exercise.starts_at, clock_of(exercise))
    may_fire = moment.kind == "inject" and moment.state == "waiting" and exercise.state == State.RUNNING
    waits = moment.state in ("waiting", "claimed")
    return Item(
        moment.kind, moment.ref, moment.clock, moment.offset_s, due_at if waits else None, moment.state,
        moment.done_at, came, reason, may_fire,
    )  # fmt: skip


def _came(moment: Moment, names: Mapping[str, str]) -> tuple[Came, ...]:
    if SHARED in moment.outcome:
        mine = moment.outcome[SHARED]
        return (Came(SHARED, SHARED, mine.get("state"), mine),)
    # What is said to all at once has no outcome of anybody's own.
    everybody = "done" if moment.state == "done" else None
    return tuple(
        Came(player, name, moment.outcome.get(player, {}).get("state", everybody), moment.outcome.get(player, {}))
        for player, name in names.items()
    )


def _reason(
    exercise: Exercise,
    moment: Moment,
    inject: Inject,
    came: Sequence[Came],
    conditions: Conditions,
    environments: Mapping[str, str],
    names: Mapping[str, str],
) -> Reason | None:
    if moment.state == "skipped":
        return Reason("ended" if exercise.ended_at == moment.done_at else "skipped")
    if moment.state == "failed":
        return Reason("ended")
    if moment.state == "claimed" or any(one.state in ("met", "begun") for one in came):
        left = [one for one in came if one.state in (None, "met", "begun")] if moment.state == "claimed" else came
        stuck = [one.name for one in left if _is_stuck(one, environments) and one.state not in ("done", "failed")]
        return Reason("environment", teams=tuple(stuck)) if stuck else Reason("running")
    if moment.state != "waiting":
        return None
    if State(exercise.state) in ENDED:
        return Reason("ended")
    return _waiting(exercise, moment, inject, conditions, names)


def _is_stuck(one: Came, environments: Mapping[str, str]) -> bool:
    return environments.get(one.participant) not in (None, EnvironmentState.OPEN)


def _waiting(
    exercise: Exercise, moment: Moment, inject: Inject, conditions: Conditions, names: Mapping[str, str]
) -> Reason:
    when = inject.when
    if exercise.state == State.PAUSED:
        return Reason("paused")
    if when is None or moment.offset_s is not None:
        return Reason("time")
    if when.solved is not None:
        left = tuple(name for id_, name in names.items() if id_ not in moment.outcome)
        return Reason("solved", when.solved, teams=left if moment.outcome else ())
    if when.check is None:
        return Reason("manual")
    runs = conditions.runs.get(when.check, {})
    lasting = tuple(
        Lasting(name, runs[id_].state, runs[id_].lasted_s)
        for id_, name in names.items()
        if id_ not in moment.outcome and id_ in runs and runs[id_].state
    )
    return Reason("check", when.check, when.is_ or "", when.for_ * exercise.scale, lasting)


def _conditions(session: Session, exercise: Exercise, definition: Definition, moments: Sequence[Moment]) -> Conditions:
    waiting = {moment.ref for moment in moments if moment.kind == "inject" and moment.state == "waiting"}
    checking = [one for one in definition.injects if one.id in waiting and one.when and one.when.check]
    conditions = Conditions(checking, exercise.scale)
    if checking:
        asked = select(FactRow).where(FactRow.exercise_id == exercise.id, FactRow.kind == Kind.CHECKED)
        for row in session.scalars(asked.order_by(FactRow.seq)):
            conditions.take(Fact(row.exercise_id, row.seq, row.at, row.t, Kind.CHECKED, row.team, row.payload, row.key))
    return conditions


def _environments(session: Session, exercise_id: str) -> dict[str, str]:
    asked = select(Environment.participant_id, Environment.state).where(Environment.exercise_id == exercise_id)
    return {participant or SHARED: state for participant, state in session.execute(asked)}
