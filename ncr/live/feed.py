"""The feed: notices what is new in every exercise somebody watches, and has it told within a tenth of a second."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import psycopg
import structlog
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from ncr.db import DataVersion, reading
from ncr.errors import NotFound
from ncr.live import frames, rows
from ncr.live.frames import CLOSE_CODES
from ncr.live.hub import Hub, Subscriber
from ncr.live.rows import Life, Sight
from ncr.live.watch import Opening, Point, Published, Watch
from ncr.scoring import ledger
from ncr.site import Site

# Facts that arrive within 50 ms share a frame: this wait, and the time to read them.
COALESCE_S = 0.04
# How often the heads are looked at: SQLite tells nobody; PostgreSQL wakes us for facts, but not for all else.
POLL_S = {"sqlite": 0.03, "postgresql": 0.25}
TROUBLE_S = 1.0
T = TypeVar("T")

log = structlog.get_logger()


def publish(hub: Hub, exercise: str, told: Published) -> None:
    """Each frame to the channel of its audience, `(exercise, sight)`."""
    for sight, frame in told:
        hub.publish((exercise, sight), frame)


def take_in(hub: Hub, exercise: str, sight: Sight, opening: Opening, subscriber: Subscriber) -> None:
    """Put a new subscriber beside the others of its audience, all at the same fact: nothing may come between."""
    publish(hub, exercise, opening.published)
    for frame in opening.first:
        subscriber.push(frame)
    hub.join((exercise, sight), subscriber)


class Watched:
    """An exercise somebody watches; `lock` keeps its watch to one thread at a time."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.lock = asyncio.Lock()
        self.wake = asyncio.Event()
        self.viewers = 0
        self.task: asyncio.Task[None] | None = None


class Feed:
    """Follows the watched exercises in the database and publishes on the hub's channels `(exercise, sight)`."""

    def __init__(self, site: Site, hub: Hub) -> None:
        self._site = site
        self._hub = hub
        self._watched: dict[str, Watched] = {}
        # Own threads: a rush on the HTTP side must not hold up what everybody watches.
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="live")
        self._version: DataVersion | None = None
        self._asked: tuple[object, ...] = ()
        self._url: URL = site.sessions.kw["bind"].url
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to look. Call on the event loop."""
        kind = self._url.get_backend_name()
        self._tasks = [asyncio.create_task(self._poll(POLL_S[kind]))]
        if kind == "postgresql":
            self._tasks.append(asyncio.create_task(self._listen()))
        else:
            self._version = DataVersion(self._site.sessions.kw["bind"])

    async def stop(self) -> None:
        """Stop looking; subscribers are the caller's to say goodbye to."""
        tasks = [*self._tasks, *(watched.task for watched in self._watched.values() if watched.task)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._threads.shutdown(wait=True, cancel_futures=True)
        if self._version is not None:
            self._version.close()
            self._version = None

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        """The work's result, from one of the feed's threads."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)

    @asynccontextmanager
    async def watching(self, exercise: str) -> AsyncIterator[Watched]:
        """Keep the exercise watched for as long as the block runs."""
        watched = self._watched.get(exercise)
        if watched is None:
            watch = Watch(self._site, exercise)
            watched = self._watched[exercise] = Watched(watch)
            watched.task = asyncio.create_task(self._follow(watched))
        watched.viewers += 1
        try:
            yield watched
        finally:
            watched.viewers -= 1
            if not watched.viewers and watched.task:
                watched.task.cancel()
                self._watched.pop(exercise, None)

    async def enter(self, watched: Watched, sight: Sight, subscriber: Subscriber, point: Point) -> None:
        """Bring the subscriber up to now and onto its audience's channel, with no fact between. Raises NotFound."""
        async with watched.lock:
            opening = await self.run(watched.watch.open, sight, point)
            take_in(self._hub, watched.watch.exercise, sight, opening, subscriber)
            if watched.watch.life.over:
                self._end(watched)

    def beat(self) -> None:
        """Let every viewer know that the connection lives."""
        for watched in tuple(self._watched.values()):
            publish(self._hub, watched.watch.exercise, watched.watch.beats())

    async def _follow(self, watched: Watched) -> None:
        while True:
            await watched.wake.wait()
            await asyncio.sleep(COALESCE_S)
            watched.wake.clear()
            try:
                await self._tell(watched)
            except NotFound:
                return
            except Exception:
                # A database that is away for a while must not leave a board that never moves again.
                log.exception("live.refresh", exercise=watched.watch.exercise)
                watched.wake.set()
                await asyncio.sleep(TROUBLE_S)

    async def _tell(self, watched: Watched) -> None:
        """What is new, to everybody. Raises NotFound when the exercise is gone; then everybody is, too."""
        watch = watched.watch
        async with watched.lock:
            read = self._hub.names()
            watch.keep({sight for sight in watch.views if (watch.exercise, sight) in read})
            try:
                publish(self._hub, watch.exercise, await self.run(watch.refresh))
            except NotFound:
                self._end(watched)
                raise
            if watch.life.over:
                self._end(watched)

    def _end(self, watched: Watched) -> None:
        for sight in watched.watch.views:
            self._hub.end((watched.watch.exercise, sight), frames.bye("finished"), CLOSE_CODES["finished"])

    async def _poll(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            try:
                lives = await self.run(self._lives, tuple(self._watched)) if self._watched else {}
            except SQLAlchemyError:
                log.exception("live.poll")
                await asyncio.sleep(TROUBLE_S)
                continue
            for exercise, life in lives.items():
                if exercise in self._watched and self._watched[exercise].watch.differs(life):
                    self._watched[exercise].wake.set()

    def _lives(self, exercises: tuple[str, ...]) -> dict[str, Life | None]:
        """What those exercises are now, None for one that is gone; empty when nothing was written since last asked."""
        version = self._version.now() if self._version else None
        if version is not None and (version, exercises) == self._asked:
            return {}
        with reading(self._site.sessions) as session:
            found = rows.lives(session, exercises)
        self._asked = (version, exercises)
        return {exercise: found.get(exercise) for exercise in exercises}

    async def _listen(self) -> None:
        address = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(address, autocommit=True)
                async with connection:
                    await connection.execute(f"LISTEN {ledger.CHANNEL}")
                    async for told in connection.notifies():
                        if told.payload in self._watched:
                            self._watched[told.payload].wake.set()
            except psycopg.Error:
                log.warning("live.listen", exc_info=True)
            await asyncio.sleep(TROUBLE_S)
