"""The formats that can be brought in, and which one a path is."""

from pathlib import Path
from typing import Protocol

from ncr.scenario.importers import sources
from ncr.scenario.importers.compose import format as compose
from ncr.scenario.importers.containerlab import format as containerlab
from ncr.scenario.importers.ctfcli import format as ctfcli
from ncr.scenario.importers.frame import Draft, refuse
from ncr.scenario.importers.imagetable import NO_TABLE, ImageTable
from ncr.scenario.importers.kypo import format as kypo
from ncr.scenario.importers.report import Report
from ncr.scenario.importers.sdl import format as sdl
from ncr.scenario.tree import Mark


class Format(Protocol):
    """A module that reads one format."""

    NAME: str

    def recognises(self, path: Path) -> bool:
        """Whether this file or directory is of the format; looks at names and top-level keys only, never raises."""

    def read(self, path: Path) -> tuple[Draft, Report]:
        """The scenario made of it and the account. Raises ScenarioInvalid with FILE:LINE:COLUMN problems."""


class Tabled(Protocol):
    """A module that reads a format of machines: the site's table says which images stand for theirs."""

    NAME: str

    def recognises(self, path: Path) -> bool:
        """Whether this file or directory is of the format; looks at names and top-level keys only, never raises."""

    def read(self, path: Path, table: ImageTable) -> tuple[Draft, Report]:
        """The scenario made of it and the account. Raises ScenarioInvalid with FILE:LINE:COLUMN problems."""


# The first that recognises a path reads it, so the most particular come first.
TABLED: tuple[Tabled, ...] = (sdl, kypo)
FORMATS: tuple[Format, ...] = (ctfcli, containerlab, compose)


def read(path: Path, table: ImageTable = NO_TABLE) -> tuple[Draft, Report]:
    """The scenario made of a file or directory of any known format, and the account. Raises ScenarioInvalid.

    What stands for other systems' machines is in `table`; without one they become placeholders.
    """
    if not path.exists():
        raise refuse(Mark(path.name), "is not there; name a file or directory to import")
    for machines in TABLED:
        if machines.recognises(path):
            return machines.read(path, table)
    for one in FORMATS:
        if one.recognises(path):
            return one.read(path)
    if path.is_file():
        sources.tree(path)  # what is not even YAML says so with a line
    known = ", ".join([*(one.NAME for one in TABLED), *(one.NAME for one in FORMATS)])
    raise refuse(Mark(path.name), f"is of no format that can be imported; known are {known}")
