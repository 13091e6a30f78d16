"""Entries on pages: what is open and why not in words, and a terminal in a tab of its own."""

from collections.abc import Sequence
from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Action
from ncr.db import reading
from ncr.errors import NotFound
from ncr.exercise.lifecycle import State
from ncr.exercise.openness import closed
from ncr.exercise.tables import EntrySession, Exercise, Participant
from ncr.scenario.model import Entry
from ncr.web.catalogue import Words
from ncr.web.render import page
from ncr.web.visit import Visit, Visiting, find

router = APIRouter(include_in_schema=False)
Mode = Literal["own", "watch", "join"]
NEEDED = {"own": Action.JOIN, "watch": Action.WATCH, "join": Action.JOIN}


def shown(visit: Visit, session: Session, exercise: Exercise, participant: str) -> list[dict[str, Any]]:
    """The entries of a participant's environment, each with its state and what keeps it closed."""
    told = visit.told
    why = closed(session, exercise, participant, None, visit.site.clock())
    return [
        {
            "id": entry.id,
            "title": entry.title.get(told.language),
            "kind": kind(entry),
            "why": why,
            "words": closed_words(why, told) if why else None,
        }
        for entry in visit.site.shelf.get(exercise.digest).definition.entries
    ]


def titles(entries: Sequence[Entry], told: Words) -> list[dict[str, str]]:
    """The entries of a scenario, as staff choose among them."""
    return [{"id": entry.id, "title": entry.title.get(told.language), "kind": kind(entry)} for entry in entries]


def kind(entry: Entry) -> Literal["terminal", "web"]:
    """What kind of way in it is."""
    return "terminal" if entry.terminal else "web"


def closed_words(why: str, told: Words) -> str:
    """What keeps an entry closed, a key of `openness.CLOSED`, in words."""
    words = {
        "not-started": told("Åpner når øvelsen starter."),
        "paused": told("Øvelsen er på pause. Den åpner igjen når øvelsen fortsetter."),
        "finished": told("Øvelsen er over."),
        "building": told("Miljøet bygges. Den åpner av seg selv når det er klart."),
        "failed": told("Miljøet kunne ikke bygges. Øvingsledelsen ser på det."),
    }
    return words.get(why, told("Stengt nå."))


@router.get("/exercises/{exercise_id}/entries/{entry}")
def show(
    visit: Visiting,
    exercise_id: str,
    entry: str,
    participant: str | None = None,
    session: str | None = None,
    mode: Mode = "own",
) -> Response:
    """A terminal that has the page to itself: the own team's, or for staff `participant`'s or beside a `session`."""
    with reading(visit.site.sessions) as rows:
        exercise, audience = find(rows, visit, exercise_id)
        found = _terminal(visit, exercise, entry)
        whose = audience.participant if participant in (None, audience.participant) else None
        is_staff = whose is None or mode != "own"
        if is_staff:
            access.require(visit.viewer, NEEDED[mode], exercise)
        player = rows.get(Participant, whose or participant or "")
        beside = rows.get(EntrySession, session or "") if mode != "own" else None
        if player is None or player.exercise_id != exercise_id or (mode != "own" and not _is_of(beside, player, entry)):
            raise NotFound(visit.told("Denne terminalen finnes ikke."))
        why = closed(rows, exercise, player.id, None, visit.site.clock())
    values: dict[str, Any] = {
        "exercise": exercise,
        "exercise_runs": exercise.state in (State.RUNNING, State.PAUSED),
        "participant": player,
        "entry": {"id": found.id, "title": found.title.get(visit.told.language)},
        "mode": mode,
        "session": session if beside else None,
        "is_staff": is_staff,
        "closed": closed_words(why, visit.told) if why and why != "paused" else None,
    }
    return page(visit.request, "entry.html", visit.viewer, visit.told, **values)


def _terminal(visit: Visit, exercise: Exercise, entry: str) -> Entry:
    entries = visit.site.shelf.get(exercise.digest).definition.entries
    found = next((each for each in entries if each.id == entry and each.terminal), None)
    if found is None:
        raise NotFound(visit.told("Denne terminalen finnes ikke."))
    return found


def _is_of(beside: EntrySession | None, player: Participant, entry: str) -> bool:
    return beside is not None and beside.participant_id == player.id and beside.entry == entry
