"""`ncr environment`: what is on the engine, building one anew, and clearing away what nobody wants."""

from typing import Annotated

import typer
from sqlalchemy import func, select

from ncr import app as composition
from ncr.cli.told import Json, database, one, table
from ncr.clock import utcnow
from ncr.config import Settings
from ncr.db import reading
from ncr.errors import NotFound
from ncr.exercise.lifecycle import EnvironmentState
from ncr.exercise.tables import Environment, Exercise, Participant
from ncr.runtime import environment as steps
from ncr.runtime.objects import EXERCISE, INSTANCE, TEAM, SeenContainer, SeenNetwork, SeenVolume
from ncr.scenario.shared import SHARED
from ncr.scoring import interventions

app = typer.Typer(help="Environments: list, reset, prune.", no_args_is_help=True)
GONE = (EnvironmentState.REMOVED,)


@app.command("list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="Removed ones too.")] = False, as_json: Json = False
) -> None:
    """The environments, with how they are and what is on the engine of each."""
    settings = Settings()
    with database(settings) as sessions, reading(sessions) as session:
        engine, instance = composition.engine(settings), composition.instance(settings)
        joined = (
            select(Environment, func.coalesce(Participant.name, SHARED), Exercise.title)
            .outerjoin(Participant, Environment.participant_id == Participant.id)
            .join(Exercise, Environment.exercise_id == Exercise.id)
            .order_by(Exercise.created_at, Participant.name)
        )
        if not every:
            joined = joined.where(Environment.state.not_in(GONE))
        rows = []
        for environment, team, title in session.execute(joined):
            owner = {EXERCISE: environment.exercise_id, TEAM: environment.participant_id or SHARED}
            seen = engine.observe({INSTANCE: instance, **owner})
            health = ", ".join(f"{name} {state}" for name, state in environment.health.items() if state != "up")
            rows.append(
                {
                    "exercise": title,
                    "team": team,
                    "state": environment.state,
                    "target": environment.target,
                    "containers": len(seen.containers),
                    "networks": len(seen.networks),
                    "not_up": health,
                    "participant": environment.participant_id,
                }
            )
    table(rows, as_json, "no environments")


@app.command()
def reset(participant: Annotated[str, typer.Argument(help="As `list` shows it.")], as_json: Json = False) -> None:
    """Have a participant's environment built anew; what is inside is lost. The director does it."""
    with database(Settings()) as sessions, sessions.begin() as session:
        found = session.scalars(select(Environment).where(Environment.participant_id == participant)).one_or_none()
        if found is None:
            raise NotFound(f"there is no environment of {participant}")
        row = interventions.reset(session, found.id, utcnow())
        one({"participant": participant, "state": row.state, "generation": row.generation}, as_json)


@app.command()
def prune(as_json: Json = False) -> None:
    """Delete from the engine what this installation made and no environment wants any more."""
    settings = Settings()
    with database(settings) as sessions, reading(sessions) as session:
        engine, instance = composition.engine(settings), composition.instance(settings)
        asked = select(Environment.exercise_id, func.coalesce(Environment.participant_id, SHARED))
        wanted = {(exercise, team) for exercise, team in session.execute(asked.where(Environment.state.not_in(GONE)))}
    seen = engine.observe({INSTANCE: instance})
    things: list[SeenContainer | SeenNetwork | SeenVolume] = [
        *seen.containers.values(),
        *seen.networks.values(),
        *seen.volumes.values(),
    ]
    owners = {(thing.labels.get(EXERCISE, ""), thing.labels.get(TEAM, "")) for thing in things}
    orphans = owners - wanted
    for exercise, team in sorted(orphans):
        steps.remove(engine, {INSTANCE: instance, EXERCISE: exercise, TEAM: team})
    one({"removed": len(orphans)}, as_json)
