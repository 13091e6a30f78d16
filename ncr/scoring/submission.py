"""Answers and hints: one transaction each, under the head row's lock."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ncr.scoring.rules import Rules


@dataclass(frozen=True, slots=True)
class Member:
    """Who acts: the participant, the account and the pseudonym that stands for it in the ledger."""

    participant: str
    user: str
    pseudonym: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an answer. `already`: nothing new was counted, this repeats the earlier answer.

    `attempts_left` is None where attempts are not limited. `seq` is the fact's. Points are the board's to tell
    (`Board.points(participant)`), after the commit.
    """

    correct: bool
    seq: int
    attempts_left: int | None
    already: bool


@dataclass(frozen=True, slots=True)
class HintTaken:
    """A hint of a task, bought; `already` when it was bought before. The text is the scenario's own."""

    seq: int
    cost: int
    already: bool


def submit(
    session: Session, exercise: str, member: Member, rules: Rules, task: str, answer: str, now: datetime
) -> Outcome:
    """Judge `answer` and record it; call inside one transaction (Writer.run), answer only after its commit.

    Raises NotFound (no such task, or not visible yet), NotOpen, Refused (out of attempts, graded by people, a task required
    first is not solved), TooMany (over 10 a minute per participant and task), Invalid (empty or too long).
    """
    raise NotImplementedError


def take_hint(
    session: Session, exercise: str, member: Member, rules: Rules, task: str, hint: int, now: datetime
) -> HintTaken:
    """Buy hint number `hint` (1 is the first) of `task`, once: again it costs nothing more. Errors as `submit`."""
    raise NotImplementedError
