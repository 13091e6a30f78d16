"""`ncr scenario remove`: a version that the site keeps goes, when no exercise and no practice run uses it."""

from typing import Annotated

import typer

from ncr.cli.scenario import Json
from ncr.cli.told import database, one
from ncr.clock import utcnow
from ncr.config import Settings
from ncr.errors import NotFound
from ncr.exercise import library, stock
from ncr.exercise.shelf import Shelf

app = typer.Typer(add_completion=False)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="Which one: ID@VERSION.", metavar="ID@VERSION")], as_json: Json = False
) -> None:
    """Remove a version that was uploaded or planned with, and its copy; one that is in use is refused."""
    settings = Settings()
    id, _, version = name.partition("@")
    with database(settings) as sessions, sessions.begin() as session:
        # A folder's version may have been kept more than once, each time with other content.
        kept = [row.digest for row in library.versions(session, id) if row.version == version]
        if not kept:
            raise NotFound(f"there is no version {name} that is kept")
        for digest in kept:
            stock.remove(session, Shelf(settings.data / "scenarios"), id, digest, None, utcnow())
        one({"removed": name, "copies": len(kept)}, as_json)
