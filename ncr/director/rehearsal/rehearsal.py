"""A rehearsal from beginning to end: both environments built, everything tried in order, nothing left."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ncr.config import Settings
from ncr.director.rehearsal import doors, leftovers
from ncr.director.rehearsal.checks import Checks
from ncr.director.rehearsal.hall import Hall, hall
from ncr.director.rehearsal.injects import Injects
from ncr.director.rehearsal.leftovers import Trace, Traces
from ncr.director.rehearsal.order import stops
from ncr.director.rehearsal.patience import Patience
from ncr.director.rehearsal.report import Report, refused
from ncr.director.rehearsal.scribe import Differs, Scribe, Tell
from ncr.director.rehearsal.tasks import Tasks
from ncr.director.rehearsal.walls import Walls
from ncr.errors import ScenarioInvalid
from ncr.runtime import environment, images
from ncr.runtime.engine import Engine
from ncr.scenario import loader
from ncr.scenario.maxima import Maxima
from ncr.scenario.topology import Scenario

EngineOf = Callable[[str], Engine]
OnEngine = Callable[[Hall], None]
PATIENCE = Patience()
LAST_S = 1.0


def rehearse(
    path: Path,
    settings: Settings,
    engine_of: EngineOf,
    tell: Tell = lambda step, over: None,
    *,
    keep: bool = False,
    patience: Patience = PATIENCE,
    beside: OnEngine = lambda hall: None,
) -> Report:
    """Rehearse the scenario in a directory; what differs is in the report, never an error.

    `engine_of` gives the engine for an instance's name. `keep` leaves team A's environment running. `beside` is called
    once both environments are open. Raises EngineUnavailable when the engine does not answer.
    """
    began = time.monotonic()
    try:
        scenario = loader.load(path, Maxima.of(settings))
    except ScenarioInvalid as error:
        return refused(str(path), [f"{path}/{problem}" for problem in error.problems], time.monotonic() - began)
    traces, scribe, kept = Traces(settings.data / "rehearsals"), Scribe(tell), tuple[str, ...]()
    leftovers.sweep(traces, engine_of(leftovers.PREFIX))
    with traces.leave() as trace:
        engine = engine_of(trace.instance)
        try:
            with hall(scenario, settings, engine, trace.instance) as made:
                is_open = _begin(made, scribe)
                if is_open:
                    beside(made)
                    _perform(made, scribe, patience)
                if is_open and keep:
                    kept = _keep(made, trace)
                elif is_open:
                    scribe.see("exercise", "ends by its time", "", made.finish)
            if is_open and not kept:
                scribe.see("engine", "nothing is left", "", partial(_is_empty, trace, engine))
        finally:
            # Whatever happened: what is not wanted goes.
            if not trace.is_kept:
                trace.sweep(engine)
    about = scenario.definition
    seconds = round(time.monotonic() - began, 3)
    return Report(str(path), about.id, about.version, scenario.digest, seconds, tuple(scribe.steps), kept)


def _begin(made: Hall, scribe: Scribe) -> bool:
    """Whether both environments are open."""
    made.plan()
    if not scribe.see("images", "are built", "", partial(_build, made.engine, made.scenario)):
        return False
    return scribe.see("environments", "open, proven well and sealed", "", made.open)


def _build(engine: Engine, scenario: Scenario) -> str:
    missing = [spec for spec in images.specs(scenario) if engine.image(spec.reference) is None]
    for spec in missing:
        engine.ensure_image(spec, lambda line: None)
    return f"{len(missing)} made now" if missing else ""


def _perform(made: Hall, scribe: Scribe, patience: Patience) -> None:
    checks, walls, tasks = Checks(made, scribe, patience), Walls(made, scribe), Tasks(made, scribe)
    injects = Injects(made, scribe, checks)
    checks.at_the_start()
    doors.enter(made, scribe, patience)
    walls.isolation()
    walls.flags()
    checks.each()
    times = stops(made.scenario.definition)
    for at_s, until_s in zip(times, (*times[1:], float("inf")), strict=True):
        made.jump(at_s)
        injects.timed(at_s, until_s)
        while (solved := tasks.next()) is not None:
            made.step()
            injects.solved(solved)
        injects.in_turn()
    tasks.tell_unmet()
    injects.tell_unfired()
    # What injects cut off for a while is back by now.
    made.jump(made.scenario.definition.duration - LAST_S)
    checks.at_the_end()


def _keep(made: Hall, trace: Trace) -> tuple[str, ...]:
    """Leave team A's environment; how to get in and how to be rid of it."""
    trace.keep()
    environment.remove(made.engine, made.blueprint("B").who.labels)
    place = made.place("A")
    doors = [
        f"docker exec -it -u {entry.user} {place.container(entry.terminal)} sh   # {entry.title.get('en')}"
        for entry in made.scenario.definition.entries
        if entry.terminal
    ]
    return (*doors, "ncr scenario clear   # removes it")


def _is_empty(trace: Trace, engine: Engine) -> None:
    left = trace.left(engine)
    if left:
        raise Differs(f"still there: {', '.join(left[:10])}")
