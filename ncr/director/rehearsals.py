"""Rehearsals asked for at a door: held one at a time in the background, and told as failed when nobody ends them."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Event
from typing import Literal

import structlog
from sqlalchemy.orm import Session

from ncr.db import reading
from ncr.director.means import Means
from ncr.director.rehearsal.report import Report, Step, interrupted
from ncr.errors import NcrError
from ncr.exercise import rehearsals
from ncr.exercise.tables import Rehearsal

log = structlog.get_logger()
Tell = Callable[[Step, bool], None]
Rehearse = Callable[[Path, Tell], Report]
JOB = ("", "rehearsal")
ENDED_FIRST = "the service ended in the middle of it; ask for it again"


class Stopped(Exception):
    """The director is to end: so is what it does beside."""


class Rehearsals:
    """`follow(now)` once a step takes up what was asked for; `stop` ends what is under way at its next step."""

    def __init__(self, means: Means, rehearse: Rehearse | None) -> None:
        self._means = means
        self._rehearse = rehearse
        self._stopping = Event()

    def follow(self, now: datetime) -> None:
        """Begin the first that has room beside exercises and practice, unless one is under way."""
        if self._rehearse is None or self._means.jobs.busy(*JOB):
            return
        with reading(self._means.sessions) as session:
            left, asked = (rehearsals.waiting(session, state) for state in ("running", "asked"))
            fit = (row for row in asked if self._has_room(session, row, now))
            following = None if left else next(fit, None)
        for row in left:
            # Its director is gone: nobody knows how far it came.
            self._end(row, interrupted(row.digest, ENDED_FIRST), now)
        if following is not None:
            self._means.jobs.submit(JOB, partial(self._hold, following, self._rehearse))

    def stop(self) -> None:
        """Let nothing go on for long."""
        self._stopping.set()

    def _has_room(self, session: Session, row: Rehearsal, now: datetime) -> bool:
        means = self._means
        return rehearsals.fits_at(session, means.shelf, means.settings, row.digest, now) <= now

    def _hold(self, row: Rehearsal, rehearse: Rehearse) -> None:
        with self._means.lead.writing() as session:
            if not rehearsals.take(session, row.id):
                return
        try:
            report = rehearse(self._means.shelf.get(row.digest).path, self._tell)
        except Stopped:
            report = interrupted(row.digest, ENDED_FIRST)
        except NcrError as error:
            report = interrupted(row.digest, error.detail)
        except Exception as error:
            log.exception("rehearsal broke", rehearsal=row.id)
            report = interrupted(row.digest, f"it broke: {error!r}")
        self._end(row, report, self._means.clock())

    def _tell(self, step: Step, over: bool) -> None:
        if self._stopping.is_set():
            raise Stopped

    def _end(self, row: Rehearsal, report: Report, now: datetime) -> None:
        state: Literal["passed", "failed"] = "passed" if report.passed else "failed"
        with self._means.lead.writing() as session:
            rehearsals.end(session, row.id, state, report.document(), now)
        log.info("rehearsed", scenario=row.scenario, version=row.version, state=state)
