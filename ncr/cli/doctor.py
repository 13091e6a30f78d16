"""`ncr doctor`: looks at everything an exercise rests on, and says for each thing that is wrong what to do."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network
from typing import Annotated

import orjson
import typer
from sqlalchemy import select, text

from ncr import app as composition
from ncr.cli.told import Json, database, prepare_folder
from ncr.clock import utcnow
from ncr.config import Settings
from ncr.errors import EngineUnavailable, NcrError, ServiceUnavailable
from ncr.exercise import practice
from ncr.exercise.tables import Exercise, Subnet
from ncr.runtime import doctor as trial
from ncr.runtime.engine import Engine

app = typer.Typer()
BASE = "ncr/base:bookworm"
LEAST_DISK_MIB = 5 * 1024
JUMP_S = 2.0
UNREACHABLE = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `remedy` says what to do when it is not well."""

    what: str
    well: bool
    said: str
    remedy: str = ""


@app.command()
def doctor(
    probe: Annotated[bool, typer.Option(help="Prove isolation from inside a container (a few seconds).")] = True,
    as_json: Json = False,
) -> None:
    """Look at engine, guard, database, clock, disk, capacity and isolation."""
    settings = Settings()
    findings = list(_look(settings, probe))
    if as_json:
        typer.echo(orjson.dumps([asdict(finding) for finding in findings]).decode())
    else:
        for finding in findings:
            typer.echo(f"{'ok ' if finding.well else 'NOT'}  {finding.what}: {finding.said}")
            if not finding.well:
                typer.echo(f"       {finding.remedy}")
    unreachable = any(not each.well and each.what in ("data folder", "engine", "database") for each in findings)
    raise typer.Exit(UNREACHABLE if unreachable else 0 if all(each.well for each in findings) else 1)


def _look(settings: Settings, probe: bool) -> Iterator[Finding]:
    try:
        prepare_folder(settings)
    except ServiceUnavailable as error:
        yield Finding("data folder", False, error.detail, "set NCR_DATA to a folder that this user may write")
        return
    yield from _database(settings)
    yield _disk(settings)
    try:
        engine = composition.engine(settings)
        info = engine.info()
    except EngineUnavailable as error:
        yield Finding("engine", False, error.detail, "run infra/engine/up, or set NCR_DOCKER_HOST to one that runs")
        return
    yield Finding("engine", True, f"{info.kind} {info.version}, {info.cpus} cores, {info.memory_mib} MiB")
    free_mib = info.memory_mib - settings.reserve_memory_mib
    said = f"{max(0, free_mib) // settings.default_memory_mib} containers of {settings.default_memory_mib} MiB"
    yield Finding("capacity", free_mib > 0, said, "set NCR_RESERVE_MEMORY_MIB lower, or use a larger machine")
    there = engine.image(BASE) is not None
    yield Finding("base image", there, BASE if there else "is missing", "run infra/base/build")
    lacks = list(engine.shortcomings())
    # Told, not failed: each container has its own limits all the same, and some sites cannot do better.
    yield Finding("limits", True, "; ".join(lacks) or "the engine enforces all of them")
    yield _tried("guard", "the host's rules stand", lambda: _guard(engine), "run as root, or with CAP_NET_ADMIN")
    if probe and there:
        remedy = "do not run exercises here; look at iptables' NCR chains and the engine's version"
        yield _tried("isolation", "a container reaches nothing it must not", lambda: _probe(settings, engine), remedy)


def _database(settings: Settings) -> Iterator[Finding]:
    remedy = "see NCR_DATABASE_URL; then run `ncr db upgrade`"
    try:
        with database(settings) as sessions, sessions() as session:
            count = len(session.scalars(select(Exercise.id).where(Exercise.mode == "exercise")).all())
            going = practice.counts(session)
            taken = len(session.scalars(select(Subnet.cidr)).all())
            theirs = _database_time(str(session.scalar(text("SELECT CURRENT_TIMESTAMP"))))
    except ServiceUnavailable as error:
        yield Finding("database", False, error.detail.splitlines()[0], remedy)
        return
    yield Finding("database", True, f"{settings.url.split(':')[0]}, {count} exercises")
    said = ", ".join(f"{number} {state}" for state, number in going.items() if number)
    yield Finding("practice", True, said or "nobody practises now")
    apart_s = abs((utcnow() - theirs).total_seconds())
    remedy = "let a time service (chrony, systemd-timesyncd) keep both machines' clocks"
    yield Finding("clock", apart_s < JUMP_S, f"{apart_s:.1f} s from the database's", remedy)
    pool = 2 ** (settings.subnet_prefix - settings.subnet_pool.prefixlen)
    yield Finding("networks", taken < pool, f"{taken} of {pool} in use", "set NCR_SUBNET_POOL wider")


def _database_time(said: str) -> datetime:
    at = datetime.fromisoformat(said)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _disk(settings: Settings) -> Finding:
    free_mib = shutil.disk_usage(settings.data).free // 2**20
    writable = os.access(settings.data, os.W_OK)
    said = f"{free_mib} MiB free" if writable else f"{settings.data} cannot be written"
    return Finding("disk", writable and free_mib > LEAST_DISK_MIB, said, "free some, or set NCR_DATA elsewhere")


def _guard(engine: Engine) -> list[str]:
    # What had to be restored is mended now, so it is no finding.
    engine.ensure_guard()
    return []


def _probe(settings: Settings, engine: Engine) -> list[str]:
    pool: IPv4Network = settings.subnet_pool
    ports = (22, 2375, 2376, settings.port)
    return trial.try_isolation(engine, composition.instance(settings), pool, settings.subnet_prefix, ports)


def _tried(what: str, well: str, look: Callable[[], list[str]], remedy: str) -> Finding:
    try:
        found = look()
    except NcrError as error:
        return Finding(what, False, error.detail, remedy)
    return Finding(what, not found, "; ".join(found) or well, remedy)
