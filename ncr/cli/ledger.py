"""`ncr ledger`: prove that no fact was changed, take the facts elsewhere, and count them anew by other rules."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr import app as composition
from ncr.cli.told import Id, Json, database, exercise_of, one, table
from ncr.config import Settings
from ncr.db import reading
from ncr.errors import Invalid, NotFound, Problem
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Exercise
from ncr.scenario.loader import load
from ncr.scenario.maxima import BOUNDLESS
from ncr.scenario.topology import Scenario
from ncr.scoring import ledger
from ncr.scoring.board import Board
from ncr.scoring.heads import Heads
from ncr.scoring.rules import rules

app = typer.Typer(help="The ledger: verify, export, rescore.", no_args_is_help=True)


@app.command()
def verify(
    exercise: Annotated[str | None, typer.Argument(help="An exercise's id; all when left out.")] = None,
    as_json: Json = False,
) -> None:
    """Check every fact's number and hash, the head, and the heads recorded outside the database."""
    settings = Settings()
    heads = Heads(settings.data)
    with database(settings) as sessions, reading(sessions) as session:
        every = select(Exercise.id).order_by(Exercise.created_at)
        asked = list(session.scalars(every)) if exercise is None else [exercise_of(session, exercise).id]
        found = [_verified(session, heads, one) for one in asked]
    if as_json:
        typer.echo(orjson.dumps(found).decode())
    else:
        for one in found:
            typer.echo(_told(one))
    if any(one["problems"] for one in found):
        raise typer.Exit(1)


@app.command()
def export(
    exercise: Id,
    out: Annotated[Path | None, typer.Option(help="A file to write; standard output when left out.")] = None,
    as_json: Json = False,
) -> None:
    """Write the facts as NDJSON, one canonical line each, with their hashes. (--json changes nothing: it is JSON.)"""
    with database(Settings()) as sessions, reading(sessions) as session:
        lines = ledger.export(ledger.every(session, exercise_of(session, exercise).id))
        if out is None:
            for line in lines:
                typer.echo(line, nl=False)
            return
        try:
            with out.open("wb") as file:
                file.writelines(lines)
        except OSError as error:
            raise typer.BadParameter(f"{out}: {error.strerror}") from None


@app.command()
def rescore(
    exercise: Id,
    scenario: Annotated[
        Path | None, typer.Option(help="Directory of the changed scenario; the site's own when left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Count the facts anew by a changed scenario's scoring, beside the standings now. Writes nothing."""
    settings = Settings()
    with database(settings) as sessions:
        with reading(sessions) as session:
            row = exercise_of(session, exercise)
        shelf = Shelf(settings.data / "scenarios")
        played = shelf.get(row.digest)
        changed = _changed(composition.library(settings, sessions, shelf)(), played, scenario)
        then = Board(sessions, row.id, rules(changed.definition)).snapshot("staff")
        now = Board(sessions, row.id, rules(played.definition)).snapshot("staff", at=then["seq"])
    rows = _beside(now["standings"], then["standings"])
    if as_json:
        by = {"version": changed.definition.version, "digest": changed.digest}
        one({"exercise": row.id, "seq": then["seq"], "rules": by, "standings": rows}, as_json)
    else:
        table(rows, as_json, "no teams")


def _verified(session: Session, heads: Heads, exercise: str) -> dict[str, Any]:
    top = ledger.head(session, exercise)
    problems: list[Problem] = [*ledger.verify(session, exercise), *heads.problems(session, exercise)]
    told = [{"where": problem.where, "message": problem.message} for problem in problems]
    return {"exercise": exercise, "facts": top.seq, "head": top.hash, "problems": told}


def _told(one: dict[str, Any]) -> str:
    problems = one["problems"]
    if not problems:
        return f"{one['exercise']}: {one['facts']} facts, unbroken"
    first, more = problems[0], f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{one['exercise']}: broken at {first['where']}: {first['message']}{more}"


def _changed(library: Sequence[Scenario], played: Scenario, place: Path | None) -> Scenario:
    """The scenario to count by: the one in `place`, or the site's of the same id."""
    id = played.definition.id
    if place is None:
        found = next((each for each in library if each.definition.id == id), None)
        if found is None:
            raise NotFound(f"the site has no scenario {id} that is good; name a directory with --scenario")
        return found
    # Only its scoring is used: what its containers may use does not matter.
    changed = load(place, BOUNDLESS)
    if changed.definition.id != id:
        raise Invalid(problems=[Problem("scenario", f"is {changed.definition.id}, and the exercise was of {id}")])
    return changed


def _beside(now: list[dict[str, Any]], then: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Both standings by team, in the order of the new one."""
    before = {row["team"]: row for row in now}
    return [
        {
            "team": row["name"],
            "rank": before[row["team"]]["rank"],
            "points": before[row["team"]]["points"],
            "rescored_rank": row["rank"],
            "rescored_points": row["points"],
        }
        for row in then
    ]
