"""Who plays as whom in an exercise."""

from datetime import datetime

from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Viewer
from ncr.api.caller import find, text_id
from ncr.errors import Forbidden, NotFound, SignedOut
from ncr.exercise.tables import Exercise
from ncr.scoring.submission import Member


def member_of(session: Session, viewer: Viewer, id: str) -> tuple[Exercise, Member]:
    """The exercise, and the viewer as the member of a team in it. Raises as `find`, and Forbidden without a team."""
    exercise, audience = find(session, viewer, id)
    participant = audience.participant or access.participant_of(session, viewer, id)
    if participant is None:
        raise Forbidden("You are in no team of this exercise.")
    if viewer.pseudonym is None:
        raise NotFound
    return exercise, Member(participant, text_id(viewer), viewer.pseudonym)


def player(session: Session, cookie: str | None, bearer: str | None, id: str, now: datetime) -> Member:
    """Who calls, as a member of a team in the exercise: one query where all is well. Raises as `member_of`."""
    found = access.plays(session, cookie, bearer, id, now)
    if found is not None:
        return Member(*found)
    viewer = access.identify(session, cookie, bearer, now)
    if viewer.user_id is None:
        raise SignedOut
    return member_of(session, viewer, id)[1]
