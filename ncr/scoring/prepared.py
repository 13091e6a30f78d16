"""Statements compiled once and then handed to the driver as they are: the hot path's way past per-call work."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ClauseElement, Connection, Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError

_POSITIONAL = {"sqlite": "qmark", "postgresql": "format"}


@dataclass(frozen=True, slots=True)
class _Form:
    text: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]

    def values(self, given: Mapping[str, Any]) -> tuple[Any, ...]:
        if self.constants:
            given = {**self.constants, **given}
        return tuple([given[name] for name in self.names])


class Prepared:
    """One Core statement, run with plain values: times by `to_wall`, JSON as text; rows come as the driver has them."""

    def __init__(self, statement: ClauseElement, *columns: str) -> None:
        """`columns` are those an INSERT fills."""
        self._statement = statement
        self._columns = list(columns) or None
        self._forms: dict[str, _Form] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """What a SELECT finds. Raises sqlalchemy's DBAPIError."""
        form = self._form(connection.dialect)
        with _cursor(connection, form.text) as cursor:
            cursor.execute(form.text, form.values(values))
            return list(cursor.fetchall())

    def run(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write, once for every row of values in the order the statement has them (`order` tells)."""
        text = self._form(connection.dialect).text
        with _cursor(connection, text) as cursor:
            if len(rows) == 1:
                cursor.execute(text, rows[0])
            else:
                cursor.executemany(text, rows)

    def order(self, dialect: Dialect) -> tuple[str, ...]:
        """The names of the values in the order the statement has them."""
        return self._form(dialect).names

    def _form(self, dialect: Dialect) -> _Form:
        form = self._forms.get(dialect.name)
        if form is None:
            make: Any = type(dialect)
            plain = make(paramstyle=_POSITIONAL[dialect.name])
            compiled: Any = self._statement.compile(dialect=plain, column_keys=self._columns)
            constants = {name: value for name, value in compiled.params.items() if value is not None}
            form = self._forms[dialect.name] = _Form(str(compiled), tuple(compiled.positiontup), constants)
        return form


@contextmanager
def _cursor(connection: Connection, text: str) -> Iterator[DBAPICursor]:
    # The driver's own cursor: describing the columns anew would cost ten times the query.
    cursor = connection.connection.cursor()
    try:
        yield cursor
    except connection.dialect.loaded_dbapi.Error as error:
        foreign = connection.dialect.loaded_dbapi.Error
        raise DBAPIError.instance(text, None, error, foreign, dialect=connection.dialect) from error
    finally:
        cursor.close()


def to_wall(connection: Connection, at: datetime) -> object:
    """A time as the driver wants it: SQLite keeps text, in UTC and without the zone."""
    if connection.dialect.name != "sqlite":
        return at
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def from_wall(value: Any) -> datetime | None:
    """A time as the driver gave it."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value.astimezone(UTC) if isinstance(value, datetime) else None
