"""Injects: each happens once, to all or to who met its condition; what is done in environments is done once in each."""

from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import structlog
from sqlalchemy import and_, or_, select

from ncr.db import reading
from ncr.director import inject_rows as rows
from ncr.director.cases import read_case
from ncr.director.conditionals import Conditionals
from ncr.director.crashpoints import reach
from ncr.director.inject_acts import InjectActs, Order, Outcome, held_after, held_from
from ncr.director.means import Means
from ncr.director.sayings import say
from ncr.errors import LostLead, NcrError
from ncr.exercise import held, journal
from ncr.exercise.lifecycle import EnvironmentState, State
from ncr.exercise.openness import clock_of
from ncr.exercise.tables import Environment, Exercise, Moment
from ncr.scenario.model import Definition, Inject
from ncr.scenario.shared import SHARED, is_for_all, is_shared
from ncr.scenario.topology import Scenario

log = structlog.get_logger()
GONE = (EnvironmentState.FAILED, EnvironmentState.CLOSED, EnvironmentState.REMOVED)


class Target(NamedTuple):
    """An environment that an inject has yet to reach, and what is known of it there."""

    participant: str
    environment: str
    generation: int
    state: str
    outcome: dict[str, Any]

    @property
    def begun(self) -> Outcome | None:
        """What was written down when it was begun in this making of the environment; None: it was not."""
        is_begun = self.outcome.get("state") == "begun" and self.outcome.get("generation") == self.generation
        return self.outcome if is_begun else None


