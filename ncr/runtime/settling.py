"""Waiting until a container that was started is well: healthy by its own test, ended as it should, or just running."""

import time
from dataclasses import replace

from ncr.errors import EngineError
from ncr.runtime.engine import Engine
from ncr.runtime.objects import SPEC, ContainerSpec, SeenContainer
from ncr.scenario.topology import Healthcheck

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 1.0
LONGEST_S = 600.0
ONE_SHOT_S = 300.0
LOG_CHARS = 600


def settle(engine: Engine, spec: ContainerSpec, *, must_end: bool = False) -> None:
    """Wait until the container is well. Raises EngineError naming the service, with what it last wrote.

    The engine's own health test runs only every `interval`, also the first time; so while waiting the test is run
    here, as often as a start deserves.
    """
    give_up = time.monotonic() + (ONE_SHOT_S if must_end else _patience_s(spec.healthcheck))
    wait_s = FIRST_WAIT_S
    while True:
        seen = _look(engine, spec)
        if _is_well(engine, spec, seen, must_end):
            return
        if time.monotonic() > give_up:
            state = seen.state if must_end else "not healthy"
            raise EngineError(f"service {_title(spec)} is {state} after its time; {_last_words(engine, spec)}")
        time.sleep(wait_s)
        wait_s = min(LONGEST_WAIT_S, wait_s * 1.5)


def health_command(check: Healthcheck) -> tuple[str, ...] | None:
    """The command of a health test in the engine's form; None when it tests nothing."""
    kind, *words = check.test or ("NONE",)
    if kind == "CMD-SHELL":
        return ("/bin/sh", "-c", " ".join(words))
    return tuple(words) if kind == "CMD" else None


def _look(engine: Engine, spec: ContainerSpec) -> SeenContainer:
    labels = {key: spec.labels[key] for key in spec.labels if key.startswith("ncr.") and key != SPEC}
    seen = engine.observe(labels).containers.get(spec.name)
    if seen is None:
        raise EngineError(f"service {_title(spec)} is gone")
    if seen.state == "paused":
        engine.unpause(spec.name)
        return replace(seen, state="running")
    return seen


def _is_well(engine: Engine, spec: ContainerSpec, seen: SeenContainer, must_end: bool) -> bool:
    if seen.state == "exited":
        if must_end and seen.exit_code == 0:
            return True
        raise EngineError(f"service {_title(spec)} ended with {seen.exit_code}; {_last_words(engine, spec)}")
    if must_end or seen.state != "running":
        return False
    command = health_command(spec.healthcheck) if spec.healthcheck else None
    if seen.health == "healthy" or (command is None and seen.health == "none"):
        return True
    return command is not None and _passes(engine, spec, command)


def _passes(engine: Engine, spec: ContainerSpec, command: tuple[str, ...]) -> bool:
    timeout_s = spec.healthcheck.timeout_s if spec.healthcheck else 30.0
    try:
        return engine.exec(spec.name, command, timeout_s=timeout_s).exit_code == 0
    except EngineError:
        # It may have ended in this instant; the next look says so.
        return False


def _patience_s(check: Healthcheck | None) -> float:
    if check is None:
        return 30.0
    return min(LONGEST_S, check.start_period_s + check.retries * (check.interval_s + check.timeout_s))


def _title(spec: ContainerSpec) -> str:
    return spec.service or "gate"


def _last_words(engine: Engine, spec: ContainerSpec) -> str:
    try:
        said = engine.read_logs(spec.name, 10).strip()
    except EngineError:
        said = ""
    return f"it last wrote: {said[-LOG_CHARS:]}" if said else "it wrote nothing"
