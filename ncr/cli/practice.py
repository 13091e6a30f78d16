"""`ncr practice`: start, end and list practice runs."""

import time
from typing import Annotated, Any

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr import app as composition
from ncr.cli.told import Id, Json, database, exercise_of, one, table
from ncr.clock import utcnow
from ncr.config import Settings
from ncr.db import Sessions
from ncr.errors import NotFound
from ncr.exercise import library, practice
from ncr.exercise.practice import Run
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Exercise, Practice
from ncr.people.tables import User
from ncr.scoring import practising

app = typer.Typer(help="Start, end and list practice runs.", no_args_is_help=True)
LOOK_S = 0.5
User_ = Annotated[str, typer.Option("--user", help="User name of the student whose run it is.")]
OVER = ("running", "finished", "failed")


@app.command()
def start(
    scenario: Annotated[str, typer.Argument(help="The scenario: ID, or ID@VERSION.")],
    user: User_,
    wait: Annotated[bool, typer.Option("--wait", help="Tell how it goes until it runs; 1 when it fails.")] = False,
    as_json: Json = False,
) -> None:
    """Start practising, or go on with the run there is; a director must run for it to be built."""
    settings = Settings()
    with database(settings) as sessions:
        shelf = Shelf(settings.data / "scenarios")
        known = composition.library(settings, sessions, shelf)
        newest, offered = known(), known.offered()
        with sessions.begin() as session:
            wanted, who = library.practised(session, shelf, newest, offered, scenario), _user(session, user)
            run = practising.start(session, shelf, settings, wanted, who.id, utcnow())
        seen = _wait(sessions, shelf, settings, run, as_json) if wait else _look(sessions, shelf, settings, run)
        one(_row(seen, user), as_json)
    if wait and seen.state != "running":
        raise typer.Exit(1)


@app.command()
def stop(id: Id, as_json: Json = False) -> None:
    """End a run, or take it out of the queue."""
    settings = Settings()
    with database(settings) as sessions:
        shelf = Shelf(settings.data / "scenarios")
        with sessions.begin() as session:
            run = exercise_of(session, id).id
            practising.finish(session, run, utcnow())
        one(_row(_look(sessions, shelf, settings, run), _login(sessions, run)), as_json)


@app.command("list")
def list_(
    user: Annotated[str | None, typer.Option("--user", help="Only this student's; those that ended too.")] = None,
    as_json: Json = False,
) -> None:
    """The runs that go on, everybody's in the order they were asked for; or all of one student's, newest first."""
    settings = Settings()
    with database(settings) as sessions, sessions() as session:
        shelf, now = Shelf(settings.data / "scenarios"), utcnow()
        if user is not None:
            mine = practice.runs_of(session, shelf, settings, _user(session, user).id, now)
            rows = [_row(run, user) for run in mine]
        else:
            asked = select(Exercise.id, User.login).join(Practice, Practice.exercise_id == Exercise.id)
            asked = asked.join(User, User.id == Practice.user_id).order_by(Practice.asked_at, Exercise.id)
            live = session.execute(asked.where(Exercise.mode == "practice", Exercise.state.in_(practice.LIVE))).all()
            rows = [_row(practice.run_of(session, shelf, settings, id_, now), login) for id_, login in live]
        table(rows, as_json, "nobody practises now; `ncr practice start` begins")


def _wait(sessions: Sessions, shelf: Shelf, settings: Settings, id: str, as_json: bool) -> Run:
    """The run once it is decided whether it runs; how it goes is told beside the answer, each time it changes."""
    told = ""
    while True:
        run = _look(sessions, shelf, settings, id)
        words = _progress(run)
        if words != told and not as_json:
            typer.echo(words, err=True)
        told = words
        if run.state in OVER and (run.state != "running" or run.environment == "open"):
            return run
        time.sleep(LOOK_S)


def _progress(run: Run) -> str:
    at_most = "" if run.estimate_s is None else f", at most {max(5, 5 * round(run.estimate_s / 5))} s"
    if run.state == "queued":
        return f"number {run.position} in the queue{at_most}"
    return {"preparing": f"being built{at_most}", "ready": "ready, opening"}.get(run.state, run.state)


def _look(sessions: Sessions, shelf: Shelf, settings: Settings, id: str) -> Run:
    with sessions() as session:
        return practice.run_of(session, shelf, settings, id, utcnow())


def _row(run: Run, who: str | None) -> dict[str, Any]:
    return {
        "id": run.id,
        "user": who,
        "scenario": run.scenario,
        "state": run.state,
        "position": run.position,
        "estimate_s": None if run.estimate_s is None else round(run.estimate_s, 1),
        "left_s": None if run.left_s is None else round(run.left_s),
        "ended": run.ended,
        "failure": run.failure,
    }


def _user(session: Session, login: str) -> User:
    found = session.scalars(select(User).where(User.login == login)).one_or_none()
    if found is None:
        raise NotFound(f"there is no user {login}")
    return found


def _login(sessions: Sessions, run: str) -> str | None:
    with sessions() as session:
        asked = select(User.login).join(Practice, Practice.user_id == User.id)
        return session.scalar(asked.where(Practice.exercise_id == run))
