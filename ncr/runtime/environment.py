"""One environment's steps on an engine: build, verify, hold, open, look at, remove; every one may be repeated."""

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from ncr.errors import EngineError, EngineUnavailable
from ncr.runtime import isolation
from ncr.runtime.blueprint import Blueprint
from ncr.runtime.engine import Engine, Progress
from ncr.runtime.objects import ContainerSpec, Labels, Observed, SeenContainer
from ncr.runtime.settling import settle

GATE = "@gate"
AT_ONCE = 8
REMOVE_ROUNDS = 5
HOLD_AGAIN_S = (0.2, 0.5, 1.0, 2.0)


def build(engine: Engine, blueprint: Blueprint, progress: Progress = lambda line: None) -> None:
    """Make and start everything, in the order of its dependencies, and wait until each service is well.

    Raises EngineError naming the service at fault, with the last lines it wrote; SubnetTaken for a network.
    """
    for image in blueprint.images:
        engine.ensure_image(image, progress)
    engine.ensure_guard()
    for network in blueprint.networks:
        engine.ensure_network(network)
    for volume in blueprint.volumes:
        engine.ensure_volume(volume)
    welcome(engine, blueprint)
    _start_everything(engine, blueprint, progress)


def welcome(engine: Engine, blueprint: Blueprint) -> None:
    """Put what is shared on the environment's networks, as far as it is there; who comes later is welcomed then."""
    there = engine.observe(blueprint.who.host.labels).containers if blueprint.guests else {}
    for guest in blueprint.guests:
        if guest.container in there:
            engine.connect(guest.container, guest.place)


def verify(
    engine: Engine, blueprint: Blueprint, others: Sequence[str] = (), host_ports: Sequence[int] = isolation.HOST_PORTS
) -> None:
    """Prove that all runs and that nothing can be reached that must not be.

    `others` are addresses of other teams' containers. Raises EngineError with everything found.
    """
    states = health(engine.observe(blueprint.who.labels), blueprint)
    findings = [f"service {service} is {state}" for service, state in states.items() if state not in ("up", "starting")]
    findings += isolation.probe(engine, blueprint, others, host_ports)
    if findings:
        raise EngineError("; ".join(findings))


def hold(engine: Engine, blueprint: Blueprint) -> None:
    """Freeze every container that runs; one that has ended needs no freezing.

    A kernel with much to do may not get all of a container's processes to stand still at once; it is asked again.
    """
    for wait_s in HOLD_AGAIN_S:
        try:
            return _for_all(engine, blueprint, engine.pause, "paused")
        except EngineUnavailable:
            raise
        except EngineError:
            time.sleep(wait_s)
    return _for_all(engine, blueprint, engine.pause, "paused")


def open_(engine: Engine, blueprint: Blueprint) -> None:
    """Let every frozen container go on, all at once."""
    _for_all(engine, blueprint, engine.unpause, "running")


def close(engine: Engine, blueprint: Blueprint) -> None:
    """Stop every container, keeping what it wrote."""
    _at_once(partial(engine.stop, spec.name, spec.stop_grace_s) for spec in blueprint.everything)


def restart(engine: Engine, blueprint: Blueprint, service: str) -> None:
    """Stop a service, start it again and wait until it is well. The guard is verified before the start."""
    engine.ensure_guard()
    for spec in blueprint.of(service):
        engine.stop(spec.name, spec.stop_grace_s)
        engine.start(spec.name)
    for spec in blueprint.of(service):
        settle(engine, spec, must_end=spec.name in _one_shots(blueprint))


def health(observed: Observed, blueprint: Blueprint) -> dict[str, str]:
    """Service (and the gate, as `@gate`) to up, starting, unhealthy, exited or missing; the worst of its replicas."""
    one_shots = _one_shots(blueprint)
    states: dict[str, str] = {}
    for spec in blueprint.everything:
        state = _state(observed.containers.get(spec.name), spec.name in one_shots)
        key = spec.service or GATE
        states[key] = max(states.get(key, state), state, key=_BADNESS.index)
    return states


