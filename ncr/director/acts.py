"""Acts: what each step does on the engine, and the row that says so; what claims is written before, results after."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import structlog
from sqlalchemy import update

from ncr.director import addresses, cases
from ncr.director.cases import Case
from ncr.director.crashpoints import reach
from ncr.director.disks import FULL, note_health
from ncr.director.guard import ensure_guard
from ncr.director.means import Means
from ncr.director.pace import Pace, note_built
from ncr.director.reconcile import Step
from ncr.director.sharing import visit
from ncr.errors import EngineError, SubnetTaken
from ncr.exercise import held, journal
from ncr.exercise.lifecycle import EnvironmentState
from ncr.exercise.openness import clock_of
from ncr.exercise.tables import Environment
from ncr.runtime import environment as runtime
from ncr.runtime.blueprint import Blueprint, networks_needed
from ncr.runtime.isolation import HOST_PORTS
from ncr.runtime.objects import GENERATION, Observed
from ncr.runtime.upholding import join, uphold

log = structlog.get_logger()
E = EnvironmentState
SUBNET_TRIES = 20


class Acts:
    """One method a step; every one may be repeated after dying anywhere inside it."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._pace = Pace(means)
        self._engine = means.engine
        self._acts = {
            Step.BEGIN: self._begin,
            Step.BUILD: self._build,
            Step.OPEN: self._open,
            Step.HOLD: self._hold,
            Step.RESTART: self._restart,
            Step.CHECK: self._check,
            Step.CLOSE: self._close,
            Step.REMOVE: self._remove,
        }

    def take(self, case: Case, step: Step) -> None:
        """Take the step. Raises EngineError when the engine refuses, EngineUnavailable when it does not answer."""
        self._acts[step](case)

    def note_failure(self, case: Case, tries: int, why: str, *, hopeless: bool) -> None:
        """Write the failed try down; a hopeless environment is failed, and what was made of it is removed."""
        if not hopeless:
            self._set(case, tries=tries, failure=why)
        elif self._move(case, E.FAILED, why=why, tries=tries, failure=why):
            self._sweep(case)

    def _begin(self, case: Case) -> None:
        self._move(case, E.BUILDING)
        reach("begin-after-commit")

    def _build(self, case: Case) -> None:
        with self._pace.measuring() as took:
            self._make(case, took)
        reach("build-after-commit")

    def _make(self, case: Case, took: Callable[[], float]) -> None:
        ensure_guard(self._means)
        self._clear_old(case)
        blueprint = self._made(case)
        self._meet(case)
        # Said before the proof, so that whoever waits sees how far it is.
        self._set(
            case, health=dict.fromkeys([spec.service or runtime.GATE for spec in blueprint.everything], "starting")
        )
        if case.environment.held:
            # What stood on the engine already was taken as it was, off its networks too.
            uphold(self._engine, blueprint, self._engine.observe(blueprint.who.labels), (), ())
            self._let_go(case)
        ports = (*HOST_PORTS, self._means.settings.port)
        runtime.verify(self._engine, blueprint, cases.neighbours(self._means, case), ports)
        runtime.hold(self._engine, blueprint)
        reach("build-before-commit")
        now = self._means.clock()
        health = runtime.health(self._engine.observe(blueprint.who.labels), blueprint)
        ready: dict[str, Any] = {
            "tries": 0,
            "failure": None,
            "restart_service": None,
            "health": health,
            "ready_at": now,
        }
        with self._means.lead.writing() as session:
            if journal.move_environment(session, case.environment, E.READY, now, **ready):
                note_built(session, case.exercise.id, took())

    def _let_go(self, case: Case) -> None:
        """What is built as the scenario says is no longer as injects left it."""
        with self._means.lead.writing() as session:
            journal.head(session, case.exercise.id)
            row = held.locked(session, case.environment.id, case.environment.generation)
            if row is not None:
                held.let_go(session, row, "the environment was made anew")

    def _clear_old(self, case: Case) -> None:
        """Remove what earlier makings of the environment left: nothing of a team's outlives a reset."""
        labels = case.identity(self._means.instance).labels
        seen = self._engine.observe(labels)
        kinds = (seen.containers, seen.networks, seen.volumes)
        makings = {thing.labels.get(GENERATION, "") for things in kinds for thing in things.values()}
        for making in makings - {str(case.environment.generation)}:
            runtime.remove(self._engine, {**labels, GENERATION: making})

    def _made(self, case: Case) -> Blueprint:
        needed = networks_needed(case.scenario)
        for _ in range(SUBNET_TRIES):
            rows = addresses.claim(self._means, case.environment.id, needed)
            reach("build-after-subnets")
            blueprint = cases.draw(self._means, case, rows)
            try:
                runtime.build(self._engine, blueprint)
            except SubnetTaken as error:
                taken = [row.cidr for row in rows.values() if row.cidr in str(error)]
                for cidr in taken or [row.cidr for row in rows.values()]:
                    addresses.give_to_stranger(self._means, cidr)
            else:
                return blueprint
        raise EngineError("no free piece of the address pool was found; other networks on the engine use it")

    def _open(self, case: Case) -> None:
        runtime.open_(self._engine, self._drawn(case))
        reach("unpause-before-commit")
        self._move(case, E.OPEN)
        reach("unpause-after-commit")

    def _hold(self, case: Case) -> None:
        runtime.hold(self._engine, self._drawn(case))
        self._move(case, E.READY)

    def _restart(self, case: Case) -> None:
        service = case.environment.restart_service or ""
        # Staff who ask take it out of what is held; a team cannot.
        if service not in held.stopped(case.environment.held):
            ensure_guard(self._means)
            runtime.restart(self._engine, self._drawn(case), service)
        self._set(case, restart_service=None)

    def _check(self, case: Case) -> None:
        """What the platform broke is made anew, a service that ended is started, what drifted is set right."""
        blueprint = self._drawn(case)
        self._put_back(case, blueprint)
        seen = self._engine.observe(blueprint.who.labels)
        health = runtime.health(seen, blueprint)
        broken = faults(seen, blueprint, health)
        if broken:
            self._move(case, E.DEGRADED, why=broken, health=health)
            return
        health = note_health(self._means, case.environment.id, case.environment.generation, health)
        # What an inject keeps stopped is not the platform's to start.
        stopped = held.stopped(case.environment.held)
        for service in [service for service, state in health.items() if state == "exited" and service not in stopped]:
            ensure_guard(self._means)
            runtime.restart(self._engine, blueprint, service)
        uphold(self._engine, blueprint, seen, stopped, held.cuts(case.environment.held))
        self._set_right(case, seen, blueprint, [service for service, state in health.items() if state == FULL])
        self._meet(case)
        if case.environment.tries:
            self._set(case, tries=0, failure=None)

    def _put_back(self, case: Case, blueprint: Blueprint) -> None:
        """What was taken off a network for a while comes back once the while is over."""
        t_s = clock_of(case.exercise).t(self._means.clock())
        ended = held.over(case.environment.held, t_s)
        for inject in ended:
            one = case.environment.held[inject]
            join(self._engine, blueprint, one["service"], one["network"])
        if ended:
            reach("release-before-commit")
            with self._means.lead.writing() as session:
                journal.head(session, case.exercise.id)
                row = held.locked(session, case.environment.id, case.environment.generation)
                case.environment.held = held.release(session, row, ended, t_s) if row else {}
            reach("release-after-commit")

    def _meet(self, case: Case) -> None:
        if case.is_shared:
            visit(self._means, case)
            reach("shared-after-visit")

    def _set_right(self, case: Case, seen: Observed, blueprint: Blueprint, full: Collection[str]) -> None:
        wrong = "paused" if case.environment.state == E.OPEN else "running"
        if any(seen.containers[spec.name].state == wrong for spec in blueprint.everything if spec.service not in full):
            put = runtime.open_ if wrong == "paused" else runtime.hold
            put(self._engine, blueprint)

    def _close(self, case: Case) -> None:
        self._move(case, E.CLOSED, health={})
        reach("closed-after-commit")

    def _remove(self, case: Case) -> None:
        self._sweep(case, E.REMOVED)
        reach("remove-after-commit")

    def _sweep(self, case: Case, then: EnvironmentState | None = None) -> None:
        runtime.remove(self._engine, case.identity(self._means.instance).labels)
        reach("remove-before-commit")
        with self._means.lead.writing() as session:
            addresses.free(session, case.environment.id)
            if then is not None:
                journal.move_environment(session, case.environment, then, self._means.clock(), tries=0, failure=None)

    def _drawn(self, case: Case) -> Blueprint:
        blueprint = cases.drawn(self._means, case)
        if blueprint is None:
            raise EngineError("the environment has no addresses any more; reset it")
        return blueprint

    def _move(self, case: Case, to: EnvironmentState, *, why: str | None = None, **values: Any) -> bool:
        with self._means.lead.writing() as session:
            return journal.move_environment(session, case.environment, to, self._means.clock(), why=why, **values)

    def _set(self, case: Case, **values: Any) -> None:
        mine = (Environment.id == case.environment.id, Environment.generation == case.environment.generation)
        with self._means.lead.writing() as session:
            session.execute(update(Environment).where(*mine).values(**values))


def faults(seen: Observed, blueprint: Blueprint, health: Mapping[str, str]) -> str | None:
    """What the platform, not a team, broke: something is missing, or the gate or everything ended; None when nothing.

    A team can end its own services; it can neither reach the gate nor delete anything.
    """
    missing = [service for service, state in health.items() if state == "missing"]
    missing += [network.name for network in blueprint.networks if network.name not in seen.networks]
    if missing:
        return f"missing: {', '.join(missing)}"
    if health[runtime.GATE] == "exited":
        return "the gate ended: the engine was restarted, or something interfered"
    return None
