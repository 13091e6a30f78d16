"""What the parts of a KYPO import share: what was found, the scenario being made, the report, the ids."""

from dataclasses import dataclass, field
from typing import Any

from ncr.scenario.importers.frame import Draft
from ncr.scenario.importers.imagetable import ImageTable
from ncr.scenario.importers.kypo.rules import place
from ncr.scenario.importers.kypo.sources import Found
from ncr.scenario.importers.loose import under
from ncr.scenario.importers.naming import Ids
from ncr.scenario.importers.report import Report

NOTHING = "desk"


@dataclass(slots=True)
class Making:
    """One import as it goes on. `guide` is what those who lead the exercise are told, in order."""

    found: Found
    table: ImageTable
    draft: Draft
    compose: dict[str, Any]
    report: Report
    services: Ids = field(default_factory=lambda: Ids("host"))
    networks: Ids = field(default_factory=lambda: Ids("network", ("default", "control")))
    tasks: Ids = field(default_factory=lambda: Ids("task"))
    checks: Ids = field(default_factory=lambda: Ids("check"))
    guide: list[str] = field(default_factory=list)

    def path(self, part: str, *keys: str | int) -> str:
        """Where something is, for the report: files of a directory are told apart by what they are."""
        return under(part if len(self.found.files) > 1 else "", *keys)

    def of(self, part: str, path: str, *keys: str | int) -> str:
        """Where something below a path of a file is, for the report."""
        whole = under(path, *keys)
        return f"{part}.{whole}" if len(self.found.files) > 1 else whole

    def warn(self, trap: str, part: str, path: str, message: str) -> None:
        """A trap at a path of one of the files."""
        self.report.warn(trap, f"{place(self.found, part, path)} ({path})" if path else f"{part}", message)

    def refuse(self, part: str, path: str, message: str) -> None:
        """A problem at a path of one of the files."""
        self.found.findings.add(place(self.found, part, path), message)
