"""Practice, directed: who waits is admitted in order, the idle are warned and closed, estimates are kept true."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ncr.db import alone, reading
from ncr.director.crashpoints import reach
from ncr.director.means import Means
from ncr.exercise import claims, practice, queueing
from ncr.exercise.claims import Waiting
from ncr.exercise.lifecycle import State
from ncr.exercise.practice import LIVE
from ncr.exercise.queueing import Claim, Room
from ncr.exercise.tables import Exercise, Practice
from ncr.people.tables import User
from ncr.scoring import conduct, interventions, practising

log = structlog.get_logger()
FORECAST_EVERY = timedelta(seconds=2)
# A promise is written anew when it moves by more than this.
MOVED = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Going:
    """A practice run that has not ended."""

    exercise_id: str
    is_queued: bool
    is_open: bool
    active_at: datetime
    warned_at: datetime | None
    has_student: bool


class Practising:
    """`follow(now)` once a step: one query while nobody practises."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._forecast_at: datetime | None = None

    def follow(self, now: datetime) -> None:
        """Close what is to be closed, then admit those whose turn it is."""
        going = self._going()
        for run in going:
            if not run.has_student:
                self._end(run.exercise_id, now, "disabled")
            elif run.is_open:
                self._see_to_idle(run, now)
        if any(run.is_queued for run in going):
            self._admit(now)
            self._forecast(now)

    def _going(self) -> list[Going]:
        columns = (Exercise.id, Exercise.state, Exercise.prepares_at, Practice.active_at, Practice.warned_at)
        asked = select(*columns, User.id, User.disabled_at).join(Practice, Practice.exercise_id == Exercise.id)
        asked = asked.outerjoin(User, User.id == Practice.user_id)
        with reading(self._means.sessions) as session:
            rows = session.execute(asked.where(Exercise.state.in_(LIVE), Exercise.mode == "practice")).all()
        return [
            Going(
                id_,
                state == State.SCHEDULED and prepares_at is None,
                state in (State.RUNNING, State.PAUSED),
                active_at,
                warned_at,
                user is not None and disabled_at is None,
            )
            for id_, state, prepares_at, active_at, warned_at, user, disabled_at in rows
        ]

    def _see_to_idle(self, run: Going, now: datetime) -> None:
        idle_s = self._means.settings.practice_idle_s
        if queueing.idle_turn(run.active_at, run.warned_at, idle_s, now) == "leave":
            return
        with self._means.lead.writing() as session:
            # Somebody may have typed since it was read.
            row = session.get_one(Practice, run.exercise_id, populate_existing=True, with_for_update=True)
            turn = queueing.idle_turn(row.active_at, row.warned_at, idle_s, now)
            if turn == "leave":
                return
            if turn == "warn":
                _warn(session, row, idle_s, now)
            else:
                practising.finish(session, run.exercise_id, now, why="idle", fence=self._means.lead.fence)
            reach(f"idle-{turn}-before-commit")
        reach(f"idle-{turn}-after-commit")

    def _end(self, exercise_id: str, now: datetime, why: str) -> None:
        with self._means.lead.writing() as session:
            practising.finish(session, exercise_id, now, why=why, fence=self._means.lead.fence)

    def _admit(self, now: datetime) -> None:
        """Let in those at the head of the queue for whom there is room; the first that has to wait keeps all behind."""
        with reading(self._means.sessions) as session:
            if not self._heads(session, now):
                return
        with self._means.lead.writing() as session:
            # With the lock nobody asks or is handed anything meanwhile: what is counted here holds.
            alone(session, practising.QUEUE)
            admitted = self._heads(session, now)
            for run, expected_at in admitted:
                conduct.launch(session, run.exercise_id, now)
                _promise(session, run.exercise_id, now, expected_at)
            reach("admit-before-commit")
        log.info("practice admitted", runs=len(admitted))
        reach("admit-after-commit")

    def _heads(self, session: Session, now: datetime) -> list[tuple[Waiting, datetime | None]]:
        """Those whose turn it is, with when they will be ready."""
        found: list[tuple[Waiting, datetime | None]] = []
        for run, turn_at, expected_at in self._turns(session, now, now):
            if turn_at != now:
                break
            found.append((run, expected_at))
        return found

    def _forecast(self, now: datetime) -> None:
        """Tell those who wait anew, when something made their turn come sooner or later."""
        if self._forecast_at and now < self._forecast_at:
            return
        self._forecast_at = now + FORECAST_EVERY
        with reading(self._means.sessions) as session:
            moved = [
                (run.exercise_id, turn_at, expected_at)
                for run, turn_at, expected_at in self._turns(session, now, None)
                if _has_moved(run.turn_at, turn_at) or _has_moved(run.expected_at, expected_at)
            ]
        if moved:
            with self._means.lead.writing() as session:
                for exercise_id, turn_at, expected_at in moved:
                    _promise(session, exercise_id, turn_at, expected_at)

    def _turns(
        self, session: Session, now: datetime, until: datetime | None
    ) -> Sequence[tuple[Waiting, datetime | None, datetime | None]]:
        """Everybody in the queue with their turn and when they are ready; no further than the first after `until`."""
        means = self._means
        room, queue = claims.room(session, means.settings), claims.waiting(session)
        if room is None:
            return []
        taken = claims.standing(session, means.shelf, means.settings, now)
        before, builds = claims.promised(session), _Builds(session)
        found: list[tuple[Waiting, datetime | None, datetime | None]] = []
        at = now
        for run in queue:
            turn_at, expected_at = self._turn(run, taken, room, at), None
            if turn_at is not None:
                at = turn_at
                expected_at = builds.ready(run, turn_at, before, room.parallel)
            found.append((run, turn_at, expected_at))
            if turn_at is None or (until is not None and turn_at > until):
                break
        return found

    def _turn(self, run: Waiting, taken: list[Claim], room: Room, at: datetime) -> datetime | None:
        """When the run's turn comes; it is counted among the claims from then on."""
        need = claims.needed(self._means.shelf.get(run.digest), self._means.settings)
        turn_at = queueing.turn(taken, need, run.lasts_s, room, at)
        if turn_at is not None:
            taken.append(Claim(turn_at, turn_at + timedelta(seconds=run.lasts_s), need, 1))
        return turn_at


