"""One writer for SQLite: many callers' work in one transaction, one durable commit, then everybody's answer."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, Self, TypeVar

from sqlalchemy.orm import Session

from ncr.db import Sessions
from ncr.errors import ServiceUnavailable

T = TypeVar("T")
Work = Callable[[Session], T]
_Job = tuple[Work[Any], "Future[Any]"]
AT_ONCE = 256
AT_ONCE_GROWN = 16


class Writer:
    """Runs `work(session)` durably: `run` waits for it, `submit` gives a Future (see asyncio.wrap_future).

    On SQLite, work waiting at the same time shares one transaction; answers are given after the commit. A piece that
    raises before it has written anything has only itself to answer for. When one raises later, or the transaction
    itself fails, every piece is run again in one of its own, so the work must do nothing but read and write the
    session, and must not commit. On PostgreSQL each piece is a transaction of its own from the start.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._lock = Lock()
        self._thread: Thread | None = None
        self._pool = ThreadPoolExecutor(AT_ONCE_GROWN, "writer")
        self._closed = False
        with sessions() as session:
            self._grouped = session.get_bind().dialect.name == "sqlite"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, work: Work[T]) -> T:
        """What `work` returns, committed; raises what it raises."""
        return self.submit(work).result() if self._grouped else self._alone(work)

    def submit(self, work: Work[T]) -> "Future[T]":
        """As `run`, without waiting. Raises ServiceUnavailable when the writer is closed."""
        with self._lock:
            if self._closed:
                raise ServiceUnavailable("The service is stopping.")
            if not self._grouped:
                return self._pool.submit(self._alone, work)
            future: Future[T] = Future()
            if self._thread is None:
                self._thread = Thread(target=self._loop, name="writer", daemon=True)
                self._thread.start()
            self._queue.put((work, future))
            return future

    def close(self) -> None:
        """Finish what was handed in, and take no more."""
        with self._lock:
            self._closed = True
            thread = self._thread
            self._queue.put(None)
        if thread is not None:
            thread.join()
        self._pool.shutdown()

    def _loop(self) -> None:
        going = True
        while going:
            jobs = [self._queue.get()]
            try:
                while len(jobs) < AT_ONCE:
                    jobs.append(self._queue.get_nowait())
            except Empty:
                pass
            going = None not in jobs
            self._together([job for job in jobs if job is not None])

    def _together(self, jobs: list[_Job]) -> None:
        try:
            answers = self._grouped_answers(jobs)
        except Exception:
            # The transaction is spoiled for all: each piece gets its own, so that only the guilty one fails.
            for work, future in jobs:
                _settle(future, partial(self._alone, work))
            return
        for future, result, problem in answers:
            if problem is None:
                future.set_result(result)
            else:
                future.set_exception(problem)

    def _grouped_answers(self, jobs: list[_Job]) -> list[tuple[Future[Any], Any, Exception | None]]:
        with self._sessions.begin() as session:
            driver: Any = session.connection().connection.driver_connection
            return [(future, *_attempt(session, driver, work)) for work, future in jobs]

    def _alone(self, work: Work[T]) -> T:
        with self._sessions.begin() as session:
            return work(session)


def _attempt(session: Session, driver: Any, work: Work[Any]) -> tuple[Any, Exception | None]:
    before = driver.total_changes
    try:
        result = work(session)
        session.flush()
    except Exception as error:
        # SQLite counts the rows a connection has written: a savepoint for every piece would cost more than most work.
        if not session.is_active or driver.total_changes != before:
            raise
        session.expunge_all()
        return None, error
    session.expunge_all()
    return result, None


def _settle(future: "Future[T]", call: Callable[[], T]) -> None:
    try:
        future.set_result(call())
    except Exception as error:
        future.set_exception(error)
