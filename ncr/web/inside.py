"""Who is in the environments, for staff: open terminals to watch or join, ways to step in, and the record of all."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr.exercise.openness import closed_by
from ncr.exercise.tables import EntrySession, Environment, Exercise, Participant
from ncr.people.tables import User
from ncr.scenario.model import Entry
from ncr.web.catalogue import Words
from ncr.web.entries import closed_words
from ncr.web.visit import Visit

SHOWN = 60


def teams(session: Session, exercise: Exercise, entries: Sequence[Entry], visit: Visit) -> list[dict[str, Any]]:
    """Each team with its open terminals, and whether and how staff may step in."""
    told, now = visit.told, visit.site.clock()
    joined = select(Participant, Environment).join(Environment, Environment.participant_id == Participant.id)
    players = session.execute(joined.where(Participant.exercise_id == exercise.id).order_by(Participant.name)).all()
    terminals = _terminals(session, exercise.id, entries, told)
    found = []
    for player, environment in players:
        why = closed_by(exercise, environment, None, now)
        words = closed_words(why, told) if why else None
        found.append({"id": player.id, "name": player.name, "closed": words, "terminals": terminals.get(player.id, [])})
    return found


def _terminals(
    session: Session, exercise_id: str, entries: Sequence[Entry], told: Words
) -> dict[str, list[dict[str, Any]]]:
    titles = _titles(entries, told)
    asked = select(EntrySession, User.name).outerjoin(User, EntrySession.user_id == User.id)
    mine = (EntrySession.exercise_id == exercise_id, EntrySession.kind == "terminal", EntrySession.closed_at.is_(None))
    own = asked.where(*mine, EntrySession.mode == "own").order_by(EntrySession.opened_at)
    found: dict[str, list[dict[str, Any]]] = {}
    for row, who in session.execute(own):
        shown = {"id": row.id, "entry": row.entry, "title": titles.get(row.entry, row.entry), "since": row.opened_at}
        found.setdefault(row.participant_id, []).append({**shown, "who": who or told("slettet bruker")})
    return found


def log(session: Session, exercise_id: str, entries: Sequence[Entry], told: Words) -> list[dict[str, Any]]:
    """Who used which entry and when, newest first."""
    titles = _titles(entries, told)
    asked = select(EntrySession, User.name, Participant.name)
    asked = asked.join(Participant, EntrySession.participant_id == Participant.id)
    asked = asked.outerjoin(User, EntrySession.user_id == User.id).where(EntrySession.exercise_id == exercise_id)
    newest = asked.order_by(EntrySession.opened_at.desc(), EntrySession.id).limit(SHOWN)
    ways = {"own": told("gikk inn"), "watch": told("så på"), "join": told("ble med")}
    return [
        {
            "from": row.opened_at,
            "to": row.closed_at,
            "who": who or told("slettet bruker"),
            "team": team,
            "entry": titles.get(row.entry, row.entry),
            "how": ways.get(row.mode, row.mode),
        }
        for row, who, team in session.execute(newest)
    ]


def _titles(entries: Sequence[Entry], told: Words) -> dict[str, str]:
    return {entry.id: entry.title.get(told.language) for entry in entries}
