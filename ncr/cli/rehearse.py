"""`ncr scenario rehearse`: scenarios proven on the real engine, told as a table, as JSON and as JUnit XML."""

import logging
import signal
import sys
from pathlib import Path
from typing import Annotated

import orjson
import structlog
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ncr import app as composition
from ncr.cli.scenario import Json, Paths
from ncr.cli.told import database
from ncr.clock import utcnow
from ncr.config import Settings
from ncr.director.rehearsal.junit import junit
from ncr.director.rehearsal.report import Report, Step
from ncr.errors import ServiceUnavailable
from ncr.exercise import rehearsals

app = typer.Typer(add_completion=False)
MARKS = {"passed": "[green]passed[/]", "failed": "[red]failed[/]", "note": "[yellow]note[/]"}
INTERRUPTED = 130
# Where there is no terminal to fit.
WIDTH = 160


@app.command()
def rehearse(
    paths: Paths,
    as_json: Json = False,
    junit_file: Annotated[Path | None, typer.Option("--junit", help="Write JUnit XML here too.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave team A's environment running afterwards.")] = False,
) -> None:
    """Prove scenarios with two teams on the engine: checks, isolation, tasks and injects, as play.yml plays them."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
    # Ended from outside as from the keyboard: nothing stays behind.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings, screen = Settings(), Console(stderr=True, highlight=False)
    reports = []
    try:
        for path in paths:
            report = _one(path, settings, screen, keep=keep)
            reports.append(report)
            if not as_json:
                _show(report)
    except KeyboardInterrupt:
        screen.print("Stopped; nothing of the rehearsal is left.")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGTERM, before)
    if junit_file is not None:
        junit_file.write_bytes(junit(reports))
    if as_json:
        typer.echo(orjson.dumps([report.document() for report in reports]).decode())
    raise typer.Exit(0 if all(report.passed for report in reports) else 1)


def _one(path: Path, settings: Settings, screen: Console, *, keep: bool) -> Report:
    with screen.status(f"{path}: reading …") as status:

        def tell(step: Step, over: bool) -> None:
            status.update(f"{path}: {step.words} …")
            if over and not screen.is_terminal:
                screen.print(f"{path}: {step.words}: {step.outcome} ({step.seconds:.1f} s)", soft_wrap=True)

        report = composition.rehearse(settings, path, tell, keep=keep)
    _record(report, settings)
    return report


def _record(report: Report, settings: Settings) -> None:
    """Write it down in the site's database, where there is one: it is what planning goes by."""
    file = settings.url.removeprefix("sqlite:///")
    if not report.digest or (file != settings.url and not Path(file).exists()):
        return
    what = rehearsals.Version(report.digest, report.scenario, report.version)
    try:
        with database(settings) as sessions, sessions.begin() as session:
            passed, told = report.passed, report.document()
            rehearsals.record(session, what, passed=passed, now=utcnow(), who=None, report=told)
    except ServiceUnavailable as error:
        typer.echo(f"ncr: the rehearsal was not written down: {error.detail}", err=True)


def _show(report: Report) -> None:
    out = Console(highlight=False)
    if not out.is_terminal:
        out = Console(highlight=False, width=WIDTH)
    table = Table("What", "holds", "team", "outcome", "seconds", "", title=report.scenario or report.path)
    for step in report.steps:
        about = (escape(step.name), escape(step.what), step.team)
        table.add_row(*about, MARKS[step.outcome], f"{step.seconds:.1f}", escape(step.message))
    out.print(table)
    count = len(report.failures)
    told = f"{count} thing{'s' * (count != 1)} differ{'s' * (count == 1)}" if count else "passed"
    out.print(f"{report.path}: {told} ({report.seconds:.0f} s)", soft_wrap=True)
    for line in report.kept:
        out.print(line, soft_wrap=True, markup=False)
