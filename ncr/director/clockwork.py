"""The clockwork: it wakes the director every tick, when something falls due and when it hears of something new.

APScheduler keeps the time and holds no truth; what is heard only brings the next look forward.
"""

from datetime import datetime, timedelta
from threading import Event, Thread
from time import monotonic

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from ncr.clock import Clock
from ncr.director.director import Director
from ncr.director.ear import Ear

log = structlog.get_logger()
AHEAD = timedelta(milliseconds=2)
LISTEN_S = 0.02
# After a step that was called for nobody is listened to for as long as it took, or thrice that when it took long: steps
# never fill the time.
LONG_S = 0.05
TROUBLE_S = 1.0


class Clockwork:
    """Runs a director until stopped: `start()`, `stop()`, or `run(stopped)` which blocks until the event is set.

    `ear` is what it listens to between ticks.
    """

    def __init__(self, director: Director, tick_s: float, clock: Clock, ear: Ear) -> None:
        self._director = director
        self._ear = ear
        self._stopped = Event()
        self._listener = Thread(target=self._listen, name="ear", daemon=True)
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
        self._listener.start()

    def stop(self) -> None:
        """Stop ticking, let running work end, and give the lead away."""
        self._stopped.set()
        self._director.news.set()
        self._listener.join()
        self._scheduler.shutdown(wait=True)
        self._director.stop()

    def run(self, stopped: Event) -> None:
        """Tick until `stopped` is set."""
        self.start()
        try:
            stopped.wait()
        finally:
            self.stop()

    def _listen(self) -> None:
        wait_s = LISTEN_S
        while not self._stopped.is_set():
            news = self._director.news.wait(wait_s)
            self._director.news.clear()
            wait_s = LISTEN_S
            if (news or self._hears()) and not self._stopped.is_set():
                self._stopped.wait(self._heed())
                # What the step itself decided may be followed at once.
                wait_s = 0.0
        self._ear.close()

    def _hears(self) -> bool:
        try:
            return self._ear.heard()
        except Exception as error:
            # The tick comes all the same.
            log.warning("hears nothing", error=repr(error)[:300])
            self._stopped.wait(TROUBLE_S)
            return False

    def _heed(self) -> float:
        """Take a step; how long to rest afterwards."""
        began = monotonic()
        try:
            self._step()
        except Exception as error:
            log.warning("step failed", job="ear", error=repr(error)[:500])
            return TROUBLE_S
        took_s = monotonic() - began
        return took_s if took_s < LONG_S else 3 * took_s

    def _step(self) -> None:
        self._director.step()
        self._wake_at(self._director.next_due())

    def _wake_at(self, due: datetime | None) -> None:
        soon = self._clock() + timedelta(seconds=self._tick_s)
        if due is not None and due < soon:
            self._scheduler.add_job(self._step, "date", run_date=due + AHEAD, id="due", replace_existing=True)

    def _tell(self, event: JobExecutionEvent) -> None:
        log.error("step failed", job=event.job_id, error=repr(event.exception)[:500])
