"""The databases that the other tests stand on are what they promise."""

import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import inspect, text

from ncr import db
from ncr.db import Base, connect
from ncr.people.tables import Partner
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


def test_who_waits_to_write_is_not_forgotten(database_url: str) -> None:
    """Twenty threads that write without a pause: the one that waits longest is not kept out by the others."""
    database = connect(database_url)
    sessions = db.sessions(database)
    longest: list[float] = []

    def write(number: int) -> None:
        worst = 0.0
        for turn in range(10):
            began = time.monotonic()
            with sessions.begin() as session:
                session.add(Partner(id=f"p{number}-{turn}", name=f"P{number}-{turn}", short_name="P"))
            worst = max(worst, time.monotonic() - began)
        longest.append(worst)

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(write, range(20)))
    with sessions() as session:
        assert session.query(Partner).count() == 200
    database.dispose()
    assert max(longest) < 15


def test_a_writer_that_gives_up_lets_the_next_one_write(database_url: str) -> None:
    database = connect(database_url)
    sessions = db.sessions(database)
    for end in ("rollback", "close", "invalidate"):
        with sessions() as session:
            session.add(Partner(id="a", name="A", short_name="A"))
            session.flush()
            getattr(session, end)()
    began = time.monotonic()
    with sessions.begin() as session:
        session.add(Partner(id="a", name="A", short_name="A"))
    database.dispose()
    assert time.monotonic() - began < 15
