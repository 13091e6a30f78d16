"""Injects: what is said is written once; what is run in the environments is run once in each, as far as can be seen."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from ncr.db import reading
from ncr.director import cases
from ncr.director.crashpoints import reach
from ncr.director.means import Means
from ncr.errors import EngineError, EngineUnavailable, LostLead, NcrError
from ncr.exercise import journal
from ncr.exercise.lifecycle import EnvironmentState, State
from ncr.exercise.openness import clock_of
from ncr.exercise.tables import Environment, Exercise, Message, Moment, Participant
from ncr.runtime.engine import ExecResult
from ncr.scenario.model import Definition, Inject, Variable
from ncr.scenario.values import Text
from ncr.scoring import ledger
from ncr.scoring.facts import Draft, Kind
from ncr.scoring.values import filled, own_words

log = structlog.get_logger()
TIMEOUT_S = 60.0
RAN_BEFORE = 97
TOLD = 1000

# The mark is made before the command and by the same shell: where it is, the command has been begun.
ONCE = """for place in /dev/shm /tmp; do
  mark="$place/$0"
  [ -e "$mark" ] && exit 97
  (set -C; : > "$mark") 2>/dev/null && exec "$@"
done
exec "$@"
"""


@dataclass(frozen=True, slots=True)
class Target:
    """One environment an exec inject has yet to reach."""

    participant: str
    environment: str
    generation: int
    state: EnvironmentState
    begun: bool


class Injects:
    """Fires due injects, and takes up again what a dead director had begun."""

    def __init__(self, means: Means) -> None:
        self._means = means

    def fire(self, exercise_id: str, ref: str, now: datetime) -> None:
        """Have the inject happen: words at once, in this transaction; commands as jobs, claimed first."""
        definition = self._definition(exercise_id)
        inject = next(inject for inject in definition.injects if inject.id == ref)
        if inject.exec is not None:
            if self._claim(exercise_id, ref, now):
                reach("exec-after-claim")
            return
        if inject.say is None:
            self._refuse(exercise_id, ref, now)
            return
        reach("say-before-commit")
        with self._means.lead.writing() as session:
            exercise = journal.head(session, exercise_id)
            if _settle(session, exercise_id, ref, "waiting", state="done", done_at=now):
                _say(session, exercise, inject, definition.variables, now)
                _tell(session, exercise_id, ref, now, self._means.lead.fence, None)
        reach("say-after-commit")

    def take_up(self, now: datetime) -> None:
        """Bring every claimed inject further: reach the environments it has not reached, end it when all are done."""
        claimed = select(Moment.exercise_id, Moment.ref, Exercise.state)
        claimed = claimed.join(Exercise, Exercise.id == Moment.exercise_id)
        with reading(self._means.sessions) as session:
            rows = session.execute(claimed.where(Moment.kind == "inject", Moment.state == "claimed")).all()
        for exercise_id, ref, state in rows:
            if state == State.RUNNING:
                self._try(exercise_id, ref, now)
            elif state != State.PAUSED and not self._means.jobs.busy(exercise_id, f"inject:{ref}:"):
                self._complete(exercise_id, ref, now, "the exercise ended first")

    def _definition(self, exercise_id: str) -> Definition:
        with reading(self._means.sessions) as session:
            digest = session.get_one(Exercise, exercise_id).digest
        return self._means.shelf.get(digest).definition

    def _claim(self, exercise_id: str, ref: str, now: datetime) -> bool:
        with self._means.lead.writing() as session:
            fence = self._means.lead.fence
            return _settle(session, exercise_id, ref, "waiting", state="claimed", claimed_at=now, fence=fence)

    def _refuse(self, exercise_id: str, ref: str, now: datetime) -> None:
        why = "this kind of inject is not run by this version"
        with self._means.lead.writing() as session:
            if _settle(session, exercise_id, ref, "waiting", state="failed", done_at=now, outcome={"failure": why}):
                journal.record(session, now, exercise_id, "failed", subject=f"inject:{ref}", why=why)

    def _try(self, exercise_id: str, ref: str, now: datetime) -> None:
        try:
            self._advance(exercise_id, ref, now)
        except LostLead:
            raise
        except NcrError as error:
            log.warning("inject stands", exercise=exercise_id, inject=ref, error=str(error)[:500])

    def _advance(self, exercise_id: str, ref: str, now: datetime) -> None:
        inject = next(inject for inject in self._definition(exercise_id).injects if inject.id == ref)
        targets = self._unreached(exercise_id, ref)
        for target in targets:
            key = (exercise_id, f"inject:{ref}:{target.participant}")
            self._means.jobs.submit(key, partial(self._run, exercise_id, inject, target))
        if not targets:
            self._complete(exercise_id, ref, now, None)

    def _unreached(self, exercise_id: str, ref: str) -> list[Target]:
        """The environments without an outcome; one being made or mended is waited for."""
        with reading(self._means.sessions) as session:
            moment = session.scalars(_moment(exercise_id, ref)).one()
            rows = session.scalars(select(Environment).where(Environment.exercise_id == exercise_id)).all()
        return [
            Target(row.participant_id, row.id, row.generation, EnvironmentState(row.state), _begun(moment, row))
            for row in rows
            if moment.outcome.get(row.participant_id, {}).get("state", "begun") == "begun"
        ]

    def _run(self, exercise_id: str, inject: Inject, target: Target) -> None:
        if target.state is EnvironmentState.OPEN:
            self._record(exercise_id, inject.id, target, {"state": "begun", "generation": target.generation})
            reach("exec-before-run")
            outcome = self._execute(exercise_id, inject, target)
            reach("exec-after-run")
            self._record(exercise_id, inject.id, target, outcome)
        elif target.state in (EnvironmentState.FAILED, EnvironmentState.CLOSED, EnvironmentState.REMOVED):
            self._record(exercise_id, inject.id, target, {"state": "failed", "why": f"environment {target.state}"})

    def _execute(self, exercise_id: str, inject: Inject, target: Target) -> dict[str, Any]:
        order = inject.exec
        assert order is not None  # noqa: S101
        try:
            container = self._container(target, order.service)
            if self._means.engine.exec(container, ["sh", "-c", "exit 0"]).exit_code == 0:
                command = ["sh", "-c", ONCE, self._mark(exercise_id, inject.id, target), *order.command]
            elif target.begun:
                return {"state": "unknown", "why": "begun before the director restarted, and nothing tells its end"}
            else:
                command = list(order.command)
            result = self._means.engine.exec(container, command, user=order.user, timeout_s=TIMEOUT_S)
        except EngineUnavailable:
            raise
        except EngineError as error:
            return {"state": "failed", "why": str(error)[:TOLD]}
        return _outcome(result, target.begun)

    def _container(self, target: Target, service: str) -> str:
        blueprint = cases.drawn(self._means, cases.read_case(self._means, target.environment))
        containers = blueprint.of(service) if blueprint else ()
        if not containers:
            raise EngineError(f"the environment has no service {service}")
        return containers[0].name

    def _mark(self, exercise_id: str, ref: str, target: Target) -> str:
        with reading(self._means.sessions) as session:
            secret = session.get_one(Exercise, exercise_id).secret
        text = f"inject:{ref}:{target.environment}:{target.generation}"
        return "." + hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()[:24]

    def _record(self, exercise_id: str, ref: str, target: Target, outcome: dict[str, Any]) -> None:
        with self._means.lead.writing() as session:
            journal.head(session, exercise_id)
            moment = session.scalars(_moment(exercise_id, ref)).one()
            moment.outcome = {**moment.outcome, target.participant: outcome}

    def _complete(self, exercise_id: str, ref: str, now: datetime, why: str | None) -> None:
        reach("exec-before-done")
        with self._means.lead.writing() as session:
            journal.head(session, exercise_id)
            state = "failed" if why else "done"
            if _settle(session, exercise_id, ref, "claimed", state=state, done_at=now):
                _tell(session, exercise_id, ref, now, self._means.lead.fence, why)
        reach("exec-after-done")


def _moment(exercise_id: str, ref: str) -> Select[Moment]:
    return select(Moment).where(Moment.exercise_id == exercise_id, Moment.kind == "inject", Moment.ref == ref)


def _settle(session: Session, exercise_id: str, ref: str, before: str, **values: Any) -> bool:
    which = (Moment.exercise_id == exercise_id, Moment.kind == "inject", Moment.ref == ref, Moment.state == before)
    result: Any = session.execute(update(Moment).where(*which).values(**values))
    return bool(result.rowcount == 1)


def _begun(moment: Moment, environment: Environment) -> bool:
    kept: dict[str, Any] = moment.outcome.get(environment.participant_id, {})
    return bool(kept.get("state") == "begun" and kept.get("generation") == environment.generation)


def _outcome(result: ExecResult, begun: bool) -> dict[str, Any]:
    if begun and result.exit_code == RAN_BEFORE:
        return {"state": "done", "why": "it had been run when the director restarted; its output was not seen"}
    told = (result.stdout + result.stderr)[-TOLD:].decode("utf-8", "replace")
    state = "done" if result.exit_code == 0 else "failed"
    return {"state": state, "exit_code": result.exit_code, "output": told.replace("\0", "")}


def _say(
    session: Session, exercise: Exercise, inject: Inject, variables: Mapping[str, Variable], now: datetime
) -> None:
    """One message for all, or one for each participant when the words are its own."""
    if not any("${" in said for text in _texts(inject) if text for said in text.root.values()):
        session.add(_message(exercise, inject, None, {}, now))
        return
    for player in session.scalars(select(Participant).where(Participant.exercise_id == exercise.id)):
        team = player.team_id or player.id
        words = own_words(variables, exercise.id, exercise.secret, player.id, team, player.name)
        session.add(_message(exercise, inject, player.id, words, now))


def _texts(inject: Inject) -> tuple[Text | None, Text | None, Text | None]:
    return inject.title, inject.from_, inject.say


def _message(
    exercise: Exercise, inject: Inject, participant: str | None, words: Mapping[str, str], now: datetime
) -> Message:
    message = Message(exercise_id=exercise.id, at=now, t=clock_of(exercise).t(now), inject=inject.id)
    message.to, message.participant_id = list(inject.to), participant
    title, sender, said = (_filled(text, words) for text in _texts(inject))
    message.title, message.sender, message.text = title, sender, said or {}
    return message


def _filled(text: Text | None, words: Mapping[str, str]) -> dict[str, Any] | None:
    return {str(language): said for language, said in filled(text, words).root.items()} if text else None


def _tell(session: Session, exercise_id: str, ref: str, now: datetime, fence: int | None, why: str | None) -> None:
    draft = Draft(Kind.INJECTED, f"injected:{ref}", payload={"inject": ref})
    ledger.append(session, exercise_id, [draft], now, fence=fence)
    journal.record(session, now, exercise_id, "injected", subject=f"inject:{ref}", why=why)
