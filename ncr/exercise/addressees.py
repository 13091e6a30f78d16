"""Addressees: whom something is said to; staff hear everything, and what is for staff alone nobody else."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr.exercise.tables import Participant
from ncr.people.tables import Membership

STAFF, TEAMS = "staff", "teams"


def reaches(to: Collection[str], room: str | None) -> bool:
    """Whether it reaches a member of a team who sits in `room`; None is somebody with no room, who hears all rooms."""
    rooms = set(to) - {STAFF}
    return TEAMS in rooms or (bool(rooms) and (room is None or room in rooms))


def room_of(session: Session, user_id: str | None, participant: str | None, rooms: Collection[str]) -> str | None:
    """The one of the scenario's `rooms` in which the user sits for this participant; None when it is none of them."""
    team = select(Participant.team_id).where(Participant.id == participant).scalar_subquery()
    mine = (Membership.user_id == user_id, Membership.team_id == team)
    # A room that another scenario has would let nobody in here hear anything.
    return session.scalar(select(Membership.room).where(*mine, Membership.room.in_(rooms)))
