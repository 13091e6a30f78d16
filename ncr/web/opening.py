"""Opening a web entry from a page: a ticket, and a page that goes on to the entry's own host, with no script."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Action, Audience
from ncr.errors import NotFound, NotOpen
from ncr.exercise import tickets
from ncr.exercise.hosts import web_address
from ncr.exercise.openness import CLOSED, closed
from ncr.exercise.tables import Exercise, Participant
from ncr.people.limits import attempt
from ncr.scenario.model import Entry
from ncr.web.render import page
from ncr.web.visit import Visit, Visiting, find, require_form

router = APIRouter(include_in_schema=False)
A_MINUTE = 60
Text = Annotated[str, Form(max_length=200)]


@router.post("/exercises/{exercise_id}/entries/{entry}/open")
def open_(visit: Visiting, exercise_id: str, entry: str, form_token: Text = "", participant: Text = "") -> Response:
    """A page that leads to the entry of the own environment, or for staff of the `participant`'s."""
    require_form(visit, form_token)
    site, user, now = visit.site, visit.viewer.user_id or "", visit.site.clock()
    with site.sessions.begin() as session:
        exercise, audience = find(session, visit, exercise_id)
        player = _player(session, visit, exercise, audience, participant)
        found = _entry(visit, exercise, entry)
        why = closed(session, exercise, player, None, now)
        if why is not None:
            raise NotOpen(CLOSED[why])
        attempt(session, "ticket", user, now, A_MINUTE, 60.0)
        ticket = tickets.issue(session, exercise_id, player, user, entry, now)
    address = web_address(_door(visit), site.settings.entry_domain, entry, player, exercise_id, ticket)
    title = found.title.get(visit.told.language)
    answer = page(
        visit.request, "opening.html", visit.viewer, visit.told, address=address, title=title, exercise=exercise
    )
    # Not a redirect: the policy on forms would have to name every lab's host, and a form is what brought us here.
    answer.headers["Refresh"] = f"0; url={address}"
    return answer


def _player(session: Session, visit: Visit, exercise: Exercise, audience: Audience, participant: str) -> str:
    own = audience.participant or access.participant_of(session, visit.viewer, exercise.id)
    if own is not None and participant in ("", own):
        return own
    access.require(visit.viewer, Action.JOIN, exercise)
    player = session.get(Participant, participant)
    if player is None or player.exercise_id != exercise.id:
        raise NotFound(visit.told("Denne inngangen finnes ikke."))
    return player.id


def _entry(visit: Visit, exercise: Exercise, entry: str) -> Entry:
    entries = visit.site.shelf.get(exercise.digest).definition.entries
    found = next((each for each in entries if each.id == entry and each.web), None)
    if found is None:
        raise NotFound(visit.told("Denne inngangen finnes ikke."))
    return found


def _door(visit: Visit) -> str:
    """Where this browser reaches the entries: as told, or else where it reached us."""
    settings, url = visit.site.settings, visit.request.url
    return settings.entries_url or settings.public_url or f"{url.scheme}://{url.netloc}"
