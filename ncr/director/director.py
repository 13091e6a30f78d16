"""The director: one repeatable step at a time it makes true what the rows say; the only room that acts on its own."""

import time
from collections.abc import Callable
from datetime import datetime
from threading import Event, Lock

import structlog
from prometheus_client import Histogram
from sqlalchemy import select

from ncr.clock import Clock, utcnow
from ncr.config import Settings
from ncr.db import Sessions, reading
from ncr.director.crashpoints import mortal
from ncr.director.due import Timeline
from ncr.director.environments import Environments
from ncr.director.injects import Injects
from ncr.director.jobs import Jobs
from ncr.director.lease import Holder, Lead
from ncr.director.means import Means
from ncr.director.pool import Pool, Scenarios
from ncr.director.practice import Practising
from ncr.director.provision import Provision
from ncr.director.reconcile import jumped_s
from ncr.director.rehearsals import Rehearsals, Rehearse
from ncr.director.rounds import Rounds
from ncr.director.upkeep import Upkeep
from ncr.errors import LostLead
from ncr.exercise import journal
from ncr.exercise.lifecycle import State
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import Exercise
from ncr.runtime.engine import Engine
from ncr.scoring import conduct

log = structlog.get_logger()
STEPS = Histogram("ncr_director_step_seconds", "How long the director's steps take")


class Director:
    """Call `step()` every tick (clockwork does); it never sleeps, and engine work goes on in the background.

    `scenarios` gives those that are offered for practice, for the pool; `rehearse` holds a rehearsal asked for.

    `start()` and `stop()` frame its life; `next_due()` tells when a step is wanted before the next tick, and `news` is
    set when background work has ended and a step may find more to do; `settle(s)` waits for background work, for tests
    and for a rehearsal's clock.
    """

    def __init__(
        self,
        sessions: Sessions,
        engine: Engine,
        settings: Settings,
        shelf: Shelf,
        *,
        instance: str,
        scenarios: Scenarios = tuple,
        rehearse: Rehearse | None = None,
        clock: Clock = utcnow,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._holder = Holder(settings.data)
        self._lead = Lead(sessions, self._holder, settings.lease_s)
        self.news = Event()
        self._jobs = Jobs(settings.engine_parallel, self.news.set)
        self._means = Means(sessions, self._lead, mortal(engine), settings, clock, shelf, self._jobs, instance)
        self._rounds = Rounds(self._means)
        self._injects = Injects(self._means)
        self._timeline = Timeline(self._means, self._injects, self._rounds.take)
        self._upkeep = Upkeep(self._means)
        self._practising = Practising(self._means)
        self._pool = Pool(self._means, scenarios)
        self._rehearsals = Rehearsals(self._means, rehearse)
        self._environments = Environments(self._means, Provision(self._means), self._rounds.busy)
        self._steady = steady
        self._looked: tuple[datetime, float] | None = None
        self._lock = Lock()

    @property
    def means(self) -> Means:
        """What it works with, for who asks beside it."""
        return self._means

    def start(self) -> None:
        """Make ready to step."""
        self._rounds.start()

    def stop(self) -> None:
        """Let running work end, and give the lead away."""
        self._rehearsals.stop()
        self._rounds.stop()
        self._jobs.stop()
        self._lead.release(self._means.clock())
        self._holder.close()

    def step(self) -> bool:
        """Do all that can be done now; returns whether this director leads."""
        with self._lock, STEPS.time():
            now = self._means.clock()
            if self._lead.hold(now) is None:
                return False
            try:
                self._notice_jump(now)
                # Before the timeline, which prepares whom it admits; the pool after both, to yield to what they began.
                self._practising.follow(now)
                self._timeline.run(now)
                self._pool.follow(now)
                # Before environments: one that is to be closed waits for the rounds begun here.
                self._rounds.follow(now)
                self._injects.follow(now)
                self._environments.follow(now)
                self._upkeep.follow(now)
                self._rehearsals.follow(now)
            except LostLead:
                log.warning("another director leads")
                return False
            return True

    def next_due(self) -> datetime | None:
        """When the next known moment or tick falls due."""
        known = [at for at in (self._timeline.next_at, self._rounds.next_at) if at is not None]
        return min(known, default=None)

    def settle(self, timeout_s: float) -> None:
        """Wait until background work has ended, or the time is up."""
        self._jobs.settle(timeout_s)
        self._rounds.settle(timeout_s)

    def _notice_jump(self, now: datetime) -> None:
        steady = self._steady()
        before, self._looked = self._looked, (now, steady)
        jump_s = jumped_s((before[0], now), steady - before[1]) if before else 0.0
        if not before or not jump_s:
            return
        log.warning("the clock jumped", by_s=round(jump_s, 1))
        with reading(self._means.sessions) as session:
            running = list(session.scalars(select(Exercise.id).where(Exercise.state == State.RUNNING)))
        with self._lead.writing() as session:
            journal.record(session, now, None, "jumped", subject="clock", why=f"{jump_s:+.1f} s")
            for exercise_id in running:
                conduct.keep_time(session, exercise_id, before[0], now, jump_s)
