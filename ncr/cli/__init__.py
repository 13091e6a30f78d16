"""The command `ncr`: its groups, each read only when asked for, and how errors end it."""

import sys

import typer
from pydantic import ValidationError

from ncr.cli.lazy import Lazy
from ncr.errors import NcrError

USAGE = 2
GROUPS = {
    "demo": ("demo", "A whole exercise on this machine, bots playing, in one command."),
    "serve": ("serve", "Run the service."),
    "doctor": ("doctor", "Look at engine, database, clock, disk and isolation: each with a remedy."),
    "scenario": ("scenario", "Scenarios: list, new, check, schema, build, rehearse, remove, clear, import."),
    "exercise": (
        "exercise",
        "Exercises: plan, list, show, launch, pause, resume, extend, finish, cancel, archive, watch.",
    ),
    "practice": ("practice", "Practice runs: start, stop, list."),
    "ledger": ("ledger", "The ledger: verify, export, rescore."),
    "people": ("people", "Partners, teams, users and tokens."),
    "environment": ("environment", "Environments: list, reset, prune."),
    "db": ("database", "The database: upgrade."),
}


class Groups(Lazy):
    """The groups by name."""

    late = GROUPS


app = typer.Typer(
    cls=Groups, no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
)


@app.callback(help="The exercise platform for the Norwegian Cyber Range.")
def ncr() -> None:
    """Nothing before the group."""


def main() -> None:
    """Run the command; our own errors become a message and their exit code, never a traceback."""
    try:
        app()
    except NcrError as error:
        typer.echo(f"ncr: {error.detail}", err=True)
        for problem in error.problems:
            typer.echo(f"  {problem}", err=True)
        sys.exit(error.exit_code)
    except ValidationError as error:
        typer.echo(f"ncr: {error.title} are wrong", err=True)
        for wrong in error.errors():
            typer.echo(f"  NCR_{'_'.join(map(str, wrong['loc'])).upper()}: {wrong['msg']}", err=True)
        sys.exit(USAGE)
    except ValueError as error:
        typer.echo(f"ncr: {error}", err=True)
        sys.exit(USAGE)
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:
        typer.echo(f"ncr: {error.strerror or error}{f': {error.filename}' if error.filename else ''}", err=True)
        sys.exit(1)
