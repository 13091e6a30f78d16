"""What the parts of a ctfcli import share: the event, the scenario being made, the report, the ids."""

from dataclasses import dataclass, field
from typing import Any

from ncr.scenario.importers.ctfcli.event import Event, Found
from ncr.scenario.importers.frame import Draft
from ncr.scenario.importers.loose import under
from ncr.scenario.importers.naming import Ids
from ncr.scenario.importers.report import Report
from ncr.scenario.tree import Findings

DESK, LAB = "desk", "lab"


@dataclass(slots=True)
class Making:
    """One import as it goes on. `guide` is what those who lead the exercise are told, by challenge."""

    event: Event
    draft: Draft
    compose: dict[str, Any]
    report: Report
    findings: Findings = field(default_factory=Findings)
    ids: Ids = field(default_factory=lambda: Ids("challenge", (DESK,)))
    guide: dict[str, list[str]] = field(default_factory=dict)
    # Challenge -> how it is reached from the desk, where it has a service.
    reached: dict[str, str] = field(default_factory=dict)

    def path(self, found: Found, *keys: str | int) -> str:
        """Where a challenge's field is, for the report."""
        return under(found.name, *keys)

    def id(self, found: Found) -> str:
        """The task and service that a challenge becomes."""
        return self.ids.of(found.challenge.name)

    def refuse(self, found: Found, key: str, message: str) -> None:
        """A problem at a field of a challenge."""
        node = found.root.mapping.get(key, found.root)
        self.findings.add(node.mark, message)

    def tell(self, found: Found, line: str) -> None:
        """A line of the guide."""
        self.guide.setdefault(found.challenge.name, []).append(line)
