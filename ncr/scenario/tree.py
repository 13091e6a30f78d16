"""A YAML file as a tree in which every value and key knows its line and column, and what was found wrong with it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType

from ncr.errors import Problem, ScenarioInvalid

# Comparing all names with all names has no end, and nobody reads more problems than these at once.
MOST_COMPARED, MOST_PROBLEMS = 100, 5000
Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a file; lines and columns count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A value and where it stands. `raw` is a scalar as written, `keys` where each key of a mapping stands.

    `size` counts the values in it and `height` its levels, with every alias written out.
    """

    value: "Scalar | dict[str, Node] | list[Node]"
    mark: Mark
    raw: str = ""
    keys: Mapping[str, Mark] = field(default_factory=dict)
    size: int = 1
    height: int = 0

    @property
    def mapping(self) -> "dict[str, Node]":
        """Its members; empty when it is no mapping."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> "list[Node]":
        """Its items; empty when it is no list."""
        return self.value if isinstance(self.value, list) else []

    @property
    def text(self) -> str | None:
        """Its text; None when it is anything else."""
        return self.value if isinstance(self.value, str) else None


def branch(value: "dict[str, Node] | list[Node]", mark: Mark, keys: Mapping[str, Mark] = MappingProxyType({})) -> Node:
    """A mapping or list as a node, with its size and height."""
    children = list(value.values()) if isinstance(value, dict) else value
    size = 1 + sum(child.size for child in children)
    height = 1 + max((child.height for child in children), default=0)
    return Node(value, mark, keys=keys, size=size, height=height)


def plain(node: Node) -> object:
    """The tree as plain dicts, lists and scalars."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def find(root: Node, pattern: str) -> Iterator[Node]:
    """The nodes at a dotted path, in order; `*` stands for every item of a list or member of a mapping."""
    nodes = [root]
    for step in pattern.split("."):
        nodes = [child for node in nodes for child in _step(node, step)]
    yield from nodes


def _step(node: Node, step: str) -> Iterable[Node]:
    if step == "*":
        return node.items or node.mapping.values()
    return [node.mapping[step]] if step in node.mapping else ()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything in it, in order."""
    yield node
    for child in (*node.mapping.values(), *node.items):
        yield from walk(child)


def nearest(name: str, known: Iterable[str]) -> str:
    """` Did you mean …?`-style ending of a message: the nearest known name, or all of them when they are few."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6) if len(names) <= MOST_COMPARED else []
    if close:
        return f"did you mean `{close[0]}`?"
    if not names:
        return "there is none to refer to"
    return f"known: {', '.join(names[:12])}{' …' if len(names) > 12 else ''}"


@dataclass(slots=True)
class Findings:
    """What is wrong (`problems`) and what an author should know (`notes`), collected as reading goes on."""

    problems: dict[tuple[Mark, str], None] = field(default_factory=dict)
    notes: dict[tuple[Mark, str], None] = field(default_factory=dict)

    def add(self, mark: Mark, message: str) -> None:
        """Something is wrong there. Raises ScenarioInvalid with all of them when they are too many to go on."""
        self.problems[mark, message] = None
        if len(self.problems) > MOST_PROBLEMS:
            raise ScenarioInvalid(f"there are over {MOST_PROBLEMS} problems; these came first", self.sorted_problems())

    def note(self, mark: Mark, message: str) -> None:
        """Something there is worth knowing."""
        self.notes[mark, message] = None

    def sorted_problems(self) -> tuple[Problem, ...]:
        """Every problem once, by file, line and column."""
        return tuple(Problem(str(mark), message) for mark, message in sorted(self.problems))

    def sorted_notes(self) -> tuple[str, ...]:
        """Every note once, by file, line and column."""
        return tuple(f"{mark}: {message}" for mark, message in sorted(self.notes))
