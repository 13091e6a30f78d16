"""What became of every field of a source: carried, mapped or left, to what and why; and the traps in it by name."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ncr.scenario.tree import Node

Outcome = Literal["carried", "mapped", "left"]
UNKNOWN = "unknown to this importer"
_PLAIN = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One field of the source: its path there, what became of it, where it is now, and why if not simply carried."""

    source: str
    outcome: Outcome
    to: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Warned:
    """A trap of the source format: its name, where it is (a path or FILE:LINE:COLUMN) and what it means here."""

    trap: str
    where: str
    message: str


@dataclass(slots=True)
class Report:
    """The account of one import. An entry accounts for its field and for all beneath that has no entry of its own."""

    source: str
    format: str
    entries: list[Entry] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)

    def carried(self, source: str, to: str, why: str = "") -> None:
        """The field is in the result as it was."""
        self.entries.append(Entry(source, "carried", to, why))

    def mapped(self, source: str, to: str, why: str = "") -> None:
        """The field is in the result in another form."""
        self.entries.append(Entry(source, "mapped", to, why))

    def left(self, source: str, why: str) -> None:
        """The field is not in the result."""
        self.entries.append(Entry(source, "left", "", why))

    def warn(self, trap: str, where: str, message: str) -> None:
        """There is a trap; `message` says what it does there and what was done about it here."""
        self.warnings.append(Warned(trap, where, message))

    def finish(self, root: Node, prefix: str = "") -> None:
        """Enter everything in the source's tree that has no entry yet as left and unknown: nothing is lost silently."""
        for path in unaccounted(root, {entry.source for entry in self.entries}, prefix):
            self.left(path, UNKNOWN)

    def counts(self) -> dict[str, int]:
        """How many fields were carried, mapped and left."""
        counted = Counter(entry.outcome for entry in self.entries)
        return {outcome: counted[outcome] for outcome in ("carried", "mapped", "left")}

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return {
            "source": self.source,
            "format": self.format,
            **self.counts(),
            "warnings": [asdict(warned) for warned in self.warnings],
            "entries": [asdict(entry) for entry in self.entries],
        }

    def markdown(self) -> str:
        """The report for people."""
        counted = ", ".join(f"{count} {outcome}" for outcome, count in self.counts().items())
        lines = [f"# Import of {_cell(self.source)}", "", f"Read as {self.format}: {counted}.", ""]
        if self.warnings:
            lines += ["## Warnings", ""]
            lines += [f"* **{one.trap}** at {_code(one.where)}: {_cell(one.message)}" for one in self.warnings] + [""]
        lines += ["## Every field", "", "| in the source | outcome | here | why |", "|---|---|---|---|"]
        lines += [
            f"| {_code(one.source)} | {one.outcome} | {_code(one.to)} | {_cell(one.why)} |" for one in self.entries
        ]
        return "\n".join(lines) + "\n"


def step(path: str, key: str | int) -> str:
    """The path of a member or item of what is at `path`: `nodes.portal`, `levels[2]`, `hosts["a.b"]`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if not _PLAIN.fullmatch(key):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


def unaccounted(root: Node, known: set[str], prefix: str = "") -> list[str]:
    """The fields of a tree that are neither `known` nor in what is; a mapping of them counts as one."""
    inner = {above for source in known for above in _above(source)}
    return list(_unaccounted(root, prefix, known, inner))


def fields(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    """Every value of a tree by its path, the tree itself first."""
    yield path, node
    for below, child in members(node, path):
        yield from fields(child, below)


def members(node: Node, path: str) -> list[tuple[str, Node]]:
    """The members or items of a node by their paths."""
    named = [(step(path, key), child) for key, child in node.mapping.items()]
    return named or [(step(path, at), child) for at, child in enumerate(node.items)]


def _above(source: str) -> Iterator[str]:
    for match in re.finditer(r"[.\[]", source):
        yield source[: match.start()]


def _unaccounted(node: Node, path: str, known: set[str], inner: set[str]) -> Iterator[str]:
    if path in known:
        return
    inside = members(node, path)
    if path and (not inside or path not in inner):
        yield path
        return
    for below, child in inside:
        yield from _unaccounted(child, below, known, inner)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _code(text: str) -> str:
    return f"`{_cell(text).replace('`', '´')}`" if text else ""