class _Builds:
    """What is known of build times, each scenario asked about once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, float | None] = {}

    def ready(self, run: Waiting, turn_at: datetime, before: list[datetime], parallel: int) -> datetime | None:
        if run.scenario not in self._known:
            self._known[run.scenario] = practice.built_s(self._session, run.scenario)
        build_s = self._known[run.scenario]
        if build_s is None:
            return None
        before.append(queueing.ready(turn_at, build_s, before, parallel))
        return before[-1]


def _has_moved(before: datetime | None, after: datetime | None) -> bool:
    if before is None or after is None:
        return before is not after
    return abs(after - before) > MOVED


def _promise(session: Session, exercise_id: str, turn_at: datetime | None, expected_at: datetime | None) -> None:
    mine = update(Practice).where(Practice.exercise_id == exercise_id)
    session.execute(mine.values(turn_at=turn_at, expected_at=expected_at))


def _warn(session: Session, row: Practice, idle_s: float, now: datetime) -> None:
    row.warned_at = now
    minutes = max(1, round(queueing.warning_s(idle_s) / 60))
    text = {
        "nb": f"Økta blir avsluttet om {minutes} min hvis du ikke gjør noe. Skriv eller klikk for å fortsette.",
        "en": f"The practice run is closed in {minutes} min unless you do something. Type or click to go on.",
    }
    title = {"nb": "Er du her fortsatt?", "en": "Are you still here?"}
    interventions.say(session, row.exercise_id, text, now, title=title)
