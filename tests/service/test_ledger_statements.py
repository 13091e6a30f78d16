"""The prepared statements take their values in the order the ledger gives them, on both databases."""

import pytest
from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from ncr.scoring import ledger, submission


@pytest.mark.parametrize("dialect", [SQLiteDialect_pysqlite(), PGDialect_psycopg()])
def test_the_order_of_the_values_is_that_of_the_statement(dialect: Dialect) -> None:
    fact = ("exercise_id", "seq", "at", "t", "kind", "team", "payload", "key", "hash")
    assert ledger._INSERT.order(dialect) == fact
    assert ledger._MOVE_HEAD.order(dialect) == ("last", "chained", "exercise")
    answer = ("exercise_id", "participant_id", "task", "user_id", "at", "text", "right")
    assert submission._KEEP.order(dialect) == answer
