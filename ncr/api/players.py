"""Who plays as whom in an exercise; remembered for a moment, for the route that all teams call at once."""

from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from fastapi import Request
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from ncr import access
from ncr.access import Viewer
from ncr.api.caller import credentials, find, require_own_page, text_id
from ncr.db import Sessions, reading
from ncr.errors import Forbidden, NotFound, SignedOut
from ncr.exercise.tables import Exercise
from ncr.people.signin import fingerprint
from ncr.scoring.submission import Member
from ncr.site import Site

# What is taken away (a token, a membership, an account) still works this long, and no longer.
REMEMBERED = timedelta(seconds=3)
MOST = 10_000
Known = dict[tuple[str, str], tuple[Member, datetime]]
_known: WeakKeyDictionary[Sessions, Known] = WeakKeyDictionary()


def member_of(session: Session, viewer: Viewer, id: str) -> tuple[Exercise, Member]:
    """The exercise, and the viewer as the member of a team in it. Raises as `find`, and Forbidden without a team."""
    exercise, audience = find(session, viewer, id)
    participant = audience.participant or access.participant_of(session, viewer, id)
    if participant is None:
        raise Forbidden("You are in no team of this exercise.")
    if viewer.pseudonym is None:
        raise NotFound
    return exercise, Member(participant, text_id(viewer), viewer.pseudonym)


async def player(request: Request, at: Site, id: str) -> Member:
    """Who calls, as a member of a team in the exercise, by what is in memory where that is fresh."""
    cookie, bearer = credentials(request)
    if bearer is None and cookie is not None:
        require_own_page(request, at)
    secret = cookie if bearer is None else bearer
    if secret is None:
        raise SignedOut
    known, asked, now = _known.setdefault(at.sessions, {}), (fingerprint(secret), id), at.clock()
    found = known.get(asked)
    if found is not None and timedelta(0) <= now - found[1] < REMEMBERED:
        return found[0]
    member = await run_in_threadpool(_look_up, at, cookie, bearer, id, now)
    if len(known) >= MOST:
        known.clear()
    known[asked] = member, now
    return member


def _look_up(at: Site, cookie: str | None, bearer: str | None, id: str, now: datetime) -> Member:
    with reading(at.sessions) as session:
        _, member = member_of(session, access.identify(session, cookie, bearer, now), id)
    board = at.boards.of(id)
    if not board.head("staff"):
        # Counted from the first fact on: here, in a thread, nobody else waits for it.
        board.advance()
    return member
