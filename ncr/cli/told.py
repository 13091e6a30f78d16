"""How commands ask and answer: the database and what is in it; lines for people, or one JSON document with --json."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import orjson
import structlog
import typer
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import Session

from ncr import db
from ncr.config import Settings
from ncr.db import Sessions
from ncr.errors import NotFound, ServiceUnavailable
from ncr.exercise.tables import Exercise
from ncr.scenario.values import parse_duration

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Id = Annotated[str, typer.Argument(help="The exercise's id, or as much of its beginning as is unique.")]


def table(rows: Sequence[dict[str, Any]], as_json: bool, empty: str) -> None:
    """The rows as JSON, or as aligned columns with the keys above them."""
    if as_json:
        typer.echo(orjson.dumps(rows, default=str).decode())
        return
    if not rows:
        typer.echo(empty)
        return
    heads = list(rows[0])
    cells = [heads, *([str("" if row[head] is None else row[head]) for head in heads] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(heads))]
    for line in cells:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def one(row: dict[str, Any], as_json: bool) -> None:
    """One thing as JSON, or a line for each field."""
    if as_json:
        typer.echo(orjson.dumps(row, default=str).decode())
        return
    for name, value in row.items():
        typer.echo(f"{name}: {'' if value is None else value}")


def exercise_of(session: Session, id: str) -> Exercise:
    """The exercise whose id begins so. Raises NotFound unless there is exactly one."""
    if not id:
        raise NotFound("an exercise without an id is none; `ncr exercise list` shows them")
    found = session.scalars(select(Exercise).where(Exercise.id.startswith(id, autoescape=True)).limit(2)).all()
    if len(found) != 1:
        raise NotFound(f"there is no exercise {id}" if not found else f"several exercises begin with {id}")
    return found[0]


def seconds(text: str, option: str) -> float:
    """The seconds of a duration given as an option; anything else is wrong usage."""
    try:
        return float(str(parse_duration(text)))
    except ValueError as error:
        raise typer.BadParameter(f"{text} {error}", param_hint=option) from error


def prepare_folder(settings: Settings) -> None:
    """Make the data folder. Raises ServiceUnavailable where none can be."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ServiceUnavailable(f"{settings.data} cannot be the data folder: {error.strerror}") from error


@contextmanager
def database(settings: Settings) -> Iterator[Sessions]:
    """The site's sessions; a database that does not answer, or was never made, is ServiceUnavailable."""
    # Standard output is for the answer; what goes wrong beside it is told next to it.
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
    prepare_folder(settings)
    engine = db.connect(settings.url)
    try:
        yield db.sessions(engine)
    except OperationalError as error:
        raise ServiceUnavailable(f"the database does not answer, or needs `ncr db upgrade`: {error.orig}") from error
    except DatabaseError as error:
        raise ServiceUnavailable(f"the database refused: {error.orig}") from error
    finally:
        engine.dispose()
