"""A running exercise in a database, for tests of the ledger and of submissions."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ncr.db import Sessions
from ncr.exercise.tables import Exercise, Participant, ScenarioVersion
from ncr.scenario.model import Definition
from ncr.scoring.rules import Rules, rules
from ncr.scoring.submission import Member

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOON = START.replace(minute=30)

DEFINITION = Definition.model_validate(
    {
        "ncr": 1,
        "id": "x",
        "version": "1.0.0",
        "title": "X",
        "summary": "x",
        "duration": "90m",
        "tasks": [
            {"id": "fixed", "title": "F", "text": "x", "flag": "NCR{x}", "points": 100,
             "hints": [{"text": "h", "cost": 20}, {"text": "i", "cost": 30}]},
            {"id": "few", "title": "F", "text": "x", "flag": "NCR{y}", "attempts": 3},
            {"id": "own", "title": "O", "text": "x", "points": 50,
             "flag": {"per_team": True, "deliver": {"service": "s", "env": "FLAG"}}},
            {"id": "after", "title": "A", "text": "x", "flag": "NCR{z}", "requires": ["fixed"]},
            {"id": "late", "title": "L", "text": "x", "flag": "NCR{z}", "opens": "T+45m"},
            {"id": "report", "title": "R", "text": "x", "graded": {"rubric": [{"id": "f", "max": 5, "text": "F"}]}},
            {"id": "falling", "title": "D", "text": "x", "flag": "NCR{d}",
             "points": {"curve": "linear", "initial": 500, "minimum": 100, "decay": 25}},
        ],
        "scoring": {"first_solves": ["5%"]},
    }
)  # fmt: skip
RULES: Rules = rules(DEFINITION)


def member(participant: str) -> Member:
    return Member(participant, f"user-{participant}", f"pseudonym-{participant}")


def plan(sessions: Sessions, teams: Sequence[str] = ("p1", "p2", "p3"), exercise: str = "e", **values: Any) -> str:
    """A running exercise with these participants, its clock started at START."""
    row = {
        "title": "E", "digest": "d", "state": "running", "created_at": START, "visibility": "public",
        "time_zone": "UTC", "duration_s": 5400.0, "secret": "5f" * 32, "epoch": "one", "clock_at": START,
        "starts_at": START, **values,
    }  # fmt: skip
    with sessions.begin() as session:
        if session.get(ScenarioVersion, "d") is None:
            session.add(ScenarioVersion(digest="d", scenario="x", version="1.0.0", added_at=START))
            session.flush()
        session.add(Exercise(id=exercise, **row))
        session.flush()
        for team in teams:
            session.add(Participant(id=team, exercise_id=exercise, name=team.upper(), partner="NTNU"))
    return exercise
