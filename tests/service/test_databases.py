"""The databases that the other tests stand on are what they promise."""

from sqlalchemy import inspect, text

from ncr.db import Base, connect
from tests.postgres import Cluster


def test_a_database_has_every_table_and_no_rows(database_url: str) -> None:
    engine = connect(database_url)
    try:
        assert set(Base.metadata.tables) <= set(inspect(engine).get_table_names())
        assert {"exercise", "team"} & set(Base.metadata.tables)
        with engine.connect() as connection:
            for table in Base.metadata.sorted_tables:
                assert connection.scalar(text(f'SELECT count(*) FROM "{table.name}"')) == 0, table.name  # noqa: S608
    finally:
        engine.dispose()


def test_an_empty_database_has_no_tables(empty_database_url: str) -> None:
    engine = connect(empty_database_url)
    try:
        assert inspect(engine).get_table_names() == []
    finally:
        engine.dispose()


def test_the_postgresql_cluster_is_durable(postgres: Cluster) -> None:
    with postgres.admin() as admin:
        shown = {name: admin.execute(f"SHOW {name}").fetchone() for name in ("fsync", "synchronous_commit")}
    assert shown == {"fsync": ("on",), "synchronous_commit": ("on",)}
