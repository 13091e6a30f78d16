"""Sayings: the messages an inject's words become, one for all or each team's own."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr.exercise.openness import clock_of
from ncr.exercise.tables import Exercise, Message, Participant
from ncr.scenario.model import Inject, Variable
from ncr.scenario.values import Text
from ncr.scoring.values import filled, own_words


def say(
    session: Session,
    exercise: Exercise,
    inject: Inject,
    variables: Mapping[str, Variable],
    now: datetime,
    only: Collection[str] | None = None,
) -> None:
    """One message for all, or one for each participant when the words are its own or it is said to some `only`."""
    if only is None and not any("${" in said for text in _texts(inject) if text for said in text.root.values()):
        session.add(_message(exercise, inject, None, {}, now))
        return
    for player in session.scalars(select(Participant).where(Participant.exercise_id == exercise.id)):
        if only is None or player.id in only:
            team = player.team_id or player.id
            words = own_words(variables, exercise.id, exercise.secret, player.id, team, player.name)
            session.add(_message(exercise, inject, player.id, words, now))


def _texts(inject: Inject) -> tuple[Text | None, Text | None, Text | None]:
    return inject.title, inject.from_, inject.say


def _message(
    exercise: Exercise, inject: Inject, participant: str | None, words: Mapping[str, str], now: datetime
) -> Message:
    message = Message(exercise_id=exercise.id, at=now, t=clock_of(exercise).t(now), inject=inject.id)
    message.to, message.participant_id = list(inject.to), participant
    title, sender, said = (_filled(text, words) for text in _texts(inject))
    message.title, message.sender, message.text = title, sender, said or {}
    return message


def _filled(text: Text | None, words: Mapping[str, str]) -> dict[str, Any] | None:
    return {str(language): said for language, said in filled(text, words).root.items()} if text else None
