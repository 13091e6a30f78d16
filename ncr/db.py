"""The database: one engine, one session factory, one declarative base; SQLite in WAL mode or PostgreSQL."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from sqlalchemy import JSON, Connection, DateTime, Dialect, Engine, MetaData, create_engine, event, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

Sessions = sessionmaker[Session]
LONGEST_WAIT_S = 30.0

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Utc(TypeDecorator[datetime]):
    """A point in time: aware on the Python side, UTC in the database (SQLite keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone reached the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    """Every table of every room."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: Utc, dict[str, Any]: Json, list[Any]: Json}  # noqa: RUF012


def connect(url: str) -> Engine:
    """An engine for `url`. SQLite gets WAL, full durability, foreign keys, and transactions that begin as writers."""
    if url.startswith("postgresql://"):
        url = "postgresql+psycopg" + url.removeprefix("postgresql")
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=20, max_overflow=20, pool_pre_ping=True)
    engine = create_engine(url, pool_size=20, max_overflow=20, connect_args={"timeout": 30, "check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    turn = Turn()
    event.listen(engine, "begin", turn.begin)
    event.listen(engine, "commit", turn.end)
    event.listen(engine, "rollback", turn.end)
    event.listen(engine, "checkin", turn.end)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    # pysqlite would otherwise begin transactions by itself, and late: a read that turns into a write then fails.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


class Turn:
    """SQLite's one writer, chosen in this process by a lock: SQLite itself lets who waits sleep, and forgets them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._holders: tuple[object, ...] = ()

    def begin(self, connection: Connection) -> None:
        """Begin a transaction, as the writer unless it only reads."""
        if connection.get_execution_options().get("reading", False):
            connection.exec_driver_sql("BEGIN")
            return
        # Too late is not refused here: SQLite says that better.
        if self._lock.acquire(timeout=LONGEST_WAIT_S):
            self._holders = (connection, connection.connection.dbapi_connection)
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except BaseException:
            self.end(connection)
            raise

    def end(self, connection: object, _record: object = None) -> None:
        """Let the next one write: a transaction has ended, or a connection was given back without an end."""
        if any(connection is holder for holder in self._holders):
            self._holders = ()
            self._lock.release()


def sessions(engine: Engine) -> Sessions:
    """The session factory: rows stay readable after commit."""
    return sessionmaker(engine, expire_on_commit=False)


class DataVersion:
    """SQLite's own count of what others have written, on a connection kept for asking; far cheaper than a query."""

    def __init__(self, engine: Engine) -> None:
        self._connection = engine.raw_connection()

    def now(self) -> int:
        """The count."""
        return int(self.ask("PRAGMA data_version"))

    def ask(self, query: str) -> Any:
        """The one value that the query gives."""
        cursor = self._connection.cursor()
        value = cursor.execute(query).fetchone()[0]
        cursor.close()
        return value

    def close(self) -> None:
        """Ask no more."""
        self._connection.close()


@contextmanager
def reading(factory: Sessions) -> Iterator[Session]:
    """A session that only reads: on SQLite it never waits for the writer."""
    with factory() as session:
        session.connection(execution_options={"reading": True})
        yield session


def alone(session: Session, name: str) -> None:
    """From here until its transaction ends, nobody else gets past here with the same `name`."""
    # SQLite has one writer at a time anyway.
    if session.get_bind().dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
        session.execute(select(func.pg_advisory_xact_lock(number)))
