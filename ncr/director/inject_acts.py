"""What an inject does to one environment: a command run, a service stopped, started or restarted, a network cut."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ncr.director import cases
from ncr.director.cases import Case
from ncr.director.guard import ensure_guard
from ncr.director.means import Means
from ncr.errors import EngineError, EngineUnavailable
from ncr.exercise import held
from ncr.exercise.held import Held
from ncr.runtime import upholding
from ncr.runtime.blueprint import Blueprint
from ncr.runtime.engine import ExecResult
from ncr.scenario.model import Exec, Inject

TIMEOUT_S = 60.0
RAN_BEFORE = 97
TOLD = 1000
Outcome = dict[str, Any]

# The mark is made before the command and by the same shell: where it is, the command has been begun.
ONCE = """for place in /dev/shm /tmp; do
  mark="$place/$0"
  [ -e "$mark" ] && exit 97
  (set -C; : > "$mark") 2>/dev/null && exec "$@"
done
exec "$@"
"""


@dataclass(frozen=True, slots=True)
class Order:
    """An inject to be carried out in one environment; `begun` is what an earlier director had written down of it.

    `participant` is whose it is, which in what is shared may be a team that met its condition.
    """

    inject: Inject
    case: Case
    begun: Outcome | None
    participant: str

    @property
    def service(self) -> str:
        """The service it concerns."""
        return self.inject.service


def held_from(inject: Inject, before: Held, t_s: float, scale: float) -> dict[str, Any]:
    """What the environment is held in from the moment the inject is begun, at exercise second `t_s`."""
    if inject.network is not None:
        order = inject.network
        until_t = t_s + order.for_ * scale if order.for_ else None
        return {**before, inject.id: {"service": order.service, "network": order.disconnect, "until_t": until_t}}
    if inject.stop or inject.restart:
        return {**before, inject.id: {"service": inject.stop or inject.restart}}
    return held.started(before, inject.start) if inject.start else dict(before)


def held_after(inject: Inject, before: Held, failed: bool) -> dict[str, Any]:
    """What the environment is held in once the inject has been carried out, or could not be."""
    if inject.restart and not failed:
        return held.started(before, inject.restart)
    return held.without(before, {inject.id}) if failed or inject.restart else dict(before)


class InjectActs:
    """`carry_out` does it, once as far as can be seen. `note` keeps how far it came, for whoever takes it up."""

    def __init__(self, means: Means) -> None:
        self._means = means

    def carry_out(self, order: Order, note: Callable[[Outcome], None]) -> Outcome:
        """What came of it. Raises EngineUnavailable when it has to be tried again."""
        try:
            blueprint = cases.drawn(self._means, order.case)
            if blueprint is None:
                raise EngineError("the environment has no addresses")
            return self._act(order, blueprint, note)
        except EngineUnavailable:
            raise
        except EngineError as error:
            return {"state": "failed", "why": str(error)[:TOLD]}

    def _act(self, order: Order, blueprint: Blueprint, note: Callable[[Outcome], None]) -> Outcome:
        inject, engine = order.inject, self._means.engine
        if inject.exec is not None:
            return self._execute(order, blueprint, inject.exec)
        if inject.network is not None:
            # Begun, and held no more: its time was over before anybody could say that it was done.
            if inject.id in order.case.environment.held:
                upholding.cut(engine, blueprint, order.service, inject.network.disconnect)
        elif inject.stop is not None:
            if inject.id in order.case.environment.held:
                upholding.stop(engine, blueprint, order.service)
        else:
            if inject.restart is not None and not (order.begun or {}).get("stopped"):
                upholding.stop(engine, blueprint, order.service)
                note({"stopped": True})
            ensure_guard(self._means)
            upholding.start(engine, blueprint, order.service)
        return {"state": "done"}

    def _execute(self, order: Order, blueprint: Blueprint, what: Exec) -> Outcome:
        begun, engine = order.begun is not None, self._means.engine
        containers = blueprint.of(what.service)
        if not containers:
            raise EngineError(f"the environment has no service {what.service}")
        container = containers[0].name
        if engine.exec(container, ["sh", "-c", "exit 0"]).exit_code == 0:
            command = ["sh", "-c", ONCE, _mark(order), *what.command]
        elif begun:
            return {"state": "unknown", "why": "begun before the director restarted, and nothing tells its end"}
        else:
            command = list(what.command)
        told = order.case.told_of(order.participant)
        return _outcome(engine.exec(container, command, user=what.user, timeout_s=TIMEOUT_S, environment=told), begun)


def _mark(order: Order) -> str:
    environment = order.case.environment
    text = f"inject:{order.inject.id}:{environment.id}:{environment.generation}"
    if order.case.is_shared:
        # There it runs once for each team that met its condition.
        text += f":{order.participant}"
    return "." + hmac.new(order.case.exercise.secret.encode(), text.encode(), hashlib.sha256).hexdigest()[:24]


def _outcome(result: ExecResult, begun: bool) -> Outcome:
    if begun and result.exit_code == RAN_BEFORE:
        return {"state": "done", "why": "it had been run when the director restarted; its output was not seen"}
    told = (result.stdout + result.stderr)[-TOLD:].decode("utf-8", "replace")
    state = "done" if result.exit_code == 0 else "failed"
    return {"state": state, "exit_code": result.exit_code, "output": told.replace("\0", "")}
