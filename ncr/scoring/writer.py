"""One writer for SQLite: many callers' work in one transaction, one durable commit, then everybody's answer."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from ncr.db import Sessions

T = TypeVar("T")
Work = Callable[[Session], T]
_Job = tuple[Work[Any], "Future[Any]"]
AT_ONCE = 256


class Writer:
    """Runs `work(session)` durably: `writer.run(work)` blocks, `writer.submit(work)` gives a Future (for async doors).

    On SQLite, work waiting at the same time shares one transaction, each piece in its own savepoint, so that one
    that raises undoes only itself; answers are given after the commit. On PostgreSQL each piece is a transaction of
    its own, in the caller's thread. Close it at the end (`with Writer(sessions) as writer:`).
    """

    def __init__(self, sessions: Sessions) -> None:
        raise NotImplementedError

    def run(self, work: Work[T]) -> T:
        raise NotImplementedError

    def submit(self, work: Work[T]) -> "Future[T]":
        raise NotImplementedError
