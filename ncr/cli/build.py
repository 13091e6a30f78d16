"""`ncr scenario build`: make or fetch the images of scenarios before anybody waits for them."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape

from ncr.app import engine
from ncr.cli.scenario import Json, Paths
from ncr.config import Settings
from ncr.runtime.engine import Engine
from ncr.runtime.images import specs
from ncr.runtime.objects import ImageSpec
from ncr.scenario.loader import load
from ncr.scenario.maxima import Maxima

app = typer.Typer(add_completion=False)
STEP, LONGEST = ": Step ", 120


@app.command()
def build(paths: Paths, as_json: Json = False) -> None:
    """Build or fetch every image that environments of the scenarios need; what has not changed is left as it is."""
    settings = Settings()
    scenarios = [load(path, Maxima.of(settings)) for path in paths]
    on = engine(settings)
    wanted = {spec.reference: spec for scenario in scenarios for spec in specs(scenario)}
    done = []
    for number, spec in enumerate(wanted.values(), 1):
        done.append(_built(on, spec, f"{number} of {len(wanted)}"))
        if not as_json:
            typer.echo(_line(done[-1]))
    if as_json:
        typer.echo(json.dumps(done))


def _built(on: Engine, spec: ImageSpec, which: str) -> dict[str, Any]:
    begun, new = time.monotonic(), on.image(spec.reference) is None
    if new:
        with _progress(f"{which}  {spec.reference}") as tell:
            on.ensure_image(spec, tell)
    seen = on.image(spec.reference)
    took = {"image": spec.reference, "built": new, "seconds": round(time.monotonic() - begun, 1)}
    return {**took, "mib": round(seen.size_mib, 1) if seen else None}


def _line(done: dict[str, Any]) -> str:
    how = f"made now, {done['seconds']} s" if done["built"] else "unchanged"
    return f"{done['image']}  {how}, {done['mib']} MiB"


@contextmanager
def _progress(what: str) -> Iterator[Callable[[str], None]]:
    """The step the build is at: on a terminal one line that changes, elsewhere a line for each."""
    console = Console(stderr=True)
    if not console.is_terminal:
        typer.echo(what, err=True)
        yield lambda line: typer.echo(line[:LONGEST], err=True) if STEP in line else None
        return
    with console.status(escape(what)) as status:
        yield (
            lambda line: status.update(escape(f"{what}  {line.partition(STEP)[2][:LONGEST]}")) if STEP in line else None
        )
