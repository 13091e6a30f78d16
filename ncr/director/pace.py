"""Pace: how long environments take to build, measured for the estimates that students are given."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic

from sqlalchemy import update
from sqlalchemy.orm import Session

from ncr.director.machine import parallel
from ncr.director.means import Means
from ncr.exercise.queueing import alone_s
from ncr.exercise.tables import Practice


class Pace:
    """Times builds; those that went on beside each other are told apart from slow ones."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._parallel: int | None = None
        self._lock = Lock()
        self._under_way = 0

    @contextmanager
    def measuring(self) -> Iterator[Callable[[], float]]:
        """While a build goes on; what is given says how long it has taken, as if it went on alone."""
        began, first = monotonic(), self._count(+1)

        def took() -> float:
            return alone_s(monotonic() - began, (first + self._count(0)) / 2, self._at_a_time())

        try:
            yield took
        finally:
            self._count(-1)

    def _at_a_time(self) -> int:
        if self._parallel is None:
            self._parallel = parallel(self._means.settings, self._means.engine.info().cpus)
        return self._parallel

    def _count(self, by: int) -> int:
        with self._lock:
            self._under_way += by
            return self._under_way


def note_built(session: Session, exercise_id: str, took_s: float) -> None:
    """Keep how long it took, once for each practice run; nothing for other exercises."""
    mine = (Practice.exercise_id == exercise_id, Practice.built_s.is_(None))
    session.execute(update(Practice).where(*mine).values(built_s=took_s))
