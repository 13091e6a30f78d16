"""Entries: the ways into an environment, who is in, and tickets for going in."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Action, Audience, Viewer
from ncr.api.caller import AtSite, ExerciseId, Somebody, find, text_id
from ncr.api.people import Strict
from ncr.api.problems import documented
from ncr.config import Settings
from ncr.db import reading
from ncr.errors import Forbidden, Invalid, NotFound, Problem
from ncr.exercise import tickets
from ncr.exercise.hosts import web_address
from ncr.exercise.openness import closed
from ncr.exercise.tables import EntrySession, Exercise, Participant
from ncr.people.tables import User
from ncr.scenario.model import Entry
from ncr.site import Site

router = APIRouter(prefix="/exercises/{id}/entries", tags=["entries"])
READ = documented(401, 403, 404, 422)
WRITE = documented(401, 403, 404, 409, 422, 429)
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
EntryId = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,62}$", description="an entry's id")]
Whose = Annotated[str | None, Query(pattern=r"^[0-9a-f]{32}$", description="whose environment; staff must say")]


class EntryOut(BaseModel):
    """A way in; `why` says what keeps it closed."""

    id: str
    title: dict[str, str]
    kind: Literal["terminal", "web"]
    open: bool
    why: str | None


class SessionOut(BaseModel):
    """A terminal that is open now, and who opened it."""

    id: str
    participant: str
    participant_name: str
    entry: str
    who: str | None
    opened_at: datetime


class TicketIn(Strict):
    """What for: the team's own use, or (staff) to watch or join the terminal `session`."""

    participant: Id | None = None
    mode: Literal["own", "watch", "join"] = "own"
    session: Id | None = None


class TicketOut(BaseModel):
    """A right to go in once, soon: a terminal shows `ticket` in its first frame at `url`, a web entry is its `url`."""

    ticket: str
    url: str
    expires_at: datetime


@router.get("", responses=READ)
def list_entries(id: ExerciseId, at: AtSite, viewer: Somebody, participant: Whose = None) -> list[EntryOut]:
    """The ways into the caller's environment, or for staff into a participant's."""
    with reading(at.sessions) as session:
        exercise, audience = find(session, viewer, id)
        player = _player(session, viewer, audience, id, participant)
        why = closed(session, exercise, player, None, at.clock())
        return [_shown(entry, why) for entry in at.shelf.get(exercise.digest).definition.entries]


@router.get("/sessions", responses=READ)
def list_sessions(id: ExerciseId, at: AtSite, viewer: Somebody) -> list[SessionOut]:
    """The terminals that are open now: all of them for staff, the own team's for a member."""
    with reading(at.sessions) as session:
        _, audience = find(session, viewer, id)
        if audience.kind == "public":
            raise Forbidden
        asked = select(EntrySession, Participant.name, User.name).join(
            Participant, EntrySession.participant_id == Participant.id
        )
        asked = asked.outerjoin(User, EntrySession.user_id == User.id).order_by(EntrySession.opened_at)
        asked = asked.where(EntrySession.exercise_id == id, *_OPEN_TERMINAL)
        if audience.kind == "team":
            asked = asked.where(EntrySession.participant_id == audience.participant)
        return [_open(row, name, who) for row, name, who in session.execute(asked)]


@router.post("/{entry}/tickets", status_code=201, responses=WRITE)
def make_ticket(
    id: ExerciseId, entry: EntryId, wanted: TicketIn, request: Request, at: AtSite, viewer: Somebody
) -> TicketOut:
    """A ticket, good for half a minute. 409 names the state that keeps the entry closed."""
    now, user = at.clock(), text_id(viewer)
    with at.sessions.begin() as session:
        exercise, audience = find(session, viewer, id)
        player, address = _admitted(session, viewer, exercise, audience, entry, wanted)
        found = _entry(at, exercise, entry)
        secret = tickets.give(session, exercise, player, user, entry, now, mode=wanted.mode, beside=wanted.session)
    door, domain = _door(at.settings, request, address), at.settings.entry_domain
    url = _terminal(door, id) if found.terminal else web_address(door, domain, entry, player, id, secret)
    return TicketOut(ticket=secret, url=url, expires_at=now + tickets.LIFE)


_OPEN_TERMINAL = (EntrySession.kind == "terminal", EntrySession.mode == "own", EntrySession.closed_at.is_(None))


def _admitted(
    session: Session, viewer: Viewer, exercise: Exercise, audience: Audience, entry: str, wanted: TicketIn
) -> tuple[str, str]:
    """Whose environment, and where the process that has what is wanted is reached (empty: any)."""
    if wanted.mode == "own":
        return _player(session, viewer, audience, exercise.id, wanted.participant, Action.JOIN), ""
    access.require(viewer, Action.WATCH if wanted.mode == "watch" else Action.JOIN, exercise)
    mine = (EntrySession.id == wanted.session, EntrySession.exercise_id == exercise.id, EntrySession.entry == entry)
    beside = session.scalars(select(EntrySession).where(*mine, *_OPEN_TERMINAL)).one_or_none()
    if beside is None or wanted.participant not in (None, beside.participant_id):
        raise NotFound("There is no such open terminal.")
    return beside.participant_id, beside.address


def _player(
    session: Session,
    viewer: Viewer,
    audience: Audience,
    id: str,
    participant: str | None,
    action: Action = Action.INSPECT,
) -> str:
    """The caller's own participant, or for staff who may do `action` the one they name."""
    own = audience.participant or access.participant_of(session, viewer, id)
    if own is not None and participant in (None, own):
        return own
    if audience.kind != "staff":
        raise Forbidden
    exercise = session.get_one(Exercise, id)
    access.require(viewer, action, exercise)
    if participant is None:
        raise Invalid(problems=[Problem("participant", "say whose environment")])
    player = session.get(Participant, participant)
    if player is None or player.exercise_id != id:
        raise NotFound("There is no such participant in this exercise.")
    return participant


def _entry(at: Site, exercise: Exercise, entry: str) -> Entry:
    entries = at.shelf.get(exercise.digest).definition.entries
    found = next((each for each in entries if each.id == entry), None)
    if found is None:
        raise NotFound("There is no such entry.")
    return found


def _shown(entry: Entry, why: str | None) -> EntryOut:
    kind: Literal["terminal", "web"] = "terminal" if entry.terminal else "web"
    return EntryOut(id=entry.id, title={**entry.title.root}, kind=kind, open=why is None, why=why)


def _open(row: EntrySession, name: str, who: str | None) -> SessionOut:
    return SessionOut(
        id=row.id,
        participant=row.participant_id,
        participant_name=name,
        entry=row.entry,
        who=who,
        opened_at=row.opened_at,
    )


def _door(settings: Settings, request: Request, address: str) -> str:
    """Where the caller reaches the entries: as told, or else where it reached us."""
    return address.rstrip("/") or settings.entries_door(f"{request.url.scheme}://{request.url.netloc}")


def _terminal(door: str, exercise: str) -> str:
    scheme, rest = door.split("://", 1)
    return f"{'wss' if scheme == 'https' else 'ws'}://{rest}/api/v1/exercises/{exercise}/terminal"
