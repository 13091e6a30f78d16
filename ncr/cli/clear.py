"""`ncr scenario clear`: environments that rehearsals kept for their author, or left when they died, are removed."""

import typer

from ncr import app as composition
from ncr.cli.scenario import Json
from ncr.cli.told import one
from ncr.config import Settings
from ncr.director.rehearsal import leftovers

app = typer.Typer(add_completion=False)


@app.command()
def clear(as_json: Json = False) -> None:
    """Remove from the engine what this site's rehearsals have kept or left."""
    settings = Settings()
    traces = leftovers.Traces(settings.data / "rehearsals")
    swept = leftovers.sweep(traces, composition.engine(settings, leftovers.PREFIX), kept=True)
    one({"removed": len(swept)}, as_json)