class Injects:
    """Fires due injects and those whose condition is met, and takes up again what a dead director had begun."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._acts = InjectActs(means)
        self._conditionals = Conditionals(means, self._meet)

    def fire(self, exercise_id: str, ref: str, now: datetime) -> None:
        """Have it happen to all it has not happened to: words at once, in this transaction; the rest is claimed."""
        definition = self._definition(exercise_id)
        inject = _find(definition, ref)
        if inject.say is None:
            with self._means.lead.writing() as session:
                claim: dict[str, Any] = {"state": "claimed", "claimed_at": now, "fence": self._means.lead.fence}
                if is_for_all(self._scenario(exercise_id), inject):
                    claim["outcome"] = {SHARED: {"state": "met"}}
                claimed = rows.settle(session, exercise_id, ref, "waiting", **claim)
            if claimed:
                reach("inject-after-claim")
            return
        reach("say-before-commit")
        with self._means.lead.writing() as session:
            exercise = journal.head(session, exercise_id)
            if rows.settle(session, exercise_id, ref, "waiting", state="done", done_at=now):
                moment = rows.moment_of(session, exercise_id, ref)
                left = rows.unmet(moment, rows.players(session, exercise_id))
                say(session, exercise, inject, definition.variables, now, left)
                self._tell(session, moment, left, now, None)
        reach("say-after-commit")

    def follow(self, now: datetime) -> None:
        """See whose conditions are met, and bring what is under way further: reach the environments not reached."""
        self._conditionals.follow(now)
        for exercise_id, ref, is_claimed, state in self._under_way():
            if state == State.RUNNING:
                self._try(exercise_id, ref, is_claimed, now)
            elif is_claimed and state != State.PAUSED and not self._is_busy(exercise_id, ref):
                left = self._unreached(exercise_id, ref, is_claimed)
                self._complete(exercise_id, ref, now, "the exercise ended first" if left else None)

    def _under_way(self) -> list[tuple[str, str, bool, str]]:
        met = and_(Moment.state == "waiting", Moment.offset_s.is_(None), Exercise.state == State.RUNNING)
        columns = (Moment.exercise_id, Moment.ref, Moment.state, Exercise.state, Moment.outcome)
        asked = select(*columns).join(Exercise, Exercise.id == Moment.exercise_id)
        asked = asked.where(Moment.kind == "inject", or_(Moment.state == "claimed", met))
        with reading(self._means.sessions) as session:
            found = session.execute(asked).all()
        return [
            (exercise_id, ref, moment == "claimed", state)
            for exercise_id, ref, moment, state, outcome in found
            if moment == "claimed" or rows.OPEN & {one["state"] for one in outcome.values()}
        ]

    def _is_busy(self, exercise_id: str, ref: str) -> bool:
        jobs = self._means.jobs
        return jobs.busy(exercise_id, f"inject:{ref}:") or jobs.busy(exercise_id, "environment:")

    def _definition(self, exercise_id: str) -> Definition:
        return self._scenario(exercise_id).definition

    def _scenario(self, exercise_id: str) -> Scenario:
        with reading(self._means.sessions) as session:
            digest = session.get_one(Exercise, exercise_id).digest
        return self._means.shelf.get(digest)

    def _meet(self, exercise_id: str, ref: str, who: Collection[str], now: datetime) -> None:
        """These have met its condition: words reach them now, what is done in their environments is due."""
        definition = self._definition(exercise_id)
        inject = _find(definition, ref)
        reach("met-before-commit")
        with self._means.lead.writing() as session:
            exercise = journal.head(session, exercise_id)
            moment = rows.moment_of(session, exercise_id, ref)
            fresh = set(who) & set(rows.players(session, exercise_id)) - set(moment.outcome)
            if moment.state != "waiting" or not fresh:
                return
            met_t = round(clock_of(exercise).t(now), 3)
            for player in sorted(fresh):
                rows.note(moment, player, state="met" if inject.say is None else "done", met_t=met_t)
            if inject.say is not None:
                say(session, exercise, inject, definition.variables, now, fresh)
                rows.tell_each(session, exercise_id, ref, fresh, now, self._means.lead.fence)
                rows.close_if_all_have_it(session, moment, now)
        reach("met-after-commit")

    def _try(self, exercise_id: str, ref: str, is_claimed: bool, now: datetime) -> None:
        try:
            self._advance(exercise_id, ref, is_claimed, now)
        except LostLead:
            raise
        except NcrError as error:
            log.warning("inject stands", exercise=exercise_id, inject=ref, error=str(error)[:500])

    def _advance(self, exercise_id: str, ref: str, is_claimed: bool, now: datetime) -> None:
        inject = _find(self._definition(exercise_id), ref)
        targets = self._unreached(exercise_id, ref, is_claimed)
        for target in targets:
            # What stops or cuts is done while nothing else is done to the environment; a command may run beside.
            name = f"inject:{ref}:{target.participant}" if inject.exec else f"environment:{target.environment}"
            self._means.jobs.submit((exercise_id, name), partial(self._run, exercise_id, inject, target))
        if is_claimed and not targets:
            self._complete(exercise_id, ref, now, None)

    def _unreached(self, exercise_id: str, ref: str, is_claimed: bool) -> list[Target]:
        """The environments without a last word; one being made or mended is waited for."""
        scenario = self._scenario(exercise_id)
        inject = _find(scenario.definition, ref)
        with reading(self._means.sessions) as session:
            outcome = rows.moment_of(session, exercise_id, ref).outcome
            every = session.scalars(select(Environment).where(Environment.exercise_id == exercise_id)).all()
        of = {row.participant_id or SHARED: row for row in every}
        whose = [SHARED] if is_for_all(scenario, inject) else [player for player in of if player != SHARED]
        # What a team brings upon what is shared happens there, and is told as that team's.
        places = [(player, of[SHARED if is_shared(scenario, inject.service) else player]) for player in whose]
        missing = {"state": "met"} if is_claimed else {"state": "not met"}
        found = [
            Target(player, row.id, row.generation, row.state, outcome.get(player, missing)) for player, row in places
        ]
        return [target for target in found if target.outcome["state"] in rows.OPEN]

    def _run(self, exercise_id: str, inject: Inject, target: Target) -> None:
        if target.state in GONE:
            self._record(exercise_id, inject, target, {"state": "failed", "why": f"environment {target.state}"})
        elif target.state == EnvironmentState.OPEN and self._begin(exercise_id, inject, target):
            reach("inject-before-run")
            order = Order(inject, read_case(self._means, target.environment), target.begun, target.participant)
            outcome = self._acts.carry_out(order, partial(self._note, exercise_id, inject.id, target))
            reach("inject-after-run")
            self._record(exercise_id, inject, target, outcome)

    def _begin(self, exercise_id: str, inject: Inject, target: Target) -> bool:
        """Say in one that it is begun and what the environment is held in from now on; False: it changed meanwhile."""
        if target.begun:
            return True
        with self._means.lead.writing() as session:
            exercise = journal.head(session, exercise_id)
            row = held.locked(session, target.environment, target.generation)
            if row is None or row.state != EnvironmentState.OPEN or exercise.state != State.RUNNING:
                return False
            t_s = round(clock_of(exercise).t(self._means.clock()), 3)
            row.held = held_from(inject, row.held, t_s, exercise.scale)
            until_t = row.held.get(inject.id, {}).get("until_t")
            more = {"until_t": until_t} if until_t is not None else {}
            begun = {"state": "begun", "generation": target.generation, "t": t_s, **more}
            rows.note(rows.moment_of(session, exercise_id, inject.id), target.participant, **begun)
        return True

    def _note(self, exercise_id: str, ref: str, target: Target, more: Outcome) -> None:
        with self._means.lead.writing() as session:
            journal.head(session, exercise_id)
            rows.note(rows.moment_of(session, exercise_id, ref), target.participant, **more)
        reach("inject-half-done")

    def _record(self, exercise_id: str, inject: Inject, target: Target, outcome: Outcome) -> None:
        """The last word on it in this environment, and what the environment is held in after it."""
        now, fence = self._means.clock(), self._means.lead.fence
        with self._means.lead.writing() as session:
            journal.head(session, exercise_id)
            row = held.locked(session, target.environment, target.generation)
            if row is not None:
                row.held = held_after(inject, row.held, outcome["state"] == "failed")
            moment = rows.moment_of(session, exercise_id, inject.id)
            rows.note(moment, target.participant, **outcome)
            if "met_t" in moment.outcome[target.participant]:
                rows.tell_each(session, exercise_id, inject.id, {target.participant}, now, fence)
            rows.close_if_all_have_it(session, moment, now)

    def _complete(self, exercise_id: str, ref: str, now: datetime, why: str | None) -> None:
        reach("inject-before-done")
        with self._means.lead.writing() as session:
            journal.head(session, exercise_id)
            if rows.settle(session, exercise_id, ref, "claimed", state="failed" if why else "done", done_at=now):
                moment = rows.moment_of(session, exercise_id, ref)
                alone = {player for player, one in moment.outcome.items() if "met_t" in one}
                left = rows.players(session, exercise_id).keys() - alone if alone else None
                self._tell(session, moment, left, now, why)
        reach("inject-after-done")

    def _tell(self, session: Any, moment: Moment, left: Collection[str] | None, now: datetime, why: str | None) -> None:
        """That it happened: to all, or to those `left` after some had met its condition before."""
        fence = self._means.lead.fence
        if left is None:
            rows.tell(session, moment.exercise_id, moment.ref, now, fence, why)
        else:
            rows.tell_each(session, moment.exercise_id, moment.ref, left, now, fence)


def _find(definition: Definition, ref: str) -> Inject:
    return next(inject for inject in definition.injects if inject.id == ref)
