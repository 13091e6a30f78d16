"""Seating: in which of a scenario's rooms each member of a team sits."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr.errors import Invalid, Problem
from ncr.exercise import journal
from ncr.exercise.tables import Participant
from ncr.people.tables import Membership, User

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Seat:
    """A member of a participant's team; `room` None is somebody in none of the scenario's rooms, who hears them all."""

    participant: str
    team: str
    login: str
    name: str
    room: str | None


def seats(session: Session, exercise_id: str, rooms: Collection[str]) -> list[Seat]:
    """Everybody who takes part, by team and name."""
    return [
        Seat(player.id, player.name, user.login, user.name, _now(member, rooms))
        for player, member, user in _rows(session, exercise_id)
    ]


def seat(
    session: Session,
    exercise_id: str,
    rooms: Collection[str],
    wanted: Mapping[Place, str | None],
    now: datetime,
    who: str | None,
) -> None:
    """Give members, by participant and login, a room or none; who is not named stays. Invalid names all that is wrong.

    The room goes with the person's place in the team, so the team's next exercise begins with it.
    """
    found = {(player.id, user.login): member for player, member, user in _rows(session, exercise_id)}
    strange = [
        Problem("seats", f"{login} is in no such team") for player, login in wanted if (player, login) not in found
    ]
    strange += [Problem("room", f"there is no room {room}") for room in wanted.values() if room and room not in rooms]
    if strange:
        raise Invalid(problems=strange)
    changed = {place: room for place, room in wanted.items() if _now(found[place], rooms) != room}
    for place, room in changed.items():
        found[place].room = room
    if changed:
        told = ", ".join(f"{login}: {room or '–'}" for (_, login), room in changed.items())
        journal.record(session, now, exercise_id, "seated", why=told, who=who)


def _now(member: Membership, rooms: Collection[str]) -> str | None:
    return member.room if member.room in rooms else None


def _rows(session: Session, exercise_id: str) -> list[tuple[Participant, Membership, User]]:
    joined = (
        select(Participant, Membership, User)
        .join(Membership, Membership.team_id == Participant.team_id)
        .join(User, User.id == Membership.user_id)
    )
    asked = joined.where(Participant.exercise_id == exercise_id).order_by(Participant.name, User.name, User.login)
    return [(player, member, user) for player, member, user in session.execute(asked)]
