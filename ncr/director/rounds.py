"""Rounds: on every tick of the grid all checks of all teams are asked at once, and what they say becomes one fact."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock, Thread

import structlog
from sqlalchemy import and_, exists, or_, select

from ncr.db import reading
from ncr.director.crashpoints import reach
from ncr.director.judging import Judging
from ncr.director.means import Means
from ncr.errors import LostLead, NcrError
from ncr.exercise import timeline
from ncr.exercise.lifecycle import State
from ncr.exercise.openness import clock_of
from ncr.exercise.tables import Exercise, Moment, Participant
from ncr.scenario.model import Check
from ncr.scoring import ledger
from ncr.scoring.facts import Draft, Kind
from ncr.scoring.tables import FactRow

log = structlog.get_logger()
WIND_UP_S = 10.0
Results = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Round:
    """One tick of one grid: all checks of an exercise that are asked `every_s` exercise seconds."""

    exercise_id: str
    every_s: int
    tick: int
    checks: tuple[Check, ...]

    @property
    def key(self) -> str:
        """The fact's key: a tick counts once."""
        return f"checked:{self.every_s}:{self.tick}"


class Rounds:
    """Starts rounds on their tick in a loop of their own; ticks that passed while nobody was there are unknown."""

    def __init__(self, means: Means) -> None:
        self.next_at: datetime | None = None
        self._means = means
        self._judging = Judging(means)
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="rounds", daemon=True)
        self._lock = Lock()
        self._last: dict[tuple[str, int], int] = {}
        self._under_way: Counter[str] = Counter()

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Let rounds under way end, within a little time."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._wind_up(), self._loop).result(2 * WIND_UP_S)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(WIND_UP_S)
        self._loop.close()

    async def _wind_up(self) -> None:
        rounds = asyncio.all_tasks() - {asyncio.current_task()}
        if rounds:
            await asyncio.wait(rounds, timeout=WIND_UP_S)
        await self._judging.close()
        await self._loop.shutdown_default_executor()

    def busy(self, exercise_id: str) -> bool:
        """Whether a round of the exercise is under way."""
        with self._lock:
            return self._under_way[exercise_id] > 0

    def settle(self, timeout_s: float) -> None:
        """Wait until no round is under way, or the time is up."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until and any(map(self.busy, tuple(self._under_way))):
            time.sleep(0.005)

    def follow(self, now: datetime) -> None:
        """Start every round whose tick has come."""
        self.next_at = None
        # One that just finished may have lost its last round to a crash: it is judged until it is torn down.
        ending = and_(Exercise.state == State.FINISHED, Moment.kind == "teardown", Moment.state == "waiting")
        judged = or_(Exercise.state == State.RUNNING, exists().where(Moment.exercise_id == Exercise.id, ending))
        with reading(self._means.sessions) as session:
            exercises = session.scalars(select(Exercise).where(judged)).all()
        for exercise in exercises:
            try:
                self._follow(exercise, now)
            except LostLead:
                raise
            except NcrError as error:
                log.warning("no rounds", exercise=exercise.id, error=str(error)[:500])

    def take(self, exercise_id: str, now: datetime) -> None:
        """The same for one exercise; called before it ends, so that its last tick is scored."""
        with reading(self._means.sessions) as session:
            self._follow(session.get_one(Exercise, exercise_id), now)

    def _follow(self, exercise: Exercise, now: datetime) -> None:
        clock = clock_of(exercise)
        t_s = min(clock.t(now), exercise.duration_s)
        for every_s, checks in self._grids(exercise).items():
            place = (exercise.id, every_s)
            if place not in self._last:
                self._last[place] = self._last_tick(exercise.id, every_s)
            ticks = timeline.ticks(every_s, self._last[place], t_s)
            if ticks:
                self._miss(exercise.id, [Round(exercise.id, every_s, tick, checks) for tick in ticks[:-1]])
                self._begin(Round(exercise.id, every_s, ticks[-1], checks))
                self._last[place] = ticks[-1]
            due = clock.wall((self._last[place] + 1) * every_s)
            self.next_at = min(filter(None, (due, self.next_at)), default=None)

    def _grids(self, exercise: Exercise) -> Mapping[int, tuple[Check, ...]]:
        checks = self._means.shelf.get(exercise.digest).definition.checks
        return {
            every_s: tuple(check for check in checks if check.every == every_s)
            for every_s in sorted({check.every for check in checks})
        }

    def _last_tick(self, exercise_id: str, every_s: int) -> int:
        like = FactRow.key.like(f"checked:{every_s}:%")
        statement = select(FactRow.key).where(FactRow.exercise_id == exercise_id, like)
        with reading(self._means.sessions) as session:
            return max((int(key.rsplit(":", 1)[1]) for key in session.scalars(statement)), default=0)

    def _begin(self, asked: Round) -> None:
        with self._lock:
            self._under_way[asked.exercise_id] += 1
        future = asyncio.run_coroutine_threadsafe(self._run(asked), self._loop)
        future.add_done_callback(lambda _: self._ended(asked))

    def _ended(self, asked: Round) -> None:
        with self._lock:
            self._under_way[asked.exercise_id] -= 1

    async def _run(self, asked: Round) -> None:
        try:
            results = await self._judging.judge(asked.exercise_id, asked.checks)
        except Exception:
            log.exception("round broke", exercise=asked.exercise_id, tick=asked.tick)
            results = await asyncio.to_thread(self._unknown, asked)
        try:
            await asyncio.to_thread(self._record, asked.exercise_id, {asked.key: _payload(asked, results)})
        except NcrError as error:
            log.warning("round not recorded", exercise=asked.exercise_id, tick=asked.tick, error=str(error)[:300])

    def _unknown(self, asked: Round) -> Results:
        statement = select(Participant.id).where(Participant.exercise_id == asked.exercise_id)
        with reading(self._means.sessions) as session:
            players = session.scalars(statement).all()
        return {player: {check.id: "unknown" for check in asked.checks} for player in players}

    def _miss(self, exercise_id: str, missed: Sequence[Round]) -> None:
        if missed:
            log.warning("ticks missed", exercise=exercise_id, count=len(missed))
            unknown = self._unknown(missed[0])
            self._record(exercise_id, {asked.key: _payload(asked, unknown) for asked in missed})

    def _record(self, exercise_id: str, payloads: Mapping[str, dict[str, object]]) -> None:
        reach("round-before-fact")
        drafts = [Draft(Kind.CHECKED, key, payload=payload) for key, payload in payloads.items()]
        with self._means.lead.writing() as session:
            ledger.append(session, exercise_id, drafts, self._means.clock(), fence=self._means.lead.fence)
        reach("round-after-fact")


def _payload(asked: Round, results: Results) -> dict[str, object]:
    return {"every": asked.every_s, "tick": asked.tick, "results": results}
