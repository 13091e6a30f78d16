"""`ncr db`: bring the database to the present shape."""

import typer

from ncr import migrations
from ncr.cli.told import Json, one, prepare_folder
from ncr.config import Settings

app = typer.Typer(help="The database: upgrade.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Nothing before the command."""


@app.command()
def upgrade(as_json: Json = False) -> None:
    """Make the tables, or bring them to this version's shape; nothing is lost."""
    settings = Settings()
    prepare_folder(settings)
    before, after = migrations.upgrade(settings.url)
    one({"before": before, "after": after}, as_json)