def remove(engine: Engine, labels: Labels) -> None:
    """Delete everything with these labels; what is gone is success. Raises EngineError while something is left."""
    trouble: list[EngineError] = []
    for _ in range(REMOVE_ROUNDS):
        left = engine.observe(labels)
        if not left:
            return
        trouble = [
            # One after the other: engine 20.10 taking two off a network at once may count an endpoint that is no more,
            # and then never lets the network go.
            *_tried((partial(engine.remove_container, name) for name in left.containers), at_once=1),
            *_tried(partial(engine.remove_network, name) for name in left.networks),
            *_tried(partial(engine.remove_volume, name) for name in left.volumes),
        ]
    left = engine.observe(labels)
    if left:
        names = ", ".join([*left.containers, *left.networks, *left.volumes][:10])
        raise EngineError(f"still there: {names}; {'; '.join(str(error) for error in trouble[:3])}")


_BADNESS = ("up", "starting", "unhealthy", "exited", "missing")


def _state(seen: SeenContainer | None, is_one_shot: bool) -> str:
    if seen is None:
        return "missing"
    if seen.state == "exited" and is_one_shot and seen.exit_code == 0:
        return "up"
    if seen.state not in ("running", "paused"):
        return "exited"
    return {"starting": "starting", "unhealthy": "unhealthy"}.get(seen.health, "up")


def _one_shots(blueprint: Blueprint) -> set[str]:
    return {
        name for spec in blueprint.containers for name, condition in spec.depends_on.items() if condition == "completed"
    }


def _start_everything(engine: Engine, blueprint: Blueprint, progress: Progress) -> None:
    one_shots = _one_shots(blueprint)
    started: dict[str, Future[None]] = {}
    settled: dict[str, Future[None]] = {}

    def begin(spec: ContainerSpec) -> None:
        engine.ensure_container(spec)
        for other, condition in spec.depends_on.items():
            (started if condition == "started" else settled)[other].result()
        engine.start(spec.name)

    def wait(spec: ContainerSpec) -> None:
        started[spec.name].result()
        settle(engine, spec, must_end=spec.name in one_shots)
        progress(f"{spec.name} is up")

    # Threads are given work in start order, so the earliest that waits never waits for one that has no thread yet.
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for spec in blueprint.everything:
            started[spec.name] = pool.submit(begin, spec)
            settled[spec.name] = pool.submit(wait, spec)
    _raise_first([*started.values(), *settled.values()])


def _for_all(engine: Engine, blueprint: Blueprint, verb: Callable[[str], None], wanted: str) -> None:
    trouble = _tried(partial(verb, spec.name) for spec in blueprint.everything)
    if not trouble:
        return
    seen = engine.observe(blueprint.who.labels).containers
    wrong = [
        spec.service or "the gate"
        for spec in blueprint.everything
        if (found := seen.get(spec.name)) is None
        or (found.state != wanted and not (spec.service and found.state == "exited"))
    ]
    if wrong:
        raise EngineError(f"not {wanted}: {', '.join(wrong)}; {trouble[0]}")


def _at_once(works: Iterable[Callable[[], None]]) -> None:
    trouble = _tried(works)
    if trouble:
        raise trouble[0]


def _tried(works: Iterable[Callable[[], None]], at_once: int = AT_ONCE) -> list[EngineError]:
    with ThreadPoolExecutor(at_once) as pool:
        futures = [pool.submit(work) for work in works]
    errors = [future.exception() for future in futures]
    for error in errors:
        if error is not None and (not isinstance(error, EngineError) or isinstance(error, EngineUnavailable)):
            raise error
    return [error for error in errors if isinstance(error, EngineError)]


def _raise_first(futures: Sequence[Future[None]]) -> None:
    for future in futures:
        future.result()
