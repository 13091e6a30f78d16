"""The database's shape over time, by Alembic; `upgrade` brings any older one to the present."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError

from ncr import db
from ncr.errors import NcrError, ServiceUnavailable

HERE = Path(__file__).parent


def upgrade(url: str) -> tuple[str | None, str | None]:
    """Upgrade the database at `url` to the newest revision; returns the revision before and after.

    Raises ServiceUnavailable when it does not answer, NcrError when a newer version made it. Two processes may do it
    at once: the second waits for the first.
    """
    engine = db.connect(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _let_go_of_rows)
    config = Config()
    config.set_main_option("script_location", str(HERE))
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7262626)")
            before = MigrationContext.configure(connection).get_current_revision()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            return before, MigrationContext.configure(connection).get_current_revision()
    except DatabaseError as error:
        raise ServiceUnavailable(f"the database does not answer: {error.orig}") from error
    except CommandError as error:
        raise NcrError(f"the database is not of this version or an older one: {error}") from error
    finally:
        engine.dispose()


def _let_go_of_rows(connection: DBAPIConnection, _record: object) -> None:
    # SQLite changes a table by making it anew; dropping the old one must not take along the rows that hang on it.
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=OFF")
    cursor.close()
