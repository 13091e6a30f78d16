"""The migrations lead to the tables that the rooms declare, once, whoever runs them."""

import subprocess
import sys

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

import ncr.exercise.tables
import ncr.people.tables
import ncr.scoring.tables  # noqa: F401
from ncr.db import Base, connect
from ncr.errors import ServiceUnavailable
from ncr.migrations import HERE, upgrade
from tests.postgres import free_port

OF_AN_EXERCISE = (
    "INSERT INTO scenario_version (digest, scenario, version, added_at) VALUES ('d', 's', '1', '2026-09-01 12:00:00')",
    "INSERT INTO exercise (id, title, mode, digest, state, created_at, visibility, time_zone, duration_s, secret,"
    " epoch, rate, scale, clock_t_s, head_seq, head_hash, fence) VALUES ('x', 'X', 'exercise', 'd', 'draft',"
    " '2026-09-01 12:00:00', 'staff', 'UTC', 60, 's', 'e', 1, 1, 0, 0, '', 0)",
    "INSERT INTO participant (id, exercise_id, name, standing) VALUES ('p', 'x', 'P', 'active')",
    "INSERT INTO environment (id, exercise_id, participant_id, state, target, generation, resets, health, tries,"
    " changed_at) VALUES ('e', 'x', 'p', 'open', 'open', 1, 0, '{}', 0, '2026-09-01 12:00:00')",
    "INSERT INTO subnet (cidr, bridge, environment_id, network) VALUES ('10.128.0.0/26', 'ncr-1', 'e', 'lan')",
)
UPGRADE = "import sys; from ncr.migrations import upgrade; print(*upgrade(sys.argv[1]))"


def newest() -> str | None:
    return ScriptDirectory(str(HERE)).get_current_head()


def test_the_migrated_tables_are_the_declared_ones(empty_database_url: str) -> None:
    assert upgrade(empty_database_url) == (None, newest())
    engine = connect(empty_database_url)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, Base.metadata) == []
    finally:
        engine.dispose()


def test_a_comparison_would_notice_a_missing_column(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    engine = connect(empty_database_url)
    try:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE partner DROP COLUMN short_name"))
        with engine.connect() as connection:
            [found] = compare_metadata(MigrationContext.configure(connection), Base.metadata)
        assert (found[0], found[2], found[3].name) == ("add_column", "partner", "short_name")
    finally:
        engine.dispose()


def test_upgrading_again_changes_nothing_and_keeps_the_rows(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    engine = connect(empty_database_url)
    try:
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO partner (id, name, short_name) VALUES ('a', 'A', 'A')"))
        assert upgrade(empty_database_url) == (newest(), newest())
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT name FROM partner")) == "A"
    finally:
        engine.dispose()


def test_what_was_there_before_environments_could_be_shared_is_kept(empty_database_url: str) -> None:
    engine = connect(empty_database_url)
    try:
        with engine.begin() as connection:
            config = Config()
            config.set_main_option("script_location", str(HERE))
            config.attributes["connection"] = connection
            command.upgrade(config, "0002")
            for statement in OF_AN_EXERCISE:
                connection.execute(text(statement))
        upgrade(empty_database_url)
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT cidr FROM subnet WHERE environment_id = 'e'")) == "10.128.0.0/26"
    finally:
        engine.dispose()


def test_two_processes_that_upgrade_at_once_wait_for_each_other(empty_database_url: str) -> None:
    words = [sys.executable, "-c", UPGRADE, empty_database_url]
    racers = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [racer.communicate(timeout=240) for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0], told
    assert sorted(out.strip() for out, _ in told) == sorted([f"None {newest()}", f"{newest()} {newest()}"])


def test_a_database_that_does_not_answer_is_named_as_the_trouble() -> None:
    with pytest.raises(ServiceUnavailable, match="the database does not answer"):
        upgrade(f"postgresql://ncr:secret@127.0.0.1:{free_port()}/ncr")
