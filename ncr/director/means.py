"""What every part of a director works with."""

from dataclasses import dataclass

from ncr.clock import Clock
from ncr.config import Settings
from ncr.db import Sessions
from ncr.director.jobs import Jobs
from ncr.director.lease import Lead
from ncr.exercise.shelf import Shelf
from ncr.runtime.engine import Engine


@dataclass(frozen=True, slots=True)
class Means:
    """The database (read through `sessions`, written through `lead.writing()`), the engine, and the rest."""

    sessions: Sessions
    lead: Lead
    engine: Engine
    settings: Settings
    clock: Clock
    shelf: Shelf
    jobs: Jobs
    instance: str
