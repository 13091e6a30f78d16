"""Ways: whether somebody may be in an environment now, by the rows alone, and where on the engine it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr.errors import EngineError, NotFound, NotOpen
from ncr.exercise.lifecycle import EnvironmentState, State, is_open
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Environment, Exercise
from ncr.runtime.engine import EXERCISE, INSTANCE, MANAGED, ROLE, SERVICE, TEAM, Engine, SeenContainer
from ncr.scenario.model import Entry
from ncr.scoring.conduct import clock_of

# Why a way is closed, for programs; the pages say it in words.
CLOSED: Mapping[str, str] = {
    "not-started": "The exercise has not started.",
    "paused": "The exercise is paused.",
    "finished": "The exercise is over.",
    "building": "The environment is being built.",
    "failed": "The environment could not be built.",
    "reset": "The environment was reset.",
}


@dataclass(frozen=True, slots=True)
class Way:
    """An entry of one making of a participant's environment."""

    exercise: str
    participant: str
    generation: int
    entry: Entry


def closed(session: Session, exercise: Exercise, participant: str, generation: int | None, now: datetime) -> str | None:
    """Why nobody may be in this (making of the) participant's environment now, a key of CLOSED; None when open."""
    state = State(exercise.state)
    if state is State.PAUSED:
        return "paused"
    if not is_open(state, exercise.starts_at, clock_of(exercise), exercise.duration_s, now):
        return "not-started" if exercise.ended_at is None and exercise.started_at is None else "finished"
    row = session.scalars(select(Environment).where(Environment.participant_id == participant)).one_or_none()
    if row is None or row.state in (EnvironmentState.CLOSED, EnvironmentState.REMOVED):
        return "finished"
    if generation is not None and row.generation != generation:
        return "reset"
    if row.state == EnvironmentState.FAILED:
        return "failed"
    return None if row.state == EnvironmentState.OPEN else "building"


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
    labels = {MANAGED: "1", INSTANCE: instance, EXERCISE: way.exercise, TEAM: way.participant}
    mine = {**labels, SERVICE: service} if service is not None else {**labels, ROLE: "gate"}
    seen = engine.observe(mine).containers
    running = [seen[name] for name in sorted(seen) if seen[name].state == "running"]
    if not running:
        raise EngineError(f"{service or 'the gate'} does not run")
    return running[0]
