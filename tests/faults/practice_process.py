"""A director as a process of its own that lives an hour of practice through on told time; tests kill it."""

import json
import os
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from ncr import db
from ncr.exercise.tables import Exercise, Practice
from ncr.runtime.simulated import SimulatedEngine
from tests.service.practice_hall import Hall
from tests.stage import NOON

STEP_S = 2.0
UNTIL_S = 400.0


def hall_on(folder: Path, url: str) -> Hall:
    """Two runs at a time, closed after a minute of idleness, and a pool of one; on the engine kept in `folder`."""
    sessions = db.sessions(db.connect(url))
    site = {"practice_runs": 2, "practice_idle_s": 60, "pool_size": 1}
    return Hall(sessions, SimulatedEngine(folder / "engine.json"), folder / "data", **site)


def live(folder: Path, url: str, crash_at: str) -> None:
    """Direct until every run is closed and the pool filled; then until the pool, not wanted any more, is gone."""
    os.environ["NCR_CRASH_AT"] = crash_at
    told, hall = folder / "told.json", hall_on(folder, url)
    hall.clock.at = NOON + timedelta(seconds=json.loads(told.read_text()) if told.exists() else 0)
    hall.begin()
    while not (has_closed(hall) and (hall.pool() or not hall.scenarios)):
        go_on(hall, told)
    hall.scenarios = []
    while hall.left():
        go_on(hall, told)
    hall.end()


def go_on(hall: Hall, told: Path) -> None:
    now_s = (hall.clock() - NOON).total_seconds()
    assert now_s < UNTIL_S, "it never came to an end"
    ahead = told.with_suffix(".ahead")
    ahead.write_text(json.dumps(now_s))
    ahead.replace(told)
    hall.run(STEP_S, STEP_S)


def has_closed(hall: Hall) -> bool:
    """Whether every student's run is over."""
    with hall.sessions() as session:
        asked = select(Exercise.state).join(Practice, Practice.exercise_id == Exercise.id)
        return set(session.scalars(asked.where(Practice.user_id.is_not(None)))) == {"finished"}
