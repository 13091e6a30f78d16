"""The ear: hears that somebody decided something, so that the director need not wait for its next tick.

Every turn that is decided leaves a row in the journal. PostgreSQL notifies of each; on SQLite the newest is looked at.
"""

from typing import Any

import psycopg
import structlog
from sqlalchemy import Engine

from ncr.db import DataVersion
from ncr.exercise.journal import CHANNEL

log = structlog.get_logger()
NEWEST = "SELECT max(id) FROM journal"


class SqliteEar:
    """Looks whether the journal has grown; costs next to nothing while nobody writes."""

    def __init__(self, engine: Engine) -> None:
        self._version = DataVersion(engine)
        self._seen: tuple[int, Any] = (0, None)

    def heard(self) -> bool:
        """Whether something was decided since the last call."""
        version = self._version.now()
        if version == self._seen[0]:
            return False
        newest = self._version.ask(NEWEST)
        before, self._seen = self._seen, (version, newest)
        return bool(newest != before[1])

    def close(self) -> None:
        """Listen no more."""
        self._version.close()


class PostgresEar:
    """Holds a connection of its own that is notified; a lost one is opened again."""

    def __init__(self, engine: Engine) -> None:
        url = engine.url.set(drivername="postgresql")
        self._url = url.render_as_string(hide_password=False)
        self._connection: psycopg.Connection[Any] | None = None

    def heard(self) -> bool:
        """Whether something was decided since the last call; True when it could have been missed."""
        try:
            return self._hear()
        except psycopg.Error as error:
            log.warning("the database is not heard", error=str(error)[:300])
            self.close()
            return False

    def _hear(self) -> bool:
        if self._connection is None:
            self._connection = psycopg.connect(self._url, autocommit=True, connect_timeout=5)
            self._connection.execute(f"LISTEN {CHANNEL}")
            return True
        wire, heard = self._connection.pgconn, False
        wire.consume_input()
        while wire.notifies() is not None:
            heard = True
        return heard

    def close(self) -> None:
        """Listen no more."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


Ear = SqliteEar | PostgresEar


def ear(engine: Engine) -> Ear:
    """The ear for the database's kind."""
    return SqliteEar(engine) if engine.dialect.name == "sqlite" else PostgresEar(engine)
