"""Finds a sandbox's and a training's files, together in a directory or one alone, and reads them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, Field, RootModel

from ncr.scenario import yamlfile
from ncr.scenario.importers import jsontext, sources
from ncr.scenario.importers.frame import refusal
from ncr.scenario.importers.kypo.model import Containers, Topology, Variable
from ncr.scenario.importers.kypo.training import Linear
from ncr.scenario.importers.loose import Places, Suggestions
from ncr.scenario.modelwords import validate
from ncr.scenario.tree import Findings, Mark, Node

M = TypeVar("M", bound=BaseModel)
FILES = {
    "topology": ("topology.yml", "topology.yaml"),
    "containers": ("containers.yml", "containers.yaml"),
    "variables": ("variables.yml", "variables.yaml"),
    "training": ("training.json", "training.yml", "training.yaml"),
}
_OF_TOPOLOGY = frozenset({"hosts", "routers", "net_mappings", "router_mappings"})


class Variables(RootModel[dict[str, Variable]]):
    """The whole of variables.yml."""

    root: dict[str, Variable] = Field({})


@dataclass(slots=True)
class Found:
    """What was found and read. `roots` are the files' trees by what they are."""

    folder: Path
    files: dict[str, Path]
    findings: Findings = field(default_factory=Findings)
    roots: dict[str, Node] = field(default_factory=dict)
    places: dict[str, Places] = field(default_factory=dict)
    suggestions: Suggestions = field(default_factory=Suggestions)
    topology: Topology | None = None
    containers: Containers = field(default_factory=Containers)
    variables: dict[str, Variable] = field(default_factory=dict)
    training: Linear | None = None

    def mark(self, part: str) -> Mark:
        """Where a file begins."""
        return self.roots[part].mark if part in self.roots else Mark(f"{part}.yml")


def kind_of(path: Path) -> str | None:
    """What a file is: `topology`, `containers`, `training`, or None for none of KYPO's."""
    keys = sources.keys(path)
    if "networks" in keys and len(keys & _OF_TOPOLOGY) > 1:
        return "topology"
    if {"containers", "container_mappings"} <= keys:
        return "containers"
    return "training" if {"title", "levels"} <= keys else None


def files_of(path: Path) -> dict[str, Path]:
    """The files by what they are; none when there is neither a topology nor a training."""
    if path.is_file():
        kind = kind_of(path)
        return {kind: path} if kind in ("topology", "training") else {}
    there = {}
    for kind, names in FILES.items():
        file = next((path / name for name in names if (path / name).is_file()), None)
        if file is not None:
            there[kind] = file
    wanted = [kind for kind in ("topology", "training") if kind in there and kind_of(there[kind]) == kind]
    return there if wanted else {}


def read(path: Path) -> Found:
    """Everything read and typed. Raises ScenarioInvalid with every problem of every file."""
    found = Found(path if path.is_dir() else path.parent, files_of(path))
    for kind, file in found.files.items():
        is_json = file.suffix == ".json"
        root = (jsontext if is_json else yamlfile).read(sources.content(file), file.name, found.findings)
        if root is not None:
            found.roots[kind], found.places[kind] = root, Places(root)
    found.topology = _typed(found, "topology", Topology)
    found.containers = _typed(found, "containers", Containers) or Containers()
    variables = _typed(found, "variables", Variables)
    found.variables = variables.root if variables else {}
    found.training = _typed(found, "training", Linear)
    if found.findings.problems:
        raise refusal(found.findings)
    return found


def _typed(found: Found, kind: str, model: type[M]) -> M | None:
    root = found.roots.get(kind)
    if kind == "training" and root is not None and "phases" in root.mapping and "levels" not in root.mapping:
        message = "is an adaptive training; only linear ones, with `levels`, are brought in: import the topology alone"
        found.findings.add(root.keys["phases"], message)
        return None
    return validate(model, root, found.findings) if root is not None else None
