"""Takes out of a Compose file what our loader refuses, piece by piece, each with the loader's own reason."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce

from ncr.scenario import yamlfile
from ncr.scenario.compose.composefile import read_topology
from ncr.scenario.compose.fields import Context
from ncr.scenario.importers.compose.labfiles import Planned
from ncr.scenario.importers.compose.sheet import Path, Sheet, mark_at, node_at
from ncr.scenario.importers.frame import refusal, refuse
from ncr.scenario.importers.report import Outcome, Report, step
from ncr.scenario.interpolation import known_names
from ncr.scenario.loader import MAXIMA
from ncr.scenario.topology import Topology
from ncr.scenario.tree import Findings, Mark, Node

Fate = tuple[Outcome, str]
KNOWN = known_names((), ())
COMPOSE = "compose.yml"
# Without these a service is not what it was, or would not be safe as it was: the whole import is refused.
_ESSENTIAL = frozenset(
    str.split(
        "include image build context dockerfile dockerfile_inline extends privileged pid ipc userns_mode uts cgroup"
        " network_mode devices device_cgroup_rules gpus volumes_from credential_spec use_api_socket provider"
    )
)
_SOCKET = "the engine's socket"
# What is taken out where something in it is wrong: half of it would mean something else.
_WHOLE_ITEMS = frozenset({"volumes", "ports", "configs", "secrets", "env_file", "cap_add", "tmpfs"})
_WHOLE = frozenset({"healthcheck", "ipam"})
_TRAPS = frozenset(str.split("cap_add security_opt external sysctls extra_hosts volumes env_file depends_on platform"))
_MOST_ROUNDS = 30
_DEPTHS = {"services": 3, "networks": 2, "volumes": 2, "configs": 2, "secrets": 2}


@dataclass(slots=True)
class Editing:
    """A Compose file on its way: the sheet, the original tree, and what became of which of its nodes."""

    file: str
    sheet: Sheet
    root: Node
    report: Report
    fates: dict[int, Fate] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)

    def decide(self, path: Path, outcome: Outcome, why: str) -> None:
        """Remember what became of what stands at a path; what is said first stays, unless it is left after all."""
        node = node_at(self.root, self.sheet.original(path))
        if node is not None and (outcome == "left" or id(node) not in self.fates):
            self.fates[id(node)] = (outcome, why)

    def drop(self, path: Path, why: str) -> None:
        """Take something out of the file."""
        self.decide(path, "left", why)
        self.sheet.remove(path)

    def wrong(self, path: Path, message: str) -> None:
        """Something without which there is no import."""
        self.findings.add(mark_at(self.root, self.sheet.original(path)), message)

    def warn(self, trap: str, path: Path, message: str) -> None:
        """A trap, by name, where it stands in the original."""
        self.report.warn(trap, str(mark_at(self.root, self.sheet.original(path))), message)

    def refuse_if_wrong(self) -> None:
        """Raises ScenarioInvalid with everything that is wrong so far."""
        if self.findings.problems:
            raise refusal(self.findings)

    def tell(self) -> None:
        """Enter every field of the original in the report: as decided, or carried."""
        for path, outcome, why in _told(self.root, (), ("carried", ""), self.fates):
            if outcome == "left":
                self.report.left(_words(path), why)
            else:
                to = f"{COMPOSE} {_words(self.sheet.current(path))}"
                (self.report.mapped if outcome == "mapped" else self.report.carried)(_words(path), to, why)


def trim(editing: Editing, planned: Planned) -> Topology:
    """The topology that remains once all that is refused or dropped is out. Raises ScenarioInvalid for essentials."""
    for _ in range(_MOST_ROUNDS):
        findings, topology = _read(editing.sheet.settle(), planned)
        problems = {**findings.problems, **dict.fromkeys(_dropped(findings))}
        if not problems:
            editing.refuse_if_wrong()
            _keep_notes(editing, findings)
            return topology
        _take_out(editing, problems)
        editing.refuse_if_wrong()
    raise refuse(Mark(editing.file), "cannot be brought into a form that passes the check; simplify it")


def _read(text: str, planned: Planned) -> tuple[Findings, Topology]:
    planned.findings = findings = Findings()
    root = yamlfile.read(text.encode(), COMPOSE, findings)
    if root is None:
        raise refusal(findings)
    return findings, read_topology(root, Context(findings, planned, KNOWN, MAXIMA))


def _dropped(findings: Findings) -> list[tuple[Mark, str]]:
    return [
        (mark, why) for mark, why in findings.notes if " is dropped" in why or "has no value and is left out" in why
    ]


def _keep_notes(editing: Editing, findings: Findings) -> None:
    for mark, why in findings.notes:
        path = editing.sheet.at(mark, outer=False)
        if path is not None and mark.file == COMPOSE:
            editing.decide(path, "carried", why)


def _take_out(editing: Editing, problems: Iterable[tuple[Mark, str]]) -> None:
    found: dict[Path, str] = {}
    for mark, message in problems:
        about_all = not message.startswith(("`", "the "))
        path = editing.sheet.at(mark, outer=about_all) if mark.file == COMPOSE else None
        if path is None:
            editing.findings.add(mark if path is None and mark.file != COMPOSE else Mark(editing.file), message)
        elif _is_essential(path, message):
            editing.wrong(path, message)
        else:
            found.setdefault(_unit(path), message)
    for path in sorted(found, key=_order, reverse=True):
        if not any(path[:length] in found for length in range(1, len(path))):
            _take(editing, path, found[path])


def _take(editing: Editing, path: Path, why: str) -> None:
    trap = next((str(key) for key in reversed(path) if key in _TRAPS), None)
    if trap and " is dropped" not in why:
        editing.warn(trap, path, why)
    editing.drop(path, why)


def _is_essential(path: Path, message: str) -> bool:
    return (
        _SOCKET in message or path[-1] in _ESSENTIAL or "extends" in path or (path[0] == "services" and len(path) < 3)
    )


def _unit(path: Path) -> Path:
    for at, key in enumerate(path[:-1]):
        if key in _WHOLE and at > 0:
            return path[: at + 1]
        if key in _WHOLE_ITEMS and isinstance(path[at + 1], int):
            return path[: at + 2]
    return path


def _order(path: Path) -> list[tuple[int, str]]:
    return [(key, "") if isinstance(key, int) else (-1, str(key)) for key in path]


def _told(node: Node, path: Path, above: Fate, fates: Mapping[int, Fate]) -> Iterator[tuple[Path, Outcome, str]]:
    """A row for each key of a service and each network, volume, config; deeper where parts differ in what became."""
    named: list[tuple[str | int, Node]] = [*node.mapping.items(), *enumerate(node.items)]
    fate = fates.get(id(node), above)
    deep = len(path) < (_DEPTHS.get(str(path[0]), 1) if path else 1)
    if fate[0] == "left" or not named or not (deep or any(_has_fate(child, fates) for _, child in named)):
        yield path, *fate
        return
    for key, child in named:
        yield from _told(child, (*path, key), fate, fates)


def _has_fate(node: Node, fates: Mapping[int, Fate]) -> bool:
    return id(node) in fates or any(_has_fate(child, fates) for child in (*node.mapping.values(), *node.items))


def _words(path: Path) -> str:
    return reduce(step, path, "")
