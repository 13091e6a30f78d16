"""Judging: all checks of an exercise asked in every open environment, and whose fault it is when one is not up."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue

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
from ncr.runtime.checker import SEATS, run_script
from ncr.runtime.engine import ExecResult
from ncr.runtime.objects import EXERCISE, INSTANCE, MANAGED, ROLE, TEAM, Observed
from ncr.scenario.model import Check, Entry
from ncr.scenario.shared import SHARED, is_shared

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
        """Whose it is; what all share is nobody's."""
        return self.case.participant.id


class Judging:
    """`judge` answers for every team and check of a round; lives in the event loop that calls it."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._prober: Prober | None = None
        self._blueprints: dict[Making, Blueprint] = {}
        self._seats: SimpleQueue[int] = SimpleQueue()
        for seat in range(SEATS):
            self._seats.put(seat)

    async def judge(self, exercise_id: str, checks: Sequence[Check]) -> Results:
        """Participant -> check -> result. What the platform is to blame for is unknown, and costs nobody anything."""
        found = await self.ask(exercise_id, checks)
        return {player: {check: one.state for check, one in mine.items()} for player, mine in found.items()}

    async def ask(self, exercise_id: str, checks: Sequence[Check]) -> dict[str, dict[str, Result]]:
        """The same with what each check said."""
        players, places = await asyncio.to_thread(self._places, exercise_id)
        results = {player: _unknown(checks, "the environment is not open") for player in players}
        asked = list(_questions(places, checks))
        answers = await asyncio.gather(*(self._ask(*one) for one in asked))
        suspects: dict[str, Place] = {}
        for (place, check, player), answer in zip(asked, answers, strict=True):
            results[player][check.id] = answer
            if _blames(answer):
                suspects |= {place.participant: place, player: places[player]}
        if suspects:
            excused = await asyncio.to_thread(self._excused, exercise_id, list(suspects.values()))
            for place, check, player in asked:
                if excused and {place.participant, player} & set(excused):
                    results[player] |= _unknown([check], "the environment itself is not as it was")
        return results

    async def visit(self, exercise_id: str, participant: str, entry: Entry) -> Result:
        """What somebody finds who goes in by a web entry: asked through the gate's own door to it."""
        _, places = await asyncio.to_thread(self._places, exercise_id)
        place = places.get(participant)
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

    async def _ask(self, place: Place, check: Check, player: str) -> Result:
        wired = check.probe.http is not None or check.probe.tcp is not None
        if wired and self._means.settings.engine == "simulated":
            return await asyncio.to_thread(self._as_it_runs, place, check.service)
        target = Target(
            host=place.blueprint.address(check.service),
            gate=place.blueprint.gate_address,
            run_command=partial(self._command, place, check.service, player),
            run_script=partial(self._script, place, check, player),
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

    def _command(self, place: Place, service: str, player: str, command: Sequence[str], timeout_s: float) -> Ended:
        container, told = place.blueprint.of(service)[0].name, place.case.told_of(player)
        try:
            return _ended(self._means.engine.exec(container, command, timeout_s=timeout_s, environment=told))
        except EngineUnavailable:
            raise
        except EngineError:
            # A team that ends its own container, or fills its disk, must not be spared by that.
            seen = self._means.engine.observe(place.blueprint.who.labels)
            there = seen.containers.get(container)
            if there is not None and there.state in ("exited", "paused") and place.participant in _with_gate(seen):
                return ENDED
            raise

    def _script(self, place: Place, check: Check, player: str, timeout_s: float) -> Ended:
        source = (place.case.scenario.path / (check.probe.script or "")).read_bytes()
        case = place.case
        if not case.is_shared:
            return _ended(run_script(self._means.engine, place.blueprint, check.service, source, timeout_s))
        # In what is shared all teams are asked about at once, each from a seat of its own.
        seat = self._seats.get()
        try:
            about = (case.nickname(player), seat)
            return _ended(run_script(self._means.engine, place.blueprint, check.service, source, timeout_s, about))
        finally:
            self._seats.put(seat)

    def _places(self, exercise_id: str) -> tuple[list[str], dict[str, Place]]:
        with reading(self._means.sessions) as session:
            rows = session.scalars(select(Environment).where(Environment.exercise_id == exercise_id)).all()
        found = [self._blueprint(row) for row in rows if row.state == EnvironmentState.OPEN]
        places = [Place(*pair) for pair in found if pair is not None]
        players = [row.participant_id for row in rows if row.participant_id is not None]
        return players, {place.participant: place for place in places}

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
            rows = {row.participant_id or SHARED: row for row in session.scalars(statement)}
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


def _questions(places: Mapping[str, Place], checks: Sequence[Check]) -> Iterator[tuple[Place, Check, str]]:
    """Where to ask which check about whom: a service that all share is asked about each team whose own are there."""
    for player, own in places.items():
        for check in checks if player != SHARED else ():
            place = places.get(SHARED) if is_shared(own.case.scenario, check.service) else own
            if place is not None:
                yield place, check, player


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
