"""What the scoring benchmarks stand on: a SQLite database with one running exercise, and medians of ratios."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from ncr.db import Base, Sessions, connect, sessions
from ncr.exercise.tables import Exercise, Participant, ScenarioVersion
from ncr.people import tables as people
from ncr.scenario.model import Definition
from ncr.scoring import tables as scoring

TEAMS = [f"p{number}" for number in range(20)]
TASKS = [f"t{number}" for number in range(200)]
START = datetime.now(UTC)
EXERCISE = "e" * 32

SCENARIO = {
    "ncr": 1,
    "id": "x",
    "version": "1.0.0",
    "title": "X",
    "summary": "x",
    "duration": "90m",
    "tasks": [
        {
            "id": task,
            "title": task,
            "text": "x",
            "flag": {"per_team": True, "deliver": {"service": "s", "env": "FLAG"}},
            "points": {"curve": "linear", "initial": 500, "minimum": 100, "decay": 25},
        }
        for task in TASKS
    ],
    "checks": [{"id": f"c{number}", "service": "s", "probe": {"tcp": 80}, "points": 5} for number in range(3)],
    "scoring": {"first_solves": ["5%", "3%", "1%"]},
}
DEFINITION = Definition.model_validate(SCENARIO)


def database(path: Path, teams: Sequence[str] = TEAMS) -> Sessions:
    """A new database at `path` with all tables and one running exercise of `teams`, durable as in use."""
    for rest in ("", "-wal", "-shm"):
        Path(f"{path}{rest}").unlink(missing_ok=True)
    assert people.Base is scoring.Base is Base
    engine = connect(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    factory = sessions(engine)
    with factory.begin() as session:
        session.add(ScenarioVersion(digest="d", scenario="x", version="1.0.0", added_at=START))
        session.flush()
        row = {"title": "E", "digest": "d", "state": "running", "created_at": START, "visibility": "public"}
        clock = {"time_zone": "UTC", "duration_s": 86400.0, "clock_at": START, "starts_at": START}
        session.add(Exercise(id=EXERCISE, secret="5f" * 32, epoch="one", **row, **clock))
        session.flush()
        session.add_all(Participant(id=team, exercise_id=EXERCISE, name=team, partner="NTNU") for team in teams)
    return factory


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    begun = perf_counter()
    work()
    return perf_counter() - begun


def median(values: Iterable[float], digits: int = 3) -> float:
    """The median, rounded."""
    return round(statistics.median(values), digits)
