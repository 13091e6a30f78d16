"""Who sits in which room: a part of the control page, and the member's own room in words."""

from collections import defaultdict
from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Action
from ncr.errors import Invalid, Problem
from ncr.exercise import seating
from ncr.exercise.seating import Seat
from ncr.exercise.tables import Exercise
from ncr.scenario.model import Definition
from ncr.web.catalogue import ROOMS, Words
from ncr.web.visit import Visit, Visiting, find, require_form

router = APIRouter(include_in_schema=False)
MOST = 2000


@router.post("/exercises/{exercise_id}/seats")
def seat(
    visit: Visiting,
    exercise_id: str,
    form_token: Annotated[str, Form()] = "",
    seats: Annotated[list[str], Form(max_length=MOST)] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Let members sit where the form says: PARTICIPANT/LOGIN/ROOM each, with no room at its end for none."""
    require_form(visit, form_token)
    with visit.site.sessions.begin() as session:
        exercise, _ = find(session, visit, exercise_id)
        access.require(visit.viewer, Action.RUN, exercise)
        rooms = visit.site.shelf.get(exercise.digest).definition.rooms
        wanted = {(player, login): room or None for player, login, room in map(_parts, seats)}
        seating.seat(session, exercise_id, rooms, wanted, visit.site.clock(), visit.viewer.login)
    return RedirectResponse(f"/exercises/{exercise_id}?said=seated#h-seats", 303)


def _parts(text: str) -> tuple[str, str, str]:
    player, _, rest = text.partition("/")
    login, slash, room = rest.rpartition("/")
    if not slash:
        raise Invalid(problems=[Problem("seats", "each is PARTICIPANT/LOGIN/ROOM")])
    return player, login, room


def said(visit: Visit) -> dict[str, str] | None:
    """What came of the act this page follows, in words; the address names it."""
    if visit.request.query_params.get("said") != "seated":
        return None
    return {"tone": "good", "text": visit.told("Rommene er lagret. Meldinger følger dem fra nå av.")}


def shown(session: Session, exercise: Exercise, definition: Definition, told: Words) -> dict[str, Any] | None:
    """The rooms and who sits in each, team by team; None where the scenario has no rooms."""
    if not definition.rooms or exercise.mode != "exercise":
        return None
    teams: defaultdict[str, list[Seat]] = defaultdict(list)
    for one in seating.seats(session, exercise.id, definition.rooms):
        teams[one.team].append(one)
    return {"rooms": [(room, told(ROOMS[room])) for room in definition.rooms], "teams": teams}


def own(room: str | None, told: Words) -> str:
    """Where the reader sits, and what that means."""
    if room is None:
        return told("Du har ikke fått noe rom, og får det som sies til alle rommene.")
    return told("Du sitter i %(room)s, og får det som sies dit og til hele laget.", room=told(ROOMS[room]))
