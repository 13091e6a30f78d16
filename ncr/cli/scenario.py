"""`ncr scenario`: is a scenario right, and what editors need; the rest of the group is read when it is used."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer

from ncr.cli.lazy import Lazy
from ncr.cli.limits import site_maxima
from ncr.errors import ScenarioInvalid
from ncr.scenario.loader import load
from ncr.scenario.maxima import Maxima
from ncr.scenario.schema import schema as schema_of


class Commands(Lazy):
    """Building needs the engine and import its formats, which take long to load; the rest must not wait for them."""

    late: ClassVar = {
        "list": ("listing", "Show the scenarios in the site's folders, with what each costs."),
        "new": ("starting", "Write a small scenario to begin with."),
        "build": ("build", "Build the images of scenarios."),
        "rehearse": ("rehearse", "Prove scenarios on the engine, with two teams."),
        "import": ("importing", "Import Compose labs and other systems' scenarios."),
        "remove": ("removing", "Remove kept versions that nothing uses."),
        "clear": ("clear", "Remove what rehearsals have kept."),
    }


app = typer.Typer(
    cls=Commands,
    help="Scenarios: list, new, check, schema, build, rehearse, remove, clear, import.",
    no_args_is_help=True,
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Paths = Annotated[list[Path], typer.Argument(help="Directories that hold a scenario.yml.", metavar="PATH…")]


@app.command()
def check(paths: Paths, as_json: Json = False) -> None:
    """Say everything that is wrong with scenarios, each with file, line, column and what would be right."""
    limits = site_maxima()
    found = [_checked(path, limits) for path in paths]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        for one in found:
            _tell(one)
    if any(one["problems"] for one in found):
        raise typer.Exit(1)


@app.command()
def schema(as_json: Json = False) -> None:
    """Print the JSON Schema of scenario.yml, which editors use for completion. (--json changes nothing: it is JSON.)"""
    typer.echo(json.dumps(schema_of(), ensure_ascii=False, indent=None if as_json else 2))


def _checked(path: Path, limits: Maxima) -> dict[str, Any]:
    try:
        scenario = load(path, limits)
    except ScenarioInvalid as error:
        return {"path": str(path), "valid": False, "problems": [asdict(one) for one in error.problems], "notes": []}
    about = {"id": scenario.definition.id, "version": scenario.definition.version, "digest": scenario.digest}
    return {"path": str(path), "valid": True, **about, "problems": [], "notes": list(scenario.notes)}


def _tell(one: dict[str, Any]) -> None:
    for note in one["notes"]:
        typer.echo(f"{one['path']}/{note} (note)")
    for problem in one["problems"]:
        typer.echo(f"{one['path']}/{problem['where']}: {problem['message']}")
    count = len(one["problems"])
    typer.echo(f"{one['path']}: {f'{count} problem' + 's' * (count > 1) if count else 'good'}")
