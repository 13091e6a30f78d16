"""Judging: all checks of an exercise asked in every open environment, and whose fault it is when one is not up."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select

from ncr.checks.probes import Prober, Target
from ncr.checks.verdict import Ended, Result
from ncr.db import reading
from ncr.director import cases
from ncr.director.cases import Case
from ncr.director.means import Means
from ncr.errors import EngineError, EngineUnavailable
from ncr.exercise.lifecycle import EnvironmentState, State
from ncr.exercise.tables import Environment, Exercise
from ncr.runtime.blueprint import Blueprint, relay_ports
from ncr.runtime.checker import run_script
from ncr.runtime.engine import ExecResult
from ncr.runtime.objects import EXERCISE, INSTANCE, MANAGED, ROLE, TEAM, Observed
from ncr.scenario.model import Check, Entry

Results = dict[str, dict[str, str]]
Making = tuple[str, int]
# A container that was ended answers commands as a shell tells of a killed program.
ENDED = Ended(137)
VISIT_S = 5.0


@dataclass(frozen=True, slots=True)
class Place:
    """An open environment to ask in."""

    case: Case
    blueprint: Blueprint

    @property
    def participant(self) -> str:
        """Whose it is."""
        return self.case.participant.id


class Judging:
    """`judge` answers for every team and check of a round; lives in the event loop that calls it."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._prober: Prober | None = None
        self._blueprints: dict[Making, Blueprint] = {}

    async def judge(self, exercise_id: str, checks: Sequence[Check]) -> Results:
        """Participant -> check -> result. What the platform is to blame for is unknown, and costs nobody anything."""
        found = await self.ask(exercise_id, checks)
        return {player: {check: one.state for check, one in mine.items()} for player, mine in found.items()}

    async def ask(self, exercise_id: str, checks: Sequence[Check]) -> dict[str, dict[str, Result]]:
        """The same with what each check said."""
        players, places = await asyncio.to_thread(self._places, exercise_id)
        results = {player: _unknown(checks, "the environment is not open") for player in players}
        asked = [(place, check) for place in places for check in checks]
        answers = await asyncio.gather(*(self._ask(place, check) for place, check in asked))
        for (place, check), answer in zip(asked, answers, strict=True):
            results[place.participant][check.id] = answer
        suspects = [place for place in places if any(map(_blames, results[place.participant].values()))]
        if suspects:
            for participant in await asyncio.to_thread(self._excused, exercise_id, suspects):
                results[participant] = _unknown(checks, "the environment itself is not as it was")
        return results

    async def visit(self, exercise_id: str, participant: str, entry: Entry) -> Result:
        """What somebody finds who goes in by a web entry: asked through the gate's own door to it."""
        _, places = await asyncio.to_thread(self._places, exercise_id)
        place = next((one for one in places if one.participant == participant), None)
        if place is None:
            return Result("unknown", "the environment is not open")
        if self._means.settings.engine == "simulated":
            return await asyncio.to_thread(self._as_it_runs, place, (entry.web or "").partition(":")[0])
        port = relay_ports(place.case.scenario.definition.entries)[entry.id]
        return await self._wired().visit((place.blueprint.gate_address[0], port), VISIT_S)

    async def close(self) -> None:
        """Let go of every connection."""
        if self._prober is not None:
            await self._prober.close()

    async def _ask(self, place: Place, check: Check) -> Result:
        wired = check.probe.http is not None or check.probe.tcp is not None
        if wired and self._means.settings.engine == "simulated":
            return await asyncio.to_thread(self._as_it_runs, place, check.service)
        target = Target(
            host=place.blueprint.address(check.service),
            gate=place.blueprint.gate_address,
            run_command=partial(self._command, place, check.service),
            run_script=partial(self._script, place, check),
        )
        return await self._wired().ask(check, target)

    def _wired(self) -> Prober:
        if self._prober is None:
            self._prober = Prober()
        return self._prober

    def _as_it_runs(self, place: Place, service: str) -> Result:
        """A simulated engine has no wires: a service answers as long as it runs."""
        try:
            seen = self._means.engine.observe(place.blueprint.who.labels)
        except EngineError as error:
            return Result("unknown", str(error))
        runs = [seen.containers.get(spec.name) for spec in place.blueprint.of(service)]
        return Result("up" if all(one and one.state == "running" for one in runs) else "down")

    def _command(self, place: Place, service: str, command: Sequence[str], timeout_s: float) -> Ended:
        container = place.blueprint.of(service)[0].name
        try:
            return _ended(self._means.engine.exec(container, command, timeout_s=timeout_s))
        except EngineUnavailable:
            raise
        except EngineError:
            # A team that ends its own container, or fills its disk, must not be spared by that.
            seen = self._means.engine.observe(place.blueprint.who.labels)
            there = seen.containers.get(container)
            if there is not None and there.state in ("exited", "paused") and place.participant in _with_gate(seen):
                return ENDED
            raise

    def _script(self, place: Place, check: Check, timeout_s: float) -> Ended:
        source = (place.case.scenario.path / (check.probe.script or "")).read_bytes()
        return _ended(run_script(self._means.engine, place.blueprint, check.service, source, timeout_s))

    def _places(self, exercise_id: str) -> tuple[list[str], list[Place]]:
        with reading(self._means.sessions) as session:
            mine = (Environment.exercise_id == exercise_id, Environment.participant_id.is_not(None))
            rows = session.scalars(select(Environment).where(*mine)).all()
        found = [(row, self._blueprint(row)) for row in rows if row.state == EnvironmentState.OPEN]
        places = [Place(*pair) for _, pair in found if pair is not None]
        return [row.participant_id or "" for row in rows], places

    def _blueprint(self, row: Environment) -> tuple[Case, Blueprint] | None:
        case = cases.read_case(self._means, row.id)
        making = (row.id, row.generation)
        blueprint = self._blueprints.get(making) or cases.drawn(self._means, case)
        if blueprint is None:
            return None
        self._blueprints = {key: kept for key, kept in self._blueprints.items() if key[0] != row.id}
        self._blueprints[making] = blueprint
        return case, blueprint

    def _excused(self, exercise_id: str, suspects: Sequence[Place]) -> Collection[str]:
        """Those whose environment is not as it was, or not well, now that something in it did not answer."""
        with reading(self._means.sessions) as session:
            state = session.get_one(Exercise, exercise_id).state
            statement = select(Environment).where(Environment.exercise_id == exercise_id)
            rows = {row.participant_id: row for row in session.scalars(statement)}
        everybody = {place.participant for place in suspects}
        if state == State.PAUSED:
            return everybody
        try:
            labels = {MANAGED: "1", INSTANCE: self._means.instance, EXERCISE: exercise_id}
            well = _with_gate(self._means.engine.observe(labels))
        except EngineError:
            return everybody
        return {
            place.participant
            for place in suspects
            if place.participant not in well or not _is_as_it_was(rows[place.participant], place)
        }


def _unknown(checks: Sequence[Check], why: str) -> dict[str, Result]:
    return {check.id: Result("unknown", why) for check in checks}


def _blames(result: Result) -> bool:
    return result.state in ("down", "degraded")


def _is_as_it_was(row: Environment, place: Place) -> bool:
    return row.state == EnvironmentState.OPEN and row.generation == place.case.environment.generation


def _with_gate(seen: Observed) -> set[str]:
    """The participants whose gate runs: a team cannot touch it, so where it stands the platform does."""
    gates = (one for one in seen.containers.values() if one.labels.get(ROLE) == "gate")
    return {one.labels.get(TEAM, "") for one in gates if one.state == "running"}


def _ended(result: ExecResult) -> Ended:
    return Ended(result.exit_code, result.stdout.decode("utf-8", "replace"))
