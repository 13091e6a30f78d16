"""How commands answer: lines for people, or one JSON document with --json."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import orjson
import typer
from sqlalchemy.exc import DatabaseError, OperationalError

from ncr import db
from ncr.config import Settings
from ncr.db import Sessions
from ncr.errors import ServiceUnavailable

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


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


@contextmanager
def database(settings: Settings) -> Iterator[Sessions]:
    """The site's sessions; a database that does not answer, or was never made, is ServiceUnavailable."""
    settings.data.mkdir(parents=True, exist_ok=True)
    engine = db.connect(settings.url)
    try:
        yield db.sessions(engine)
    except OperationalError as error:
        raise ServiceUnavailable(f"the database does not answer, or needs `ncr db upgrade`: {error.orig}") from error
    except DatabaseError as error:
        raise ServiceUnavailable(f"the database refused: {error.orig}") from error
    finally:
        engine.dispose()
