"""Ways: whether somebody may be in an environment now, by the rows alone, and where on the engine it is."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr.errors import EngineError, NotFound, NotOpen
from ncr.exercise.openness import CLOSED, closed
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Environment, Exercise
from ncr.runtime.engine import Engine
from ncr.runtime.objects import EXERCISE, GENERATION, INSTANCE, MANAGED, ROLE, SERVICE, TEAM, SeenContainer
from ncr.scenario.model import Entry

__all__ = ["CLOSED", "Way", "closed", "container", "find"]


@dataclass(frozen=True, slots=True)
class Way:
    """An entry of one making of a participant's environment."""

    exercise: str
    participant: str
    generation: int
    entry: Entry


def find(session: Session, shelf: Shelf, exercise_id: str, participant: str, entry: str, now: datetime) -> Way:
    """The way in. NotFound when there is none such, NotOpen (with a word of CLOSED) while it is closed."""
    exercise = session.get(Exercise, exercise_id)
    entries = shelf.get(exercise.digest).definition.entries if exercise else ()
    wanted = next((each for each in entries if each.id == entry), None)
    row = session.scalars(select(Environment).where(Environment.participant_id == participant)).one_or_none()
    if exercise is None or wanted is None or row is None or row.exercise_id != exercise_id:
        raise NotFound("There is no such entry.")
    why = closed(session, exercise, participant, None, now)
    if why is not None:
        raise NotOpen(CLOSED[why])
    return Way(exercise_id, participant, row.generation, wanted)


def container(engine: Engine, instance: str, way: Way, *, service: str | None) -> SeenContainer:
    """The running container of a service (its first replica), or of the gate (None). EngineError when none runs."""
    # Of this making: the next may not have been proved yet.
    making = {TEAM: way.participant, GENERATION: str(way.generation)}
    labels = {MANAGED: "1", INSTANCE: instance, EXERCISE: way.exercise, **making}
    mine = {**labels, SERVICE: service} if service is not None else {**labels, ROLE: "gate"}
    seen = engine.observe(mine).containers
    running = [seen[name] for name in sorted(seen) if seen[name].state == "running"]
    if not running:
        raise EngineError(f"{service or 'the gate'} does not run")
    return running[0]
