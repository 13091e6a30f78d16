"""What the parts of an SDL import share: the source, the scenario being made, the report, and the ids of both sides."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ncr.scenario.importers.frame import Draft
from ncr.scenario.importers.imagetable import ImageTable, Row
from ncr.scenario.importers.naming import Ids
from ncr.scenario.importers.report import Report
from ncr.scenario.importers.sdl.model import Entity, Machine, everybody
from ncr.scenario.importers.sdl.rules import Source
from ncr.scenario.importers.sdl.values import SourceFields


@dataclass(slots=True)
class Making:
    """One import as it goes on."""

    source: Source
    table: ImageTable
    draft: Draft
    compose: dict[str, Any]
    report: Report
    services: Ids = field(default_factory=lambda: Ids("service"))
    networks: Ids = field(default_factory=lambda: Ids("network", ("default", "control")))
    checks: Ids = field(default_factory=lambda: Ids("check"))
    tasks: Ids = field(default_factory=lambda: Ids("task"))
    injects: Ids = field(default_factory=lambda: Ids("inject"))
    entries: Ids = field(default_factory=lambda: Ids("entry"))
    # condition -> (node, id of the check that asks it there)
    asked: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def machines(self) -> Iterator[tuple[str, Machine]]:
        """The virtual machines that are deployed, by name."""
        sdl = self.source.sdl
        for key in sdl.infrastructure:
            if sdl.nodes[key].type == "vm":
                yield key, sdl.nodes[key]

    def people(self) -> dict[str, Entity]:
        """Every entity by its path."""
        return everybody(self.source.sdl.entities)

    def row(self, path: str, package: SourceFields) -> Row | None:
        """The site's row for a package; None for a placeholder. What a given table does not name is a problem."""
        row = self.table.find(package.name, package.version)
        if row is None and self.table.is_given:
            wanted = f"{package.name}@{package.version}"
            message = (
                f"the package `{wanted}` is not in the table of images; add `{wanted}: IMAGE` there, or `placeholder`"
            )
            self.source.refuse(path, message)
        return None if row is None or row.is_placeholder else row


def shown(package: SourceFields | None) -> str:
    """A package as people write it."""
    return "no package" if package is None else f"package {package.name} {package.version}"


def assigned(environment: tuple[str, ...], command: list[str]) -> list[str]:
    """The command with variables `NAME=VALUE` set for it."""
    return ["env", *environment, *command] if environment else command


def exact(number: float) -> Fraction:
    """A number as it was written."""
    return Fraction(str(number))


def listed(part: dict[str, Any], key: str) -> list[Any]:
    """The list under a key of a mapping that is being made."""
    found: list[Any] = part.setdefault(key, [])
    return found
