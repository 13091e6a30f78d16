"""Seats: in which of the scenario's rooms the members of teams sit."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from ncr.access import Action
from ncr.api.caller import AtSite, ExerciseId, Somebody, find, find_to
from ncr.api.people import Strict
from ncr.api.problems import documented
from ncr.db import reading
from ncr.errors import Forbidden
from ncr.exercise import seating

router = APIRouter(prefix="/exercises/{id}/seats", tags=["exercises"])
READ = documented(401, 403, 404, 422)


class SeatOut(BaseModel):
    """A member of a team; `room` null is somebody in none of the rooms, who hears what is said to any."""

    participant: str
    team: str
    login: str
    name: str
    room: str | None


class SeatIn(Strict):
    """Where a member is to sit; null is in none of the rooms."""

    participant: Annotated[str, Field(max_length=32)]
    login: Annotated[str, Field(max_length=63)]
    room: Annotated[str, Field(max_length=20)] | None


class SeatsIn(Strict):
    """Who is to sit where; members who are not named stay where they are."""

    seats: Annotated[list[SeatIn], Field(max_length=2000)]


@router.get("", responses=READ)
def list_seats(id: ExerciseId, at: AtSite, viewer: Somebody) -> list[SeatOut]:
    """Who sits where: everybody for staff, the own team for a member."""
    with reading(at.sessions) as session:
        exercise, audience = find(session, viewer, id)
        if audience.kind == "public":
            raise Forbidden
        found = seating.seats(session, id, at.shelf.get(exercise.digest).definition.rooms)
        mine = [one for one in found if audience.kind == "staff" or one.participant == audience.participant]
        return [SeatOut.model_validate(one, from_attributes=True) for one in mine]


@router.patch("", responses=READ)
def seat(id: ExerciseId, wanted: SeatsIn, at: AtSite, viewer: Somebody) -> list[SeatOut]:
    """Let members sit elsewhere."""
    with at.sessions.begin() as session:
        exercise = find_to(session, viewer, id, Action.RUN)
        rooms = at.shelf.get(exercise.digest).definition.rooms
        seats = {(one.participant, one.login): one.room for one in wanted.seats}
        seating.seat(session, id, rooms, seats, at.clock(), viewer.login)
        return [SeatOut.model_validate(one, from_attributes=True) for one in seating.seats(session, id, rooms)]
