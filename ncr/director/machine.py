"""The machine, as the doors reckon with it: they ask no engine, so the director writes down what it saw."""

from datetime import timedelta

from ncr.config import Settings
from ncr.db import reading
from ncr.director.means import Means
from ncr.exercise.claims import ENGINE
from ncr.exercise.tables import Machine

AGAIN = timedelta(minutes=10)


def note_machine(means: Means) -> None:
    """Write down what the engine's machine has, when it is new or was seen long ago."""
    info, settings, now = means.engine.info(), means.settings, means.clock()
    networks = 2 ** (settings.subnet_prefix - settings.subnet_pool.prefixlen)
    seen = (float(info.memory_mib), float(info.cpus), networks, parallel(means.settings, info.cpus))
    with reading(means.sessions) as session:
        row = session.get(Machine, ENGINE)
    known = (row.memory_mib, row.cpus, row.networks, row.parallel) if row else None
    if row is not None and known == seen and abs(now - row.seen_at) < AGAIN:
        return
    memory_mib, cpus, count, beside = seen
    with means.lead.writing() as session:
        row = Machine(name=ENGINE, memory_mib=memory_mib, cpus=cpus, networks=count, parallel=beside, seen_at=now)
        session.merge(row)


def parallel(settings: Settings, cpus: float) -> int:
    """How many environments are built at a time without slowing each other: work for the processor, mostly."""
    return max(1, min(settings.engine_parallel, int(cpus)))
