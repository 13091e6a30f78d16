"""The board: one exercise's standings kept in memory, advanced by the ledger, and shown as each audience may see them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.orm import Session

from ncr.db import Sessions
from ncr.scoring.facts import Fact
from ncr.scoring.rules import Rules

Audience = Literal["public", "team", "staff"]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Changes:
    """What an audience that has seen `after` needs to be at `seq`: facts it may see, changed rows and tasks, the order."""

    after: int
    seq: int
    facts: list[dict[str, Any]]
    rows: list[Row]
    order: list[str]
    tasks: dict[str, Any]


class Board:
    """One exercise's standings. Safe to share between threads; every reading first catches up with the ledger.

    snapshot = {"seq", "frozen", "standings": [row …] in order, "tasks": {task: {"value", "solves", "category", "title"}}}
    row = {"team", "name", "partner", "rank", "points", "tasks": {task: {"points", "order"}}, "services": {check: state},
           "last_solve": RFC 3339 | None, "solved": n}; `team` is the participant's id. Staff's rows also hold "standing"
           and "parts" {tasks, checks, injects, duel, adjusted, resets: points}.
    """

    def __init__(self, sessions: Sessions, exercise: str, rules: Rules) -> None:
        raise NotImplementedError

    def advance(self, session: Session | None = None) -> int:
        """Catch up with the ledger and return its head; cheap when nothing is new."""
        raise NotImplementedError

    def snapshot(self, audience: Audience, participant: str | None = None, at: int | None = None) -> dict[str, Any]:
        """The standings now, or as of fact `at`. While frozen, public and team see the freeze; a team that gives its
        `participant` also gets "own", its own row with its own later facts at the frozen values.
        """
        raise NotImplementedError

    def changes(self, after: int, audience: Audience) -> Changes | None:
        """What changed since fact `after`; None when too far behind (over 1,000 facts): take a snapshot."""
        raise NotImplementedError

    def facts(self, after: int, audience: Audience, participant: str | None = None) -> list[dict[str, Any]]:
        """Facts after `after` as this audience may see them."""
        raise NotImplementedError

    def points(self, participant: str) -> float:
        """The participant's points as it may know them (frozen values while frozen)."""
        raise NotImplementedError


class Boards:
    """The boards of this process, made on demand: `boards.of(exercise_id)`."""

    def __init__(self, sessions: Sessions, rules_of: Callable[[str], Rules]) -> None:
        """`rules_of(digest)` gives the rules of a scenario version; the composition root knows how."""
        raise NotImplementedError

    def of(self, exercise: str) -> Board:
        raise NotImplementedError
