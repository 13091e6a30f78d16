"""The clockwork: APScheduler wakes the director every tick and when something falls due, and holds no truth."""

from datetime import datetime, timedelta
from threading import Event

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from ncr.clock import Clock
from ncr.director.director import Director

log = structlog.get_logger()
AHEAD = timedelta(milliseconds=2)


class Clockwork:
    """Runs a director until stopped: `start()`, `stop()`, or `run(stopped)` which blocks until the event is set."""

    def __init__(self, director: Director, tick_s: float, clock: Clock) -> None:
        self._director = director
        self._tick_s = tick_s
        self._clock = clock
        self._scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(2)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
            timezone="UTC",
        )

    def start(self) -> None:
        """Begin to tick; the first step is taken at once."""
        self._director.start()
        self._scheduler.add_listener(self._tell, EVENT_JOB_ERROR)
        self._scheduler.add_job(self._step, "interval", seconds=self._tick_s, id="tick", next_run_time=self._clock())
        self._scheduler.start()

    def stop(self) -> None:
        """Stop ticking, let running work end, and give the lead away."""
        self._scheduler.shutdown(wait=True)
        self._director.stop()

    def run(self, stopped: Event) -> None:
        """Tick until `stopped` is set."""
        self.start()
        try:
            stopped.wait()
        finally:
            self.stop()

    def _step(self) -> None:
        self._director.step()
        self._wake_at(self._director.next_due())

    def _wake_at(self, due: datetime | None) -> None:
        soon = self._clock() + timedelta(seconds=self._tick_s)
        if due is not None and due < soon:
            self._scheduler.add_job(self._step, "date", run_date=due + AHEAD, id="due", replace_existing=True)

    def _tell(self, event: JobExecutionEvent) -> None:
        log.error("step failed", job=event.job_id, error=repr(event.exception)[:500])
