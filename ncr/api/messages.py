"""Messages: what teams are told during an exercise, and telling them something now."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import select

from ncr.access import Action
from ncr.api.caller import AtSite, ExerciseId, Key, Somebody, find, find_to, text_id
from ncr.api.people import Strict
from ncr.api.problems import documented
from ncr.db import reading
from ncr.errors import Forbidden, Invalid, NotFound, Problem
from ncr.exercise.addressees import reaches, room_of
from ncr.exercise.tables import Message, Participant
from ncr.people.once import once
from ncr.scenario.values import LANGUAGES, Language
from ncr.scoring import interventions

router = APIRouter(prefix="/exercises/{id}/messages", tags=["play"])
READ = documented(401, 403, 404, 422)
Words = dict[Language, Annotated[str, Field(max_length=10_000)]]


class MessageIn(Strict):
    """Something to tell everybody, or one participant: words by language, or the same for all."""

    text: Annotated[str, Field(max_length=10_000)] | Words
    title: Annotated[str, Field(max_length=200)] | Words | None = None
    participant: Annotated[str, Field(max_length=32)] | None = None


class MessageOut(BaseModel):
    """Something that was said; `participant_id` names the one it was for, null is everybody; `to` says whom of them."""

    id: int
    participant_id: str | None
    at: datetime
    t: float
    title: dict[str, str] | None
    sender: dict[str, str] | None
    text: dict[str, str]
    to: list[str] = ["teams"]


@router.get("", responses=READ)
def list_messages(id: ExerciseId, at: AtSite, viewer: Somebody) -> list[MessageOut]:
    """What the caller's team was told; for staff, everything that was said."""
    with reading(at.sessions) as session:
        exercise, audience = find(session, viewer, id)
        if audience.kind == "public":
            raise Forbidden
        asked = select(Message).where(Message.exercise_id == id).order_by(Message.id)
        if audience.kind == "team":
            asked = asked.where(Message.participant_id.is_(None) | (Message.participant_id == audience.participant))
        rooms = at.shelf.get(exercise.digest).definition.rooms
        room = room_of(session, viewer.user_id, audience.participant, rooms)
        rows = [row for row in session.scalars(asked) if audience.kind == "staff" or reaches(row.to, room)]
        return [MessageOut.model_validate(row, from_attributes=True) for row in rows]


@router.post("", status_code=201, responses=READ)
def say(id: ExerciseId, wanted: MessageIn, at: AtSite, viewer: Somebody, key: Key = None) -> MessageOut:
    """Tell all teams something, or one of them."""
    now = at.clock()
    with at.sessions.begin() as session:
        find_to(session, viewer, id, Action.RUN)
        player = session.get(Participant, wanted.participant) if wanted.participant else None
        if wanted.participant and (player is None or player.exercise_id != id):
            raise NotFound("There is no such participant in this exercise.")

        def work() -> MessageOut:
            title, text = _words(wanted.title, "title"), _words(wanted.text, "text")
            said = interventions.say(session, id, text or {}, now, title=title, participant_id=wanted.participant)
            return MessageOut.model_validate(said, from_attributes=True)

        return once(session, text_id(viewer), key, f"{id}/messages {wanted.model_dump_json()}", now, MessageOut, work)


def _words(given: str | Words | None, where: str) -> dict[str, str] | None:
    """Words by language; NUL has no place in a database's text."""
    words: dict[Language, str] = dict.fromkeys(LANGUAGES, given) if isinstance(given, str) else given or {}
    if any("\x00" in text for text in words.values()):
        raise Invalid(problems=[Problem(where, "must not hold NUL")])
    # Who reads the other language reads these words, rather than none.
    return {language: words.get(language) or next(iter(words.values())) for language in LANGUAGES} if words else None
