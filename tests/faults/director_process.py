"""A director as a process of its own that lives one exercise through on told time; tests kill it and start it again."""

import json
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from ncr import db
from ncr.director.inject_acts import ONCE, RAN_BEFORE
from ncr.exercise.tables import Exercise
from ncr.runtime.docker import DockerEngine
from ncr.runtime.engine import ExecResult
from ncr.runtime.objects import SeenContainer
from ncr.runtime.simulated import SimulatedEngine
from ncr.scoring import interventions
from tests.stage import NOON, Stage, settings

STEP_S = 4.0
UNTIL_S = 200.0
RESET_AT_S = 95.0


class Shells:
    """Runs what injects run: a line for every command really begun, which is also the mark the command leaves.

    One write does both, so that no kill comes between them.
    """

    def __init__(self, folder: Path) -> None:
        self.log = folder / "execs.log"
        self.log.touch()

    def __call__(self, seen: SeenContainer, command: Sequence[str], stdin: bytes) -> ExecResult | None:
        if list(command[:3]) != ["sh", "-c", ONCE]:
            return None
        line = f"{seen.name} {' '.join(command[3:])}"
        if line in self.log.read_text().splitlines():
            return ExecResult(RAN_BEFORE, b"")
        with self.log.open("a") as log:
            log.write(f"{line}\n")
        return ExecResult(0, b"")


def reset_once(stage: Stage, exercise_id: str) -> None:
    """The first team's environment is made anew in the middle of the exercise."""
    first = stage.environments(exercise_id)[0]
    if first.generation == 1 and first.state == "open":
        with stage.sessions.begin() as session:
            interventions.reset(session, first.id, stage.clock())


def is_as_wanted(stage: Stage, exercise_id: str) -> bool:
    """Whether every environment is where it should be and nothing is half done."""
    settled = all(row.state == row.target for row in stage.environments(exercise_id))
    return settled and "claimed" not in stage.moments(exercise_id).values()


def stage_on(folder: Path, url: str, instance: str | None) -> Stage:
    """The stage on the simulated engine kept in `folder`, or, with an instance, on the real one."""
    sessions, data = db.sessions(db.connect(url)), folder / "data"
    if instance is None:
        return Stage(sessions, SimulatedEngine(folder / "engine.json", on_exec=Shells(folder)), data)
    real = settings(data, engine="docker", disk_soft_mib=512)
    return Stage(sessions, DockerEngine(real, instance), data, instance, real)


def live(folder: Path, url: str, crash_at: str, instance: str | None = None) -> None:
    """Direct until the exercise has ended; `folder` keeps the told time, the simulated engine, and what was run."""
    os.environ["NCR_CRASH_AT"] = crash_at
    told, ahead = folder / "told.json", folder / "told.ahead"
    stage = stage_on(folder, url, instance)
    # Told time goes on from where the last process was.
    stage.clock.at = NOON + timedelta(seconds=json.loads(told.read_text()) if told.exists() else 0)
    with stage.sessions() as session:
        exercise_id = session.scalars(select(Exercise.id).where(Exercise.follows.is_(None))).one()
    began_s, converged = (stage.clock() - NOON).total_seconds(), folder / "converged.json"
    converged.unlink(missing_ok=True)
    stage.begin()
    while not converged.exists() or stage.moments(exercise_id)["teardown"] == "waiting":
        now_s = (stage.clock() - NOON).total_seconds()
        assert now_s < UNTIL_S, "the exercise never ended"
        ahead.write_text(json.dumps(now_s))
        ahead.replace(told)
        if now_s >= RESET_AT_S:
            reset_once(stage, exercise_id)
        stage.run(STEP_S, STEP_S)
        if not converged.exists() and is_as_wanted(stage, exercise_id):
            converged.write_text(json.dumps(now_s + STEP_S - began_s))
    stage.end()
