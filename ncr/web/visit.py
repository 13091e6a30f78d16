"""A visit: who asks, in which language, of which site; and the exercise they ask about, as they may see it."""

import hmac
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Audience, Viewer
from ncr.db import reading
from ncr.errors import Forbidden, NotFound
from ncr.exercise.tables import Exercise
from ncr.scenario.topology import Scenario
from ncr.site import Site
from ncr.web.catalogue import Words
from ncr.web.render import language


@dataclass(frozen=True, slots=True)
class Visit:
    """One request from a browser."""

    request: Request
    site: Site
    viewer: Viewer
    told: Words


def visit(request: Request) -> Visit:
    """Who this browser is, by its session cookie. Forbidden for a form that comes from another site's page."""
    site: Site = request.app.state.site
    if request.method == "POST" and not access.origin_allowed(
        request.headers, site.settings, request.headers.get("host")
    ):
        raise Forbidden("This form does not come from NCR's own pages.")
    with reading(site.sessions) as session:
        viewer = access.identify(session, access.cookie_of(request.cookies, site.settings), None, site.clock())
    return Visit(request, site, viewer, language(request, viewer, site.settings.language))


Visiting = Annotated[Visit, Depends(visit)]


def require_form(visit: Visit, form_token: str) -> None:
    """Refuse a form that this browser session did not make."""
    expected = visit.viewer.form_token
    if expected is None or not hmac.compare_digest(expected.encode(), form_token.encode()):
        raise Forbidden(visit.told("Skjemaet er for gammelt. Last siden på nytt og prøv igjen."))


def find(session: Session, visit: Visit, exercise_id: str) -> tuple[Exercise, Audience]:
    """The exercise and how this visitor may see it; NotFound or Forbidden as `access` decides."""
    exercise = session.get(Exercise, exercise_id)
    if exercise is None:
        raise NotFound(visit.told("Denne øvelsen finnes ikke."))
    return exercise, access.audience(session, visit.viewer, exercise)


def find_scenario(visit: Visit, id: str) -> Scenario:
    """The newest version of a scenario; NotFound when there is none."""
    found = next((each for each in visit.site.scenarios() if each.definition.id == id), None)
    if found is None:
        raise NotFound(visit.told("Dette scenarioet finnes ikke."))
    return found


def back_to(address: str) -> str:
    """`address` when it is a path on this site, else the front page."""
    parts = urlsplit(address)
    inside = not parts.scheme and not parts.netloc and address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if inside else "/"
