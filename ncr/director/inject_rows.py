"""The rows of an inject: its moment, what came of it in each team, and the facts and journal rows that tell it.

Every function here changes rows under the lock of the exercise's own, so that no outcome is written over another.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ncr.exercise import journal
from ncr.exercise.tables import Moment, Participant
from ncr.scoring import ledger
from ncr.scoring.facts import Draft, Kind

# Outcomes that are not the last word.
OPEN = frozenset({"met", "begun"})
Outcomes = Mapping[str, Mapping[str, Any]]


def moment_of(session: Session, exercise_id: str, ref: str) -> Moment:
    """The inject's row."""
    asked = select(Moment).where(Moment.exercise_id == exercise_id, Moment.kind == "inject", Moment.ref == ref)
    return session.scalars(asked.execution_options(populate_existing=True)).one()


def settle(session: Session, exercise_id: str, ref: str, before: str, **values: Any) -> bool:
    """Change the row if it is in state `before`; False when it is not."""
    which = (Moment.exercise_id == exercise_id, Moment.kind == "inject", Moment.ref == ref, Moment.state == before)
    result: Any = session.execute(update(Moment).where(*which).values(**values))
    return bool(result.rowcount == 1)


def players(session: Session, exercise_id: str) -> dict[str, str]:
    """Everybody in the exercise: participant -> name."""
    asked = select(Participant.id, Participant.name).where(Participant.exercise_id == exercise_id)
    return {id_: name for id_, name in session.execute(asked)}


def unmet(moment: Moment, everybody: Collection[str]) -> set[str] | None:
    """Those it has yet to happen to; None when that is all, and nobody met its condition alone."""
    return set(everybody) - set(moment.outcome) if moment.outcome else None


def note(moment: Moment, participant: str, **more: Any) -> None:
    """Write down more of what came of it for one participant."""
    mine = moment.outcome.get(participant, {})
    moment.outcome = {**moment.outcome, participant: {**mine, **more}}


def close_if_all_have_it(session: Session, moment: Moment, now: datetime) -> None:
    """A conditional inject that has happened to everybody waits no more."""
    states = [moment.outcome.get(player, {"state": "met"})["state"] for player in players(session, moment.exercise_id)]
    if moment.state == "waiting" and not OPEN & set(states):
        moment.state, moment.done_at = "done", now


def tell(
    session: Session, exercise_id: str, ref: str, now: datetime, fence: int | None, why: str | None = None
) -> None:
    """The fact and the journal row that say it happened, to all at once."""
    draft = Draft(Kind.INJECTED, f"injected:{ref}", payload={"inject": ref})
    ledger.append(session, exercise_id, [draft], now, fence=fence)
    journal.record(session, now, exercise_id, "injected", subject=f"inject:{ref}", why=why)


def tell_each(
    session: Session, exercise_id: str, ref: str, participants: Collection[str], now: datetime, fence: int | None
) -> None:
    """The same for each of these participants, whose own it was."""
    named = players(session, exercise_id)
    mine = sorted(set(participants) & set(named), key=lambda player: (named[player], player))
    drafts = [Draft(Kind.INJECTED, f"injected:{ref}:{player}", player, {"inject": ref}) for player in mine]
    ledger.append(session, exercise_id, drafts, now, fence=fence)
    for player in mine:
        journal.record(session, now, exercise_id, "injected", subject=f"inject:{ref}", why=named[player])
