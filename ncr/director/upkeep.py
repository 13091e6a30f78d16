"""Upkeep: every few seconds the guard is verified, the disk looked at, orphans reaped, the ledger's heads kept."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from ncr.db import reading
from ncr.director.disks import watch_disks
from ncr.director.guard import ensure_guard
from ncr.director.machine import note_machine
from ncr.director.means import Means
from ncr.errors import EngineError, EngineUnavailable
from ncr.exercise import journal
from ncr.exercise.lifecycle import EnvironmentState
from ncr.exercise.tables import Environment
from ncr.runtime.objects import EXERCISE, INSTANCE, MANAGED, TEAM, Observed
from ncr.scenario.shared import SHARED
from ncr.scoring.heads import Heads

log = structlog.get_logger()
E = EnvironmentState
ORPHAN_AGE_S = 120.0
HEADS_EVERY = timedelta(minutes=1)


class Upkeep:
    """`follow(now)` once a step starts what is due in the background."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._answers = True
        self._next: datetime | None = None
        self._next_heads: datetime | None = None

    def follow(self, now: datetime) -> None:
        """Have everything looked after that is due."""
        if self._next is None or now >= self._next:
            self._next = now + timedelta(seconds=self._means.settings.reconcile_s)
            self._means.jobs.submit(("", "upkeep"), self._look_after)
        if self._next_heads is None or now >= self._next_heads:
            self._next_heads = now + HEADS_EVERY
            self._means.jobs.submit(("", "heads"), self._keep_heads)

    def _look_after(self) -> None:
        try:
            ensure_guard(self._means)
            note_machine(self._means)
            self._reap()
            watch_disks(self._means)
        except EngineUnavailable as error:
            self._note_answer(False, str(error))
        else:
            self._note_answer(True, "")

    def _note_answer(self, answers: bool, why: str) -> None:
        if answers == self._answers:
            return
        self._answers = answers
        event = "answers again" if answers else "does not answer"
        log.warning(f"the engine {event}", error=why[:300])
        with self._means.lead.writing() as session:
            journal.record(session, self._means.clock(), None, event, subject="engine", why=why[:500] or None)

    def _reap(self) -> None:
        """Remove what carries our labels, is old enough, and belongs to no environment that is still wanted."""
        observed = self._means.engine.observe({MANAGED: "1", INSTANCE: self._means.instance})
        if not observed:
            return
        wanted = self._wanted()
        for kind, name in _strays(observed, wanted, time.time()):
            log.warning("orphan removed", kind=kind, name=name)
            try:
                getattr(self._means.engine, f"remove_{kind}")(name)
            except EngineUnavailable:
                raise
            except EngineError as error:
                log.warning("orphan stays", kind=kind, name=name, error=str(error)[:300])

    def _keep_heads(self) -> None:
        with reading(self._means.sessions) as session:
            Heads(self._means.settings.data).record(session, self._means.clock())

    def _wanted(self) -> set[tuple[str, str]]:
        statement = select(Environment.exercise_id, Environment.participant_id).where(
            Environment.state.not_in((E.ABSENT, E.REMOVED))
        )
        with reading(self._means.sessions) as session:
            return {(exercise, participant or SHARED) for exercise, participant in session.execute(statement)}


def _strays(observed: Observed, wanted: set[tuple[str, str]], now: float) -> Iterator[tuple[str, str]]:
    # Containers first: a network in use cannot be removed.
    for kind, things in (
        ("container", observed.containers),
        ("network", observed.networks),
        ("volume", observed.volumes),
    ):
        for name, thing in things.items():
            labels = thing.labels
            owner = (labels.get(EXERCISE, ""), labels.get(TEAM, ""))
            if EXERCISE in labels and owner not in wanted and now - thing.created_at > ORPHAN_AGE_S:
                yield kind, name
