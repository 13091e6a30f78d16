"""The site: what every door of one process works with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ncr.clock import Clock
from ncr.config import Settings
from ncr.db import Sessions
from ncr.exercise.shelf import Shelf
from ncr.scenario.topology import Scenario
from ncr.scoring.board import Boards
from ncr.scoring.writer import Writer


@dataclass(frozen=True, slots=True)
class Site:
    """Settings, database, clock, the shelf of scenario versions, the boards and the writer of one process.

    `scenarios` reads the scenarios that can be planned with, from the settings' folders.
    """

    settings: Settings
    sessions: Sessions
    clock: Clock
    shelf: Shelf
    boards: Boards
    writer: Writer
    scenarios: Callable[[], Sequence[Scenario]]
