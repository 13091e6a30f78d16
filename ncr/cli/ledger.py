"""`ncr ledger`: prove that no fact was changed, removed or slipped in, and take the facts elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import orjson
import typer
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ncr.config import Settings
from ncr.db import connect, reading, sessions
from ncr.errors import NcrError, Problem, ServiceUnavailable
from ncr.exercise.tables import Exercise
from ncr.scoring import ledger
from ncr.scoring.heads import Heads

app = typer.Typer(help="The ledger: verify its chain, export its facts.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def verify(
    exercise: Annotated[str | None, typer.Argument(help="An exercise's id; all when left out.")] = None,
    as_json: Json = False,
) -> None:
    """Check every fact's number and hash, the head, and the heads recorded outside the database."""
    heads = Heads(Settings().data)
    with _reading() as session:
        asked = [exercise] if exercise else list(session.scalars(select(Exercise.id).order_by(Exercise.created_at)))
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
    exercise: Annotated[str, typer.Argument(help="The exercise's id.")],
    out: Annotated[Path | None, typer.Option(help="A file to write; standard output when left out.")] = None,
    as_json: Json = False,
) -> None:
    """Write the facts as NDJSON, one canonical line each, with their hashes. (--json changes nothing: it is JSON.)"""
    with _reading() as session:
        ledger.head(session, exercise)
        lines = ledger.export(ledger.every(session, exercise))
        if out is None:
            for line in lines:
                typer.echo(line, nl=False)
            return
        try:
            with out.open("wb") as file:
                file.writelines(lines)
        except OSError as error:
            raise typer.BadParameter(f"{out}: {error.strerror}") from None


@contextmanager
def _reading() -> Iterator[Session]:
    engine = connect(Settings().url)
    try:
        with reading(sessions(engine)) as session:
            yield session
    except NcrError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_code) from None
    except SQLAlchemyError as error:
        typer.echo(f"The database does not answer: {str(error).splitlines()[0]}", err=True)
        raise typer.Exit(ServiceUnavailable.exit_code) from None
    finally:
        engine.dispose()


def _verified(session: Session, heads: Heads, exercise: str) -> dict[str, object]:
    top = ledger.head(session, exercise)
    problems: list[Problem] = [*ledger.verify(session, exercise), *heads.problems(session, exercise)]
    told = [{"where": problem.where, "message": problem.message} for problem in problems]
    return {"exercise": exercise, "facts": top.seq, "head": top.hash, "problems": told}


def _told(one: dict[str, object]) -> str:
    problems: list[dict[str, str]] = one["problems"]  # type: ignore[assignment]
    if not problems:
        return f"{one['exercise']}: {one['facts']} facts, unbroken"
    first, more = problems[0], f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{one['exercise']}: broken at {first['where']}: {first['message']}{more}"
