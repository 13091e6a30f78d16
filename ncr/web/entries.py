"""Entries on pages: what is open and why not in words, a terminal in a tab of its own, and the way to a web entry."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form
from fastapi.responses import Response
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Action, Audience
from ncr.db import reading
from ncr.errors import NotFound
from ncr.exercise import tickets
from ncr.exercise.hosts import web_address
from ncr.exercise.lifecycle import State
from ncr.exercise.openness import closed
from ncr.exercise.tables import EntrySession, Exercise, Participant
from ncr.scenario.model import Entry
from ncr.web.catalogue import Words
from ncr.web.render import page
from ncr.web.visit import Visit, Visiting, find, require_form

router = APIRouter(include_in_schema=False)
Mode = Literal["own", "watch", "join"]
Text = Annotated[str, Form(max_length=200)]
NEEDED = {"own": Action.JOIN, "watch": Action.WATCH, "join": Action.JOIN}


def shown(visit: Visit, session: Session, exercise: Exercise, participant: str) -> list[dict[str, Any]]:
    """The entries of a participant's environment, each with its state and what keeps it closed."""
    told = visit.told
    why = closed(session, exercise, participant, None, visit.site.clock())
    return [
        {
            "id": entry.id,
            "title": entry.title.get(told.language),
            "kind": kind(entry),
            "why": why,
            "words": closed_words(why, told) if why else None,
        }
        for entry in visit.site.shelf.get(exercise.digest).definition.entries
    ]


def titles(entries: Sequence[Entry], told: Words) -> list[dict[str, str]]:
    """The entries of a scenario, as staff choose among them."""
    return [{"id": entry.id, "title": entry.title.get(told.language), "kind": kind(entry)} for entry in entries]


def kind(entry: Entry) -> Literal["terminal", "web"]:
    """What kind of way in it is."""
    return "terminal" if entry.terminal else "web"


def closed_words(why: str, told: Words) -> str:
    """What keeps an entry closed, a key of `openness.CLOSED`, in words."""
    words = {
        "not-started": told("Åpner når øvelsen starter."),
        "paused": told("Øvelsen er på pause. Den åpner igjen når øvelsen fortsetter."),
        "finished": told("Øvelsen er over."),
        "building": told("Miljøet bygges. Den åpner av seg selv når det er klart."),
        "failed": told("Miljøet kunne ikke bygges. Øvingsledelsen ser på det."),
    }
    return words.get(why, told("Stengt nå."))


@router.get("/exercises/{exercise_id}/entries/{entry}")
def show(
    visit: Visiting,
    exercise_id: str,
    entry: str,
    participant: str | None = None,
    session: str | None = None,
    mode: Mode = "own",
) -> Response:
    """A terminal that has the page to itself: the own team's, or for staff `participant`'s or beside a `session`."""
    with reading(visit.site.sessions) as rows:
        exercise, audience = find(rows, visit, exercise_id)
        found = _found(visit, exercise, entry, "terminal")
        whose = audience.participant if participant in (None, audience.participant) else None
        is_staff = whose is None or mode != "own"
        if is_staff:
            access.require(visit.viewer, NEEDED[mode], exercise)
        player = rows.get(Participant, whose or participant or "")
        beside = rows.get(EntrySession, session or "") if mode != "own" else None
        if player is None or player.exercise_id != exercise_id or (mode != "own" and not _is_of(beside, player, entry)):
            raise NotFound(visit.told("Denne inngangen finnes ikke."))
        why = closed(rows, exercise, player.id, None, visit.site.clock())
    values: dict[str, Any] = {
        "exercise": exercise,
        "exercise_runs": exercise.state in (State.RUNNING, State.PAUSED),
        "participant": player,
        "entry": {"id": found.id, "title": found.title.get(visit.told.language)},
        "mode": mode,
        "session": session if beside else None,
        "is_staff": is_staff,
        "closed": closed_words(why, visit.told) if why and why != "paused" else None,
    }
    return page(visit.request, "entry.html", visit.viewer, visit.told, **values)


@router.post("/exercises/{exercise_id}/entries/{entry}/open")
def open_(visit: Visiting, exercise_id: str, entry: str, form_token: Text = "", participant: Text = "") -> Response:
    """A page that leads to the entry of the own environment, or for staff of the `participant`'s."""
    require_form(visit, form_token)
    site, user, now = visit.site, visit.viewer.user_id or "", visit.site.clock()
    with site.sessions.begin() as session:
        exercise, audience = find(session, visit, exercise_id)
        player = _player(session, visit, exercise, audience, participant)
        found = _found(visit, exercise, entry, "web")
        ticket = tickets.give(session, exercise, player, user, entry, now)
    url = visit.request.url
    door = site.settings.entries_door(f"{url.scheme}://{url.netloc}")
    address = web_address(door, site.settings.entry_domain, entry, player, exercise_id, ticket)
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


def _found(visit: Visit, exercise: Exercise, entry: str, wanted: Literal["terminal", "web"]) -> Entry:
    entries = visit.site.shelf.get(exercise.digest).definition.entries
    found = next((each for each in entries if each.id == entry and kind(each) == wanted), None)
    if found is None:
        raise NotFound(visit.told("Denne inngangen finnes ikke."))
    return found


def _is_of(beside: EntrySession | None, player: Participant, entry: str) -> bool:
    return beside is not None and beside.participant_id == player.id and beside.entry == entry
