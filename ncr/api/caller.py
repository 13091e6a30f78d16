"""Who calls the API, of which site, and how they may see the exercise they name."""

from typing import Annotated

from fastapi import Depends, Header, Path, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Action, Audience, Viewer
from ncr.db import reading
from ncr.errors import Forbidden, NotFound, SignedOut
from ncr.exercise.tables import Exercise
from ncr.site import Site

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]
ExerciseId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="an exercise's id")]


async def site(request: Request) -> Site:
    """The site of this process; async, for a thread to fetch an attribute costs more than the fetching."""
    found: Site = request.app.state.site
    return found


AtSite = Annotated[Site, Depends(site)]


def credentials(request: Request, at: Site) -> tuple[str | None, str | None]:
    """The browser's session secret, and the bearer token, as they came."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return access.cookie_of(request.cookies, at.settings), token.strip() if kind.lower() == "bearer" else None


def require_own_page(request: Request, at: Site) -> None:
    """Refuse what a browser sends to change something from a page that is not ours."""
    if not access.origin_allowed(request.headers, at.settings, request.headers.get("host")):
        raise Forbidden("This request does not come from NCR's own pages.")


def caller(request: Request, at: AtSite) -> Viewer:
    """Who calls: by bearer token, or by a browser's cookie, then from our own pages only when something changes."""
    cookie, bearer = credentials(request, at)
    with reading(at.sessions) as session:
        viewer = access.identify(session, cookie, bearer, at.clock())
    if viewer.via == "cookie" and request.method not in SAFE:
        require_own_page(request, at)
    return viewer


Caller = Annotated[Viewer, Depends(caller)]


# For the OpenAPI document; who holds them is found out by `caller`.
SHOWN = (
    Security(APIKeyCookie(name="__Host-ncr", scheme_name="session", auto_error=False, description="A browser.")),
    Security(HTTPBearer(scheme_name="token", auto_error=False, description="A program: `ncr_…`.")),
)


def signed_in(viewer: Caller, _cookie: str | None = SHOWN[0], _token: object = SHOWN[1]) -> Viewer:
    """Somebody; SignedOut for nobody."""
    if viewer.user_id is None:
        raise SignedOut
    return viewer


Somebody = Annotated[Viewer, Depends(signed_in)]


def find(session: Session, viewer: Viewer, exercise_id: str) -> tuple[Exercise, Audience]:
    """The exercise and how the caller sees it; NotFound where its existence is not theirs to know."""
    exercise = session.get(Exercise, exercise_id)
    if exercise is None:
        if viewer.user_id is None:
            raise SignedOut
        raise NotFound("There is no such exercise.")
    return exercise, access.audience(session, viewer, exercise)


def find_to(session: Session, viewer: Viewer, exercise_id: str, action: Action) -> Exercise:
    """The exercise, for somebody who may do `action` in it."""
    exercise, _ = find(session, viewer, exercise_id)
    access.require(viewer, action, exercise)
    return exercise


def text_id(viewer: Viewer) -> str:
    """The caller's user id; SignedOut for nobody."""
    if viewer.user_id is None:
        raise SignedOut
    return viewer.user_id
