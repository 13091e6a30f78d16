"""`ncr exercise`: plan exercises, turn them through their lives, and watch them."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ncr import app as composition
from ncr.cli.told import Id, Json, database, exercise_of, one, seconds, table
from ncr.clock import utcnow
from ncr.config import Settings
from ncr.errors import Invalid, Problem
from ncr.exercise import library, setup
from ncr.exercise.lifecycle import ENDED
from ncr.exercise.plan import Plan
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Environment, Exercise, Participant, ScenarioVersion
from ncr.people.tables import User
from ncr.scenario.shared import SHARED
from ncr.scoring import conduct

app = typer.Typer(help="Plan, run and watch exercises.", no_args_is_help=True)


@app.command()
def plan(
    scenario: Annotated[str, typer.Argument(help="The scenario's id, or ID@VERSION.")],
    title: Annotated[str, typer.Option(help="What people call it.")],
    teams: Annotated[list[str], typer.Option("--team", help="A team's id; given again for each.")],
    starts_at: Annotated[datetime | None, typer.Option(help="Local time in the time zone.")] = None,
    starts_in: Annotated[str | None, typer.Option(help="From now: 2m, 1h30m.")] = None,
    duration: Annotated[str | None, typer.Option(help="90m; the scenario's own when left out.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="The site's when left out.")] = None,
    recurrence: Annotated[str | None, typer.Option(help="Five cron fields, in the time zone.")] = None,
    visibility: Annotated[str | None, typer.Option(help="public, teams, staff or off.")] = None,
    override: Annotated[str | None, typer.Option(help="Why it is held though its rehearsal has not passed.")] = None,
    owner: Annotated[str | None, typer.Option(help="User name of the instructor whose exercise it is.")] = None,
    as_json: Json = False,
) -> None:
    """Plan an exercise; without a start it is a draft."""
    settings, now = Settings(), utcnow()
    start: datetime | None = starts_at.replace(tzinfo=None) if starts_at else None
    if starts_in is not None:
        start = now + timedelta(seconds=seconds(starts_in, "--starts-in"))
    shelf = Shelf(settings.data / "scenarios")
    with database(settings) as sessions, sessions.begin() as session:
        wanted = Plan(
            scenario=library.find(session, shelf, composition.library(settings, sessions, shelf)(), scenario),
            title=title,
            teams=teams,
            starts_at=start,
            duration_s=seconds(duration, "--duration") if duration else None,
            time_zone=time_zone or settings.time_zone,
            recurrence=recurrence,
            visibility=visibility,
            created_by=_owner(session, owner),
            override=override,
            prepare_lead_s=settings.prepare_lead_s,
        )
        made = setup.plan(session, shelf, wanted, now)
        one(_row(session, made), as_json)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All exercises, newest first."""
    with database(Settings()) as sessions, sessions() as session:
        rows = session.scalars(select(Exercise).where(Exercise.mode == "exercise").order_by(Exercise.created_at.desc()))
        table([_row(session, row) for row in rows], as_json, "no exercises yet; `ncr exercise plan` makes one")


@app.command()
def show(id: Id, as_json: Json = False) -> None:
    """One exercise with its environments."""
    with database(Settings()) as sessions, sessions() as session:
        row = exercise_of(session, id)
        named = select(Environment, func.coalesce(Participant.name, SHARED))
        joined = named.outerjoin(Participant, Environment.participant_id == Participant.id)
        found = session.execute(joined.where(Environment.exercise_id == row.id).order_by(Participant.name))
        environments = [
            {"team": name, "state": each.state, "target": each.target, "failure": each.failure} for each, name in found
        ]
        if as_json:
            one({**_row(session, row), "environments": environments}, as_json)
            return
        one(_row(session, row), as_json)
        table(environments, as_json, "no environments")


def _turn(name: str, turn: Callable[..., Exercise], summary: str) -> None:
    def command(id: Id, as_json: Json = False) -> None:
        with database(Settings()) as sessions, sessions.begin() as session:
            row = turn(session, exercise_of(session, id).id, utcnow())
            one(_row(session, row), as_json)

    app.command(name, help=summary)(command)


for each in (
    ("launch", conduct.launch, "Start as soon as everything is ready."),
    ("pause", conduct.pause, "Stop the exercise's clock."),
    ("resume", conduct.resume, "Let the clock go on."),
    ("finish", conduct.finish, "End it for all teams; environments are torn down, points are kept."),
    ("cancel", conduct.cancel, "Call it off before it opened."),
    ("archive", conduct.archive, "Put an ended exercise away."),
):
    _turn(*each)


@app.command()
def extend(
    id: Id, by: Annotated[str, typer.Option(help="How much later it ends: 10m.")] = "10m", as_json: Json = False
) -> None:
    """Move the end."""
    with database(Settings()) as sessions, sessions.begin() as session:
        row = conduct.extend(session, exercise_of(session, id).id, seconds(by, "--by"), utcnow())
        one(_row(session, row), as_json)


@app.command()
def watch(id: Id, as_json: Json = False) -> None:
    """Print the standings each time they change, until the exercise is over; with --json a line for each."""
    settings = Settings()
    with database(settings) as sessions:
        boards = composition.site(settings).boards
        with sessions() as session:
            exercise = exercise_of(session, id).id
        seen = (-1, "")
        while True:
            with sessions() as session:
                state = exercise_of(session, exercise).state
            board = boards.of(exercise).snapshot("staff")
            if (board["seq"], state) != seen:
                _tell(board, state, as_json)
            seen = (board["seq"], state)
            if state in ENDED:
                return
            time.sleep(1)


def _tell(board: dict[str, Any], state: str, as_json: bool) -> None:
    rows = [
        {"rank": row["rank"], "team": row["name"], "points": row["points"], "solved": row["solved"]}
        for row in board["standings"]
    ]
    if as_json:
        one({"seq": board["seq"], "state": state, "standings": rows}, as_json)
        return
    typer.echo(f"fact {board['seq']}, {state}")
    table(rows, as_json, "no teams")


def _owner(session: Session, login: str | None) -> str | None:
    if login is None:
        return None
    found = session.scalar(select(User.id).where(User.login == login))
    if found is None:
        raise Invalid(problems=[Problem("owner", f"there is no user {login}")])
    return found


def _row(session: Session, row: Exercise) -> dict[str, Any]:
    version = session.get_one(ScenarioVersion, row.digest)
    return {
        "id": row.id,
        "title": row.title,
        "scenario": version.scenario,
        "state": row.state,
        "starts_at": row.starts_at.isoformat(timespec="seconds") if row.starts_at else None,
        "failure": row.failure,
    }
