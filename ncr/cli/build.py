"""`ncr scenario build`: make or fetch the images of scenarios before anybody waits for them."""

import json

import typer

from ncr.app import engine
from ncr.cli.scenario import Json, Paths
from ncr.config import Settings
from ncr.runtime.images import specs
from ncr.scenario.loader import load
from ncr.scenario.maxima import Maxima

app = typer.Typer()


@app.command()
def build(paths: Paths, as_json: Json = False) -> None:
    """Build or fetch every image that environments of the scenarios need; those that are there are left as they are."""
    settings = Settings()
    scenarios = [load(path, Maxima.of(settings)) for path in paths]
    on = engine(settings)
    wanted = {spec.reference: spec for scenario in scenarios for spec in specs(scenario)}
    done = []
    for reference, spec in wanted.items():
        new = not on.has_image(reference)
        if new:
            on.ensure_image(spec, lambda line: typer.echo(line, err=True))
        done.append({"image": reference, "built": new})
        if not as_json:
            typer.echo(f"{reference}  {'made now' if new else 'there already'}")
    if as_json:
        typer.echo(json.dumps(done))
