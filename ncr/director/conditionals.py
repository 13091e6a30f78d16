"""Conditional injects: who has met what each waits for is written down as soon as a fact says so."""

from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from ncr.db import reading
from ncr.director.means import Means
from ncr.exercise.lifecycle import State
from ncr.exercise.tables import Exercise, Moment
from ncr.scoring import ledger
from ncr.scoring.conditions import Conditions

# Exercise, inject, those who have newly met its condition, now.
Meet = Callable[[str, str, Collection[str], datetime], None]


class Awaiting(NamedTuple):
    """A conditional inject of a running exercise, and how far its ledger is; `known` have met its condition."""

    exercise_id: str
    ref: str
    known: frozenset[str]
    digest: str
    scale: float
    head_seq: int


class Course:
    """The conditions of one exercise, folded up to fact `seq`."""

    def __init__(self, conditions: Conditions) -> None:
        self.conditions = conditions
        self.seq = 0


class Conditionals:
    """`follow(now)` once a step; it reads only facts it has not read, and after a restart all of them."""

    def __init__(self, means: Means, meet: Meet) -> None:
        self._means = means
        self._meet = meet
        self._courses: dict[str, Course] = {}

    def follow(self, now: datetime) -> None:
        """Have every condition that was met lead to its inject, for each participant once."""
        waiting: defaultdict[str, list[Awaiting]] = defaultdict(list)
        for one in self._waiting():
            waiting[one.exercise_id].append(one)
        self._courses = {exercise_id: self._course(mine[0]) for exercise_id, mine in waiting.items()}
        for exercise_id, mine in waiting.items():
            met = self._courses[exercise_id].conditions.met
            for one in mine:
                fresh = met.get(one.ref, {}).keys() - one.known
                if fresh:
                    self._meet(exercise_id, one.ref, fresh, now)

    def _waiting(self) -> list[Awaiting]:
        columns = (Moment.exercise_id, Moment.ref, Moment.outcome, Exercise.digest, Exercise.scale, Exercise.head_seq)
        asked = select(*columns).join(Exercise, Exercise.id == Moment.exercise_id).where(Moment.kind == "inject")
        asked = asked.where(Moment.state == "waiting", Moment.offset_s.is_(None), Exercise.state == State.RUNNING)
        with reading(self._means.sessions) as session:
            rows = session.execute(asked).all()
        return [Awaiting(id_, ref, frozenset(outcome), *rest) for id_, ref, outcome, *rest in rows]

    def _course(self, of: Awaiting) -> Course:
        course = self._courses.get(of.exercise_id)
        if course is None:
            course = Course(Conditions(self._means.shelf.get(of.digest).definition.injects, of.scale))
        if course.seq < of.head_seq:
            with reading(self._means.sessions) as session:
                for fact in ledger.every(session, of.exercise_id, course.seq):
                    course.conditions.take(fact)
                    course.seq = fact.seq
        return course
