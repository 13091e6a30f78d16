"""The composition root: picks the database and the engine from the settings and wires the rooms together."""

import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from ncr import db
from ncr.api import doors, health, problems
from ncr.clock import utcnow
from ncr.config import Settings
from ncr.director.clockwork import Clockwork
from ncr.director.director import Director
from ncr.director.ear import ear
from ncr.director.rehearsal import rehearsal
from ncr.director.rehearsal.report import Report
from ncr.director.rehearsal.scribe import Tell
from ncr.entries.doors import Entries
from ncr.entries.web import WebEntries
from ncr.exercise.library import Library
from ncr.exercise.shelf import Shelf
from ncr.live.socket import Live
from ncr.runtime.docker import DockerEngine
from ncr.runtime.engine import Engine
from ncr.runtime.simulated import SimulatedEngine
from ncr.scenario.maxima import Maxima
from ncr.scoring.board import Boards
from ncr.scoring.rules import Rules, rules
from ncr.scoring.writer import Writer
from ncr.site import Site
from ncr.web import doors as pages


def instance(settings: Settings) -> str:
    """What tells this installation's things on an engine from another's; made once, kept in the data folder."""
    return settings.instance or _kept(settings.data / "instance", partial(secrets.token_hex, 4))


def engine(settings: Settings, name: str = "") -> Engine:
    """The container engine the settings name; what is made on it carries this installation's name, or the one given."""
    if settings.engine == "simulated":
        settings.data.mkdir(parents=True, exist_ok=True)
        return SimulatedEngine(settings.data / "simulated.json")
    return DockerEngine(settings, name or instance(settings))


def site(settings: Settings) -> Site:
    """What the doors of this process work with."""
    settings.data.mkdir(parents=True, exist_ok=True)
    sessions = db.sessions(db.connect(settings.url))
    shelf = Shelf(settings.data / "scenarios")
    boards = Boards(sessions, lambda digest: _rules(shelf, digest))
    known = library(settings, sessions, shelf)
    return Site(settings, sessions, utcnow, shelf, boards, Writer(sessions), known, known.offered)


def rehearse(settings: Settings, path: Path, tell: Tell, *, keep: bool = False) -> Report:
    """Rehearse the scenario in a directory, on an engine like the site's own."""
    return rehearsal.rehearse(path, settings, lambda name: engine(settings, name), tell, keep=keep)


def director(at: Site, on: Engine) -> Clockwork:
    """The director and what wakes it."""
    mine = instance(at.settings)
    own = Director(
        at.sessions, on, at.settings, at.shelf, instance=mine, scenarios=at.offered, clock=at.clock,
        rehearse=partial(rehearse, at.settings),
    )  # fmt: skip
    return Clockwork(own, at.settings.tick_s, at.clock, ear(at.sessions.kw["bind"]))


def create(settings: Settings) -> FastAPI:
    """The service for the settings' role: the doors, and for `all` the director and the entries beside them."""
    at = site(settings)
    on = None if settings.role == "web" else engine(settings)
    live = None if settings.role == "entries" else Live(at)
    entries = Entries(at, on, instance(settings)) if on is not None else None

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        clockwork = director(at, on) if on is not None and settings.role == "all" else None
        for part in (live, entries, clockwork):
            if part is not None:
                part.start()
        yield
        for door in (live, entries):
            if door is not None:
                await door.stop()
        if clockwork is not None:
            clockwork.stop()
        at.writer.close()

    app = FastAPI(
        title="NCR",
        version="1",
        lifespan=life,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.site = at
    _open(app, live, entries)
    return app


def _open(app: FastAPI, live: Live | None, entries: Entries | None) -> None:
    """Give the application its doors."""
    if entries is not None:
        app.include_router(entries.router)
    if live is None:
        app.include_router(health.router, prefix=doors.PREFIX)
    else:
        app.include_router(doors.router)
        app.include_router(live.router)
        app.include_router(pages.router)
        app.mount("/static", StaticFiles(directory=Path(pages.__file__).parent / "static"), "static")
    # Pages talk to terminals where the entries have a port or a name of their own.
    elsewhere = app.state.site.settings.entries_url.rstrip("/")
    problems.install(app, pages.wrong, [elsewhere.replace("http", "ws", 1)] if elsewhere else [])
    # Added last, and so asked first: what names a lab's host never gets further.
    if entries is not None:
        app.add_middleware(entries.hosts)
    else:
        app.add_middleware(WebEntries, site=app.state.site, server=None)


def library(settings: Settings, sessions: db.Sessions, shelf: Shelf) -> Library:
    """The scenarios that the site can plan with."""
    return Library(settings.scenarios, Maxima.of(settings), sessions, shelf)


def _rules(shelf: Shelf, digest: str) -> Rules:
    return rules(shelf.get(digest).definition)


def _kept(place: Path, make: Callable[[], str]) -> str:
    """What the file holds; made when there is none, once even when two processes start together."""
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=place.parent) as new, suppress(FileExistsError):
            new.write(make())
            new.flush()
            os.link(new.name, place)
    return place.read_text().strip()
