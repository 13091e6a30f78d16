"""Provision: before anything is made, an exercise's images are there, the guard stands and the machine has room."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from threading import Lock

import structlog
from sqlalchemy import func, or_, select

from ncr.db import reading
from ncr.director.cases import draw_on_trial, read_case
from ncr.director.guard import ensure_guard
from ncr.director.means import Means
from ncr.errors import EngineUnavailable, LostLead, NcrError, NoRoom
from ncr.exercise import capacity, claims, journal
from ncr.exercise.lifecycle import State
from ncr.exercise.tables import Environment, Exercise, Participant
from ncr.scoring import conduct

log = structlog.get_logger()
LIVE = (State.PREPARING, State.READY, State.RUNNING, State.PAUSED)
RETRY_S = 2.0
MOST_TRIES = 3
A_MOMENT = timedelta(seconds=1)


class Provision:
    """What exercises need before their environments can be built; done once an exercise and process, and repeatable."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._lock = Lock()
        self._passed: set[str] = set()
        self._tries: dict[str, int] = {}
        self._not_before: dict[str, datetime] = {}

    def passed(self, exercise_id: str) -> bool:
        """Whether its environments may be built."""
        with self._lock:
            return exercise_id in self._passed

    def is_done(self, exercise_id: str, now: datetime) -> bool:
        """The same; when not, it is worked on in the background."""
        with self._lock:
            if exercise_id in self._passed:
                return True
            if self._not_before.get(exercise_id, now) > now:
                return False
        self._means.jobs.submit((exercise_id, "provision"), partial(self._run, exercise_id))
        return False

    def _run(self, exercise_id: str) -> None:
        try:
            self._provide(exercise_id)
        except LostLead:
            raise
        except EngineUnavailable:
            self._wait(exercise_id)
        except NcrError as error:
            self._refused(exercise_id, error)
        else:
            with self._lock:
                self._passed.add(exercise_id)

    def _provide(self, exercise_id: str) -> None:
        with reading(self._means.sessions) as session:
            exercise = session.get_one(Exercise, exercise_id)
            mine = select(Environment.id).where(Environment.exercise_id == exercise_id)
            first = session.scalars(mine.where(Environment.participant_id.is_not(None))).first()
            shared = session.scalars(mine.where(Environment.participant_id.is_(None))).first()
        if first is None:
            return
        trials = [draw_on_trial(self._means, read_case(self._means, id_)) for id_ in (first, shared) if id_]
        ensure_guard(self._means)
        shortages = self._shortages(exercise)
        if shortages and exercise.state == State.PREPARING:
            raise NoRoom("; ".join(shortages))
        for spec in {spec.reference: spec for trial in trials for spec in trial.images}.values():
            self._means.engine.ensure_image(spec, partial(self._tell, exercise_id))

    def _refused(self, exercise_id: str, error: NcrError) -> None:
        with self._lock:
            tries = self._tries[exercise_id] = self._tries.get(exercise_id, 0) + 1
        log.warning("cannot provide", exercise=exercise_id, tries=tries, error=str(error)[:500])
        self._wait(exercise_id)
        if tries < MOST_TRIES and not isinstance(error, NoRoom):
            return
        now = self._means.clock()
        with self._means.lead.writing() as session:
            if journal.head(session, exercise_id).state == State.PREPARING:
                conduct.fail(session, exercise_id, str(error), now, fence=self._means.lead.fence)

    def _wait(self, exercise_id: str) -> None:
        with self._lock:
            self._not_before[exercise_id] = self._means.clock() + timedelta(seconds=RETRY_S)

    def _shortages(self, exercise: Exercise) -> Sequence[str]:
        info, settings = self._means.engine.info(), self._means.settings
        networks = 2 ** (settings.subnet_prefix - settings.subnet_pool.prefixlen)
        room = capacity.room(info.memory_mib, info.cpus, networks, settings.reserve_memory_mib)
        statement = (
            select(Exercise, func.count(Participant.id))
            .join(Participant, Participant.exercise_id == Exercise.id)
            .where(Exercise.state.in_(LIVE), or_(Exercise.mode != "pool", Exercise.id == exercise.id))
            .group_by(Exercise.id)
        )
        with reading(self._means.sessions) as session:
            windows = {row.id: self._window(row, count) for row, count in session.execute(statement).all()}
        wanted = windows.pop(exercise.id, None)
        return capacity.collisions(wanted, windows.values(), room) if wanted else []

    def _window(self, exercise: Exercise, teams: int) -> capacity.Window:
        now, settings = self._means.clock(), self._means.settings
        start = exercise.starts_at or now
        began, left_s = exercise.clock_at or max(start, now), exercise.duration_s - exercise.clock_t_s
        end = max(began + timedelta(seconds=left_s / exercise.rate), now + A_MOMENT)
        title = exercise.title if exercise.mode == "exercise" else "practice"
        need = claims.needed(self._means.shelf.get(exercise.digest), settings, teams)
        return capacity.Window(title, min(start, now), end, need)

    def _tell(self, exercise_id: str, line: str) -> None:
        log.info("image", exercise=exercise_id, progress=line[:300])
