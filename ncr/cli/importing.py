"""`ncr scenario import`: another system's content as a scenario of ours, with an account of every field."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ncr.config import Settings
from ncr.errors import NcrError
from ncr.scenario.importers import formats
from ncr.scenario.importers.frame import write
from ncr.scenario.importers.imagetable import NO_TABLE, read_table
from ncr.scenario.importers.report import Report
from ncr.scenario.maxima import Maxima

app = typer.Typer(add_completion=False)
Into = Annotated[Path, typer.Option("--into", help="Directory in which the scenario's directory is made.")]
Id = Annotated[str | None, typer.Option("--id", help="The scenario's id; else made of the source's name.")]
Images = Annotated[
    Path | None,
    typer.Option("--images", help="Table of images for other systems' machines: NAME@RANGE: IMAGE.", metavar="FILE"),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def import_(
    path: Annotated[Path, typer.Argument(help="File or directory to import.", metavar="PATH")],
    into: Into,
    ident: Id = None,
    images: Images = None,
    as_json: Json = False,
) -> None:
    """Import Compose labs and other systems' scenarios; the report says what became of every field, and why."""
    report = None
    try:
        draft, report = formats.read(path, read_table(images) if images else NO_TABLE)
        draft.id = ident or draft.id
        scenario = write(draft, report, into, Maxima.of(Settings()))
    except NcrError as error:
        _tell_refused(error, report, as_json)
        raise typer.Exit(1) from error
    _tell(report, {"id": draft.id, "path": str(scenario.path), "notes": list(scenario.notes)}, as_json)


def _tell(report: Report, result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"imported": True, **result, "problems": [], "report": report.as_dict()}))
        return
    _tell_report(report)
    for note in result["notes"]:
        typer.echo(f"{result['path']}/{note} (note)")
    typer.echo(f"{result['path']}: good; {result['path']}.import-report.md has the report")


def _tell_refused(error: NcrError, report: Report | None, as_json: bool) -> None:
    if as_json:
        problems = [{"where": one.where, "message": one.message} for one in error.problems]
        told = {"imported": False, "detail": error.detail, "problems": problems}
        typer.echo(json.dumps({**told, "report": report.as_dict() if report else None}))
        return
    if report:
        _tell_report(report)
    typer.echo(f"ncr: {error.detail}; nothing was written", err=True)
    for problem in error.problems:
        typer.echo(f"  {problem}", err=True)


def _tell_report(report: Report) -> None:
    for entry in report.entries:
        to, why = (f" -> {entry.to}" if entry.to else ""), (f" ({entry.why})" if entry.why else "")
        typer.echo(f"{entry.outcome:8}{entry.source}{to}{why}")
    for warned in report.warnings:
        typer.echo(f"warning {warned.trap}: {warned.where}: {warned.message}")
    typer.echo(f"{report.source}, {report.format}: " + ", ".join(f"{n} {word}" for word, n in report.counts().items()))
