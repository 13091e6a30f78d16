"""Who may watch: where a connection must come from, and what its holder sees now, asked again while it lasts."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session
from starlette.requests import HTTPConnection

from ncr import access
from ncr.db import reading
from ncr.errors import Forbidden, NcrError, NotFound, SignedOut
from ncr.exercise.addressees import room_of
from ncr.exercise.tables import Exercise
from ncr.live.rows import Sight
from ncr.site import Site


@dataclass(frozen=True, slots=True)
class Pass:
    """What a connection showed to prove who holds it."""

    cookie: str | None
    bearer: str | None


def pass_of(connection: HTTPConnection, site: Site) -> Pass:
    """What the connection shows. Forbidden for a browser on a page that is not ours.

    A browser always says where a WebSocket comes from; on a GET of the same origin it need not, and a foreign page
    could not read the answer. A program says nothing, and must not ride on a browser's cookie.
    """
    headers = connection.headers
    kind, _, token = headers.get("authorization", "").partition(" ")
    bearer = token.strip() if kind.lower() == "bearer" else None
    cookie = access.cookie_of(connection.cookies, site.settings)
    told = "origin" in headers or "sec-fetch-site" in headers
    needed = connection.scope["type"] == "websocket" and cookie is not None and bearer is None
    if (told or needed) and not access.origin_allowed(headers, site.settings, headers.get("host")):
        raise Forbidden("This connection does not come from NCR's own pages.")
    return Pass(cookie, bearer)


def sight(site: Site, shown: Pass, exercise_id: str) -> Sight:
    """What the holder sees of the exercise now. Raises SignedOut, Forbidden or NotFound."""
    with reading(site.sessions) as session:
        return _sight(session, site, shown, exercise_id)


def sights(site: Site, asked: Iterable[tuple[Pass, str]]) -> dict[tuple[Pass, str], Sight | None]:
    """The same for many at once; None for those who may no longer."""
    found: dict[tuple[Pass, str], Sight | None] = {}
    with reading(site.sessions) as session:
        for shown, exercise_id in asked:
            try:
                found[shown, exercise_id] = _sight(session, site, shown, exercise_id)
            except NcrError:
                found[shown, exercise_id] = None
    return found


def _sight(session: Session, site: Site, shown: Pass, exercise_id: str) -> Sight:
    viewer = access.identify(session, shown.cookie, shown.bearer, site.clock())
    exercise = session.get(Exercise, exercise_id)
    if exercise is None:
        raise SignedOut if viewer.user_id is None else NotFound("There is no such exercise.")
    audience = access.audience(session, viewer, exercise)
    board = access.sees_board(audience, exercise)
    if audience.kind == "public" and not board:
        raise Forbidden("This scoreboard is not public.")
    if audience.participant is None:
        return Sight(audience.kind, None, board)
    rooms = site.shelf.get(exercise.digest).definition.rooms
    room = room_of(session, viewer.user_id, audience.participant, rooms)
    return Sight(audience.kind, audience.participant, board, room)
