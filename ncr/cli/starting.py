"""`ncr scenario new`: a small scenario to begin with, good as it is."""

import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from ncr import scenario
from ncr.cli.scenario import Json
from ncr.config import Settings
from ncr.errors import Invalid, Problem, Refused
from ncr.scenario.loader import DEFINITION, load
from ncr.scenario.values import ID

app = typer.Typer(add_completion=False)
STARTER = Path(scenario.__file__).parent / "starter"
Into = Annotated[Path | None, typer.Option(help="Folder to write it in; the site's first scenario folder if left out.")]


@app.command()
def new(
    id: Annotated[str, typer.Argument(help="The new scenario's id.")], into: Into = None, as_json: Json = False
) -> None:
    """Write a small scenario that passes check and rehearse as it is, to be changed into one's own."""
    if not re.fullmatch(ID, id):
        raise Invalid(
            problems=[Problem("ID", f"{id} is not an id; write lower-case letters, digits and -, a letter first")]
        )
    folder = into or Settings().scenarios[0]
    place = folder / id
    if place.exists():
        raise Refused(f"{place} is there already; choose another id, or another folder with --into")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as made:
        fresh = Path(made) / id
        shutil.copytree(STARTER, fresh)
        text = (fresh / DEFINITION).read_text()
        (fresh / DEFINITION).write_text(text.replace("\nid: ID\n", f"\nid: {id}\n"))
        load(fresh)
        fresh.rename(place)
    if as_json:
        typer.echo(json.dumps({"id": id, "path": str(place)}))
    else:
        typer.echo(f"{place} is written; change it, and after each change run: ncr scenario check {place}")
