"""Judging: all checks of an exercise asked in every open environment, and whose fault it is when one is not up."""

import asyncio
from collections.abc import Sequence
from functools import partial

from sqlalchemy import select

from ncr.checks.probes import Prober, Target
from ncr.checks.verdict import Ended
from ncr.db import reading
from ncr.director.cases import drawn, read_case
from ncr.director.means import Means
from ncr.errors import EngineError, EngineUnavailable
from ncr.exercise.lifecycle import EnvironmentState
from ncr.exercise.tables import Environment, Exercise
from ncr.runtime.blueprint import Blueprint
from ncr.runtime.checker import run_script
from ncr.runtime.engine import Engine, ExecResult
from ncr.scenario.model import Check

# What a team may have broken itself is judged; what the platform is still making, or could not make, is not.
JUDGED = frozenset({EnvironmentState.OPEN, EnvironmentState.DEGRADED})
NOT_RUNNING = 126
Place = tuple[str, int]


class Judging:
    """Asks the checks of all teams at once; one slow or dead service delays no other."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._prober = Prober()
        self._blueprints: dict[Place, Blueprint] = {}

    async def judge(self, exercise_id: str, checks: Sequence[Check]) -> dict[str, dict[str, str]]:
        """Participant -> check -> result."""
        places = await asyncio.to_thread(self._places, exercise_id)
        asked = [(player, check, blueprint) for player, blueprint in places for check in checks]
        states = await asyncio.gather(*(self._ask(check, blueprint) for _, check, blueprint in asked))
        results: dict[str, dict[str, str]] = {player: {} for player, _ in places}
        for (player, check, _), state in zip(asked, states, strict=True):
            results[player][check.id] = state
        return results

    async def close(self) -> None:
        """Let go of every connection."""
        await self._prober.close()

    async def _ask(self, check: Check, blueprint: Blueprint | None) -> str:
        if blueprint is None:
            return "unknown"
        target = _target(self._means, check, blueprint)
        return (await self._prober.ask(check, target)).state

    def _places(self, exercise_id: str) -> list[tuple[str, Blueprint | None]]:
        with reading(self._means.sessions) as session:
            rows = session.scalars(select(Environment).where(Environment.exercise_id == exercise_id)).all()
        return [(row.participant_id, self._blueprint(row) if row.state in JUDGED else None) for row in rows]

    def _blueprint(self, row: Environment) -> Blueprint | None:
        place = (row.id, row.generation)
        if place not in self._blueprints:
            found = drawn(self._means, read_case(self._means, row.id))
            if found is None:
                return None
            self._blueprints = {kept: old for kept, old in self._blueprints.items() if kept[0] != row.id}
            self._blueprints[place] = found
        return self._blueprints[place]


def _target(means: Means, check: Check, blueprint: Blueprint) -> Target:
    container = blueprint.of(check.service)[0].name
    return Target(
        host=blueprint.address(check.service),
        gate=blueprint.gate_address,
        run_command=partial(_run_command, means.engine, container),
        run_script=partial(_run_script, means, check, blueprint),
    )


def _run_command(engine: Engine, container: str, command: Sequence[str], timeout_s: float) -> Ended:
    try:
        return _ended(engine.exec(container, command, timeout_s=timeout_s))
    except EngineUnavailable:
        raise
    except EngineError:
        # The engine is there and will not run it: the container does not run, which a team can bring about itself.
        return Ended(NOT_RUNNING)


def _run_script(means: Means, check: Check, blueprint: Blueprint, timeout_s: float) -> Ended:
    with reading(means.sessions) as session:
        digest = session.get_one(Exercise, blueprint.who.exercise).digest
    source = (means.shelf.get(digest).path / (check.probe.script or "")).read_bytes()
    return _ended(run_script(means.engine, blueprint, check.service, source, timeout_s))


def _ended(result: ExecResult) -> Ended:
    return Ended(result.exit_code, result.stdout[:65536].decode(errors="replace"))
