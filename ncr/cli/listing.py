"""`ncr scenario list`: the scenarios of the site, and what each costs in memory, processors and images."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from ncr.app import engine
from ncr.cli.scenario import Json
from ncr.config import Settings
from ncr.errors import EngineError, ScenarioInvalid
from ncr.exercise import claims
from ncr.runtime.images import specs, together_mib
from ncr.runtime.objects import SeenImage
from ncr.scenario.loader import DEFINITION, load
from ncr.scenario.maxima import Maxima
from ncr.scenario.topology import Scenario

app = typer.Typer(add_completion=False)
Look = Callable[[str], SeenImage | None]
BASE = "ncr/base:bookworm"
HEADS = ("scenario", "version", "title", "difficulty", "minutes", "services", "memory", "cpus", "images")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Show the scenarios in the site's folders, with what one team's environment of each may use."""
    settings = Settings()
    look = _looking(settings)
    rows = [_row(path, settings, look) for path in _places(settings)]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
    elif rows:
        _show(rows)
    else:
        typer.echo("There is no scenario in " + ", ".join(map(str, settings.scenarios)))


def _places(settings: Settings) -> Iterator[Path]:
    for folder in settings.scenarios:
        yield from sorted(path.parent for path in folder.glob(f"*/{DEFINITION}"))


def _looking(settings: Settings) -> Look | None:
    """How the engine is asked for an image; None when it does not answer."""
    try:
        on = engine(settings)
        on.info()
    except EngineError:
        return None
    return on.image


def _row(path: Path, settings: Settings, look: Look | None) -> dict[str, Any]:
    try:
        scenario = load(path, Maxima.of(settings))
    except ScenarioInvalid as error:
        return {"id": path.name, "problem": f"{error.detail}; see ncr scenario check {path}"}
    definition, need = scenario.definition, claims.needed(scenario, settings)
    return {
        "id": definition.id,
        "version": definition.version,
        "title": definition.title.get(settings.language),
        "difficulty": definition.difficulty,
        "duration_s": definition.duration,
        "services": sum(service.replicas for service in scenario.topology.services.values()),
        "memory_mib": need.memory_mib,
        "cpus": need.cpus,
        "images": _images(scenario, look),
    }


def _images(scenario: Scenario, look: Look | None) -> dict[str, Any]:
    """How many images it needs, how many of them are there, and the disk those take; null where nobody can tell."""
    wanted = {spec.reference for spec in specs(scenario)}
    if look is None:
        return {"needed": len(wanted), "there": None, "mib": None}
    there = [seen for reference in wanted if (seen := look(reference))]
    base = look(BASE)
    mib = together_mib([*there, *([base] if base and there else [])])
    return {"needed": len(wanted), "there": len(there), "mib": round(mib, 1)}


def _show(rows: list[dict[str, Any]]) -> None:
    table = Table(*HEADS, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        if "problem" in row:
            table.add_row(row["id"], "", row["problem"])
            continue
        images = row["images"]
        told = (
            f"{images['needed']}, the engine does not answer"
            if images["there"] is None
            else (f"{images['there']} of {images['needed']}, {images['mib']:.0f} MiB")
        )
        table.add_row(
            row["id"], row["version"], row["title"], row["difficulty"], f"{row['duration_s'] / 60:.0f}",
            str(row["services"]), f"{row['memory_mib']:.0f} MiB", f"{row['cpus']:g}", told,
        )  # fmt: skip
    Console(width=None if Console().is_terminal else 200).print(table)
