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

    `scenarios` reads the scenarios that can be planned with, in their newest versions; `offered` those that students
    are offered for practice, in their newest proven ones (ncr.exercise.library).
    """

    settings: Settings
    sessions: Sessions
    clock: Clock
    shelf: Shelf
    boards: Boards
    writer: Writer
    scenarios: Callable[[], Sequence[Scenario]]
    offered: Callable[[], Sequence[Scenario]]
