"""A site's own table of which image stands for a package or base box of another system: `package@range: image`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, RootModel

from ncr.errors import ScenarioInvalid
from ncr.scenario import yamlfile
from ncr.scenario.modelwords import validate
from ncr.scenario.tree import Findings, Mark
from ncr.scenario.values import Strict

PLACEHOLDER = "placeholder"
_VERSION = re.compile(r"(\d+)(?:\.(\d+|\*|x))?(?:\.(\d+|\*|x))?(?:-[0-9A-Za-z.-]+)?")
_BOUND = re.compile(r"\s*(\^|~|>=|<=|>|<|=)?\s*([0-9][0-9A-Za-z.*-]*)\s*")
IMAGE = r"^[a-zA-Z0-9][a-zA-Z0-9._/:@-]{0,254}$"
_RIGHT = "write NAME: IMAGE or NAME@RANGE: IMAGE, with a range such as 1.2.0, ^1.2, ~1.2 or >=1, <2"

Version = tuple[int, int, int]


class Row(Strict):
    """What stands for a package: an image, what is run of it, or `placeholder` for one to be filled in by hand."""

    image: Annotated[str, Field(pattern=IMAGE)] | None = None
    command: tuple[str, ...] | None = None

    @property
    def is_placeholder(self) -> bool:
        """Whether the site means to fill it in by hand."""
        return self.image == PLACEHOLDER


class Rows(RootModel[dict[str, Annotated[Row, BeforeValidator(lambda v: {"image": v} if isinstance(v, str) else v)]]]):
    """The whole of a table."""


@dataclass(frozen=True, slots=True)
class ImageTable:
    """Rows in the order written. `is_given` is whether the site gave a table: then what is not in it is refused."""

    rows: Mapping[str, Row] = field(default_factory=dict)
    is_given: bool = False

    def find(self, name: str, version: str = "*") -> Row | None:
        """The first row for a package in a version, or in any version that `*` allows; None when there is none."""
        for key, row in self.rows.items():
            package, _, wanted = key.partition("@")
            if package == name and _fits(version, wanted or "*"):
                return row
        return None


NO_TABLE = ImageTable()


def read_table(path: Path) -> ImageTable:
    """The table in a YAML file. Raises ScenarioInvalid with every problem as FILE:LINE:COLUMN and what is right."""
    findings = Findings()
    root = None
    try:
        with path.open("rb") as file:
            root = yamlfile.read(file.read(yamlfile.LARGEST_BYTES + 1), path.name, findings)
    except OSError as error:
        findings.add(Mark(path.name), f"cannot be read ({error.strerror}); name a YAML file of NAME@RANGE: IMAGE")
    rows = validate(Rows, root, findings) if root else None
    for key, mark in root.keys.items() if root else ():
        _, _, wanted = key.partition("@")
        if wanted and not _is_range(wanted):
            findings.add(mark, f"`{wanted[:40]}` is not a range of versions; {_RIGHT}")
    if rows is None or findings.problems:
        raise ScenarioInvalid(f"{path.name} is not a table of images", findings.sorted_problems())
    return ImageTable(rows.root, is_given=True)


def _is_range(text: str) -> bool:
    return text == "*" or all(_BOUND.fullmatch(part) and _parsed(part.strip(" ^~<>=")) for part in text.split(","))


def _fits(version: str, wanted: str) -> bool:
    if "*" in (version, wanted) or version == wanted:
        return True
    exact = _parsed(version.strip(" ="))
    return exact is not None and all(_within(exact, part) for part in wanted.split(","))


def _within(version: Version, bound: str) -> bool:
    match = _BOUND.fullmatch(bound)
    base = _parsed(match[2]) if match else None
    if match is None or base is None:
        return False
    sign = match[1] or "="
    low, high = {"^": _caret, "~": _tilde, "=": _same}.get(sign, _same)(base, match[2])
    tests = {">=": version >= base, ">": version > base, "<": version < base, "<=": version <= base}
    return tests.get(sign, low <= version < high)


def _caret(base: Version, _: str) -> tuple[Version, Version]:
    major, minor, patch = base
    if major:
        return base, (major + 1, 0, 0)
    return base, (0, minor + 1, 0) if minor else (0, 0, patch + 1)


def _tilde(base: Version, written: str) -> tuple[Version, Version]:
    return base, (base[0], base[1] + 1, 0) if "." in written else (base[0] + 1, 0, 0)


def _same(base: Version, written: str) -> tuple[Version, Version]:
    given = [part for part in written.split("-")[0].split(".") if part.isdigit()]
    high = {1: (base[0] + 1, 0, 0), 2: (base[0], base[1] + 1, 0)}.get(len(given), (base[0], base[1], base[2] + 1))
    return base, high


def _parsed(text: str) -> Version | None:
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    major, minor, patch = (int(part) if part and part.isdigit() else 0 for part in match.groups())
    return major, minor, patch
