"""The board: one exercise's standings kept in memory, advanced by the ledger, shown as each audience may see them."""

from collections import deque
from collections.abc import Callable, Collection
from itertools import islice
from threading import RLock
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr.db import Sessions, reading
from ncr.errors import NotFound
from ncr.exercise.tables import Participant
from ncr.scoring import ledger
from ncr.scoring.facts import Fact, Kind
from ncr.scoring.points import Place, Reason, places, points, why
from ncr.scoring.rows import Audience, Changes, Row, View, fact_row, shown, standing_row
from ncr.scoring.rules import Rules
from ncr.scoring.standings import ACTIVE, Entrant, Standings, fold, own_part

__all__ = ["Audience", "Board", "Boards", "Changes"]

BEHIND = 1000


class Board:
    """One exercise's standings. Safe to share between threads; every reading first catches up with the ledger.

    snapshot = {"seq", "frozen", "standings": [row …] in order,
                "tasks": {task: {"value", "solves", "category", "title": {nb, en}}}}
    row = {"team", "name", "partner", "rank", "points", "tasks": {task: {"points", "order"}},
           "services": {check: state}, "last_solve": RFC 3339 or None, "solved": n}
    `team` is the participant's id, `order` its place among those who solved the task. Staff's rows also hold
    "standing" and "parts" {tasks, checks, injects, duel, adjusted, resets: points}.

    While frozen, public and team have the standings, values and numbers as of the freeze; staff sees through.
    """

    def __init__(self, sessions: Sessions, exercise: str, rules: Rules) -> None:
        self.exercise = exercise
        self.rules = rules
        self._sessions = sessions
        self._lock = RLock()
        self._forget()

    def _forget(self) -> None:
        self._epoch: str | None = None
        self._live = Standings(self.rules)
        self._frozen: Standings | None = None
        self._alone: dict[str, Standings] = {}
        self._recent: deque[Fact] = deque(maxlen=BEHIND)
        self._views: dict[Audience, View] = {}

    def advance(self) -> int:
        """Catch up with the ledger and return the number reached; one short query when nothing is new.

        Raises NotFound when the exercise is gone.
        """
        with self._lock, reading(self._sessions) as session:
            head = ledger.head(session, self.exercise)
            # Before the first fact teams may still come, go and change their names.
            if head.epoch != self._epoch or head.seq < self._live.seq or self._live.seq == 0:
                self._begin(session, head.epoch)
            self._catch_up(session, head.seq)
            frozen_at = self._frozen.seq if self._frozen else None
            if head.freeze_seq != frozen_at:
                self._freeze(session, head.freeze_seq)
            return self._live.seq

    def head(self, audience: Audience) -> int:
        """The number up to which the audience sees; asks no database."""
        return self._standings(audience).seq

    def snapshot(self, audience: Audience, participant: str | None = None, at: int | None = None) -> dict[str, Any]:
        """The standings now, or as of fact `at`.

        A team that gives its `participant` while frozen also gets "own": its row with its own later facts, at the
        values of the freeze and without place or bonus for what it solved since.
        """
        self.advance()
        with self._lock:
            if at is not None and at < self.head(audience):
                return self._snapshot(View(), self._as_of(max(at, 0)), audience)
            found = self._snapshot(self._view(audience), self._standings(audience), audience)
            if self._frozen and participant is not None and audience == "team":
                found["own"] = self._own_row(participant)
            return found

    def encoded(self, audience: Audience) -> bytes:
        """The snapshot as JSON, encoded once per audience and change."""
        self.advance()
        with self._lock:
            view = self._view(audience)
            if not view.encoded:
                view.encoded = orjson.dumps(self._snapshot(view, self._standings(audience), audience))
            return view.encoded

    def changes(self, after: int, audience: Audience) -> Changes | None:
        """What changed since fact `after`; None when that is too far back (over 1,000 facts): take a snapshot."""
        seq = self.advance()
        with self._lock:
            head = self.head(audience)
            if after > seq or head - after > BEHIND or (head > after and not self._remembers(after)):
                return None
            view = self._view(audience)
            return Changes(
                after=after,
                seq=max(head, after),
                facts=self._facts(after, audience, None),
                rows=[row for row, changed in view.rows.values() if changed > after],
                order=list(view.rows),
                tasks=view.tasks if view.tasks_seq > after else {},
            )

    def facts(self, after: int, audience: Audience, participant: str | None = None) -> list[Row]:
        """Those of the last 1,000 facts after `after` that the audience may see; a team's own also while frozen."""
        self.advance()
        with self._lock:
            return self._facts(after, audience, participant)

    def facts_of(self, teams: Collection[str], after: int) -> dict[str, list[Row]]:
        """The same for each of `teams`, as it may see them, in one go."""
        self.advance()
        with self._lock:
            return {team: self._facts(after, "team", team) for team in teams}

    def points(self, participant: str, until: int = 0) -> int | float:
        """The participant's points as it may know them; catches up only when fact `until` is not taken in yet."""
        if self._live.seq < until:
            self.advance()
        with self._lock:
            standings = self._own(participant) if self._frozen else self._live
            return shown(points(standings, participant)) if participant in standings.tallies else 0

    def why(self, participant: str, audience: Audience) -> list[Reason]:
        """The facts behind each number of the participant's points, in the standings the audience sees."""
        self.advance()
        with self._lock:
            standings = self._standings(audience)
            if participant not in standings.tallies:
                raise NotFound("There is no such team in this exercise.")
            return why(standings, participant)

    def _begin(self, session: Session, epoch: str) -> None:
        self._forget()
        self._epoch = epoch
        self._live = Standings(self.rules, self._entrants(session))

    def _entrants(self, session: Session) -> dict[str, Entrant]:
        rows = session.scalars(select(Participant).where(Participant.exercise_id == self.exercise))
        # Withdrawing is a fact: before it the team took part.
        return {
            row.id: Entrant(row.name, row.partner, ACTIVE if row.standing == "withdrawn" else row.standing)
            for row in rows
        }

    def _catch_up(self, session: Session, until: int) -> None:
        known = frozenset(self._live.entrants)
        for fact in ledger.every(session, self.exercise, self._live.seq, until):
            if fact.kind is Kind.JOINED and fact.team not in known:
                # A team that came late: its name and partner are read, and the count begins again with it.
                self._begin(session, str(self._epoch))
                break
            self._take(fact)
        for fact in ledger.every(session, self.exercise, self._live.seq, until):
            self._take(fact)

    def _take(self, fact: Fact) -> None:
        self._live.apply(fact)
        self._recent.append(fact)

    def _freeze(self, session: Session, seq: int | None) -> None:
        self._alone = {}
        self._views.pop("public", None)
        self._views.pop("team", None)
        self._frozen = None if seq is None else self._fold_to(session, seq)

    def _as_of(self, seq: int) -> Standings:
        with reading(self._sessions) as session:
            return self._fold_to(session, seq)

    def _fold_to(self, session: Session, seq: int) -> Standings:
        return fold(self.rules, ledger.every(session, self.exercise, 0, seq), self._entrants(session))

    def _standings(self, audience: Audience) -> Standings:
        return self._live if audience == "staff" or self._frozen is None else self._frozen

    def _own(self, participant: str) -> Standings:
        """The frozen standings with the participant's own later facts."""
        frozen = self._frozen or self._live
        if participant not in frozen.entrants:
            return frozen
        own = self._alone.setdefault(participant, frozen.only(participant))
        if own.seq < self._live.seq:
            with reading(self._sessions) as session:
                for fact in ledger.every(session, self.exercise, own.seq, self._live.seq):
                    if part := own_part(fact, participant):
                        own.take(part)
            own.seq = self._live.seq
        return own

    def _own_row(self, participant: str) -> Row | None:
        own = self._own(participant)
        if participant not in own.entrants:
            return None
        rank = {place.team: place.rank for place in places(self._standings("team"))}.get(participant)
        return standing_row(own, Place(participant, rank, points(own, participant)))

    def _view(self, audience: Audience) -> View:
        view = self._views.setdefault(audience, View())
        standings = self._standings(audience)
        if view.seq != standings.seq:
            view.show(standings, audience)
        return view

    def _snapshot(self, view: View, standings: Standings, audience: Audience) -> dict[str, Any]:
        if view.seq != standings.seq:
            view.show(standings, audience)
        rows = [row for row, _ in view.rows.values()]
        return {"seq": standings.seq, "frozen": self._frozen is not None, "standings": rows, "tasks": view.tasks}

    def _remembers(self, after: int) -> bool:
        return bool(self._recent) and self._recent[0].seq <= after + 1

    def _facts(self, after: int, audience: Audience, participant: str | None) -> list[Row]:
        head, found = self.head(audience), []
        # The numbers have no gaps: those over `after` are the last so many.
        fresh = max(0, len(self._recent) - max(0, self._live.seq - after))
        for fact in islice(self._recent, fresh, None):
            own = audience == "team" and participant is not None and own_part(fact, participant) is not None
            if fact.seq <= head or own:
                row = fact_row(fact, self._live, audience, participant)
                found += [row] if row else []
        return found


class Boards:
    """The boards of this process, made when first asked for; `rules_of(digest)` gives a scenario version's rules."""

    def __init__(self, sessions: Sessions, rules_of: Callable[[str], Rules]) -> None:
        self._sessions = sessions
        self._rules_of = rules_of
        self._lock = RLock()
        self._boards: dict[str, Board] = {}

    def __contains__(self, exercise: str) -> bool:
        """Whether its board is made already."""
        return exercise in self._boards

    def of(self, exercise: str) -> Board:
        """The board of an exercise. Raises NotFound."""
        with self._lock:
            board = self._boards.get(exercise)
            if board is None:
                with reading(self._sessions) as session:
                    digest = ledger.head(session, exercise).digest
                board = self._boards[exercise] = Board(self._sessions, exercise, self._rules_of(digest))
            return board
