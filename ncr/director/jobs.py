"""Jobs: engine work in bounded thread pools, one at a time for each thing worked on."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock

import structlog

from ncr.errors import LostLead, NcrError

log = structlog.get_logger()
Key = tuple[str, str]


class Jobs:
    """Two pools of `parallel` threads: long work never keeps a start waiting. A key is (exercise, what).

    `done` is called, in the thread that worked, whenever something ended.
    """

    def __init__(self, parallel: int, done: Callable[[], None] = lambda: None) -> None:
        self._done = done
        self._long = ThreadPoolExecutor(parallel, thread_name_prefix="engine")
        self._prompt = ThreadPoolExecutor(parallel, thread_name_prefix="prompt")
        self._running: dict[Key, Future[None]] = {}
        self._lock = Lock()

    def submit(self, key: Key, work: Callable[[], None], *, prompt: bool = False) -> bool:
        """Have `work` done in the background; False when something is still being done under this key."""
        with self._lock:
            if key in self._running:
                return False
            pool = self._prompt if prompt else self._long
            self._running[key] = pool.submit(self._run, key, work)
            return True

    def busy(self, exercise_id: str, what: str = "") -> bool:
        """Whether anything whose name begins with `what` is being done for the exercise."""
        with self._lock:
            return any(key[0] == exercise_id and key[1].startswith(what) for key in self._running)

    def settle(self, timeout_s: float) -> None:
        """Wait until nothing is being done, or the time is up."""
        with self._lock:
            running = list(self._running.values())
        wait(running, timeout=timeout_s)

    def stop(self) -> None:
        """Take no more work and wait for what is being done; what has not begun is dropped."""
        self._prompt.shutdown(wait=True, cancel_futures=True)
        self._long.shutdown(wait=True, cancel_futures=True)

    def _run(self, key: Key, work: Callable[[], None]) -> None:
        try:
            work()
        except LostLead:
            log.warning("lost the lead while working", exercise=key[0], what=key[1])
        except NcrError as error:
            log.warning("job failed", exercise=key[0], what=key[1], error=str(error)[:1000])
        except Exception:
            log.exception("job broke", exercise=key[0], what=key[1])
        finally:
            with self._lock:
                self._running.pop(key, None)
            self._done()
