"""Killed at every named place of practice, the director loses nothing, serves nobody twice and closes nobody twice."""

import signal
from collections import Counter
from multiprocessing import get_context
from pathlib import Path

import pytest
from sqlalchemy import select

from ncr import db
from ncr.director.crashpoints import PRACTICE
from ncr.exercise.tables import Exercise, Practice
from tests.faults.practice_process import hall_on, live
from tests.service.practice_hall import Hall, add_students

PROCESSES = get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.faults.practice_process"])
STUDENTS = ("kari", "ola", "nils")
# Where an exercise is in danger too: between the rows and the engine, of a run and of what waits in the pool.
TOO = ("prepare-after-commit", "build-before-commit", "build-before-commit:3", "unpause-after:2")


@pytest.fixture
def hall(tmp_path: Path, sqlite_template: Path) -> Hall:
    path = tmp_path / "ncr.db"
    path.write_bytes(sqlite_template.read_bytes())
    add_students(db.sessions(db.connect(f"sqlite:///{path}")), STUDENTS)
    return hall_on(tmp_path, f"sqlite:///{path}")


def lives(folder: Path, crash_at: str = "") -> int | None:
    process = PROCESSES.Process(target=live, args=(folder, f"sqlite:///{folder / 'ncr.db'}", crash_at))
    process.start()
    process.join(120)
    if process.is_alive():
        process.kill()
        pytest.fail("the director did not come to an end")
    return process.exitcode


@pytest.mark.parametrize("point", [*PRACTICE, *TOO])
def test_killed_there_every_student_is_served_once_all_the_same(point: str, hall: Hall, tmp_path: Path) -> None:
    runs = [hall.start(who) for who in STUDENTS]
    assert lives(tmp_path, point) == -signal.SIGKILL, f"{point} was never reached"
    assert lives(tmp_path) == 0
    for run in runs:
        seen = hall.look(run)
        assert (seen.state, seen.environment) == ("finished", "removed")
        kinds = Counter(hall.kinds(run))
        assert (kinds["joined"], kinds["opened"], kinds["finished"]) == (1, 1, 1)
        assert len([message for message in hall.messages(run) if message.inject is None]) <= 1
    assert (hall.left(), hall.subnets()) == ([], [])
    with hall.sessions() as session:
        rows = session.execute(select(Practice.user_id, Exercise.mode).join(Exercise)).all()
    assert sorted(user for user, mode in rows if mode == "practice") == sorted(STUDENTS)
    assert [user for user, mode in rows if mode == "pool"].count(None) >= 1
