"""Models of other systems' files: keys they do not know are kept and told of, never refused."""

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from types import UnionType
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict

from ncr.scenario.importers.report import step
from ncr.scenario.tree import Mark, Node, branch, find, nearest


class Loose(BaseModel):
    """Keeps unknown keys; its own may hold hyphens."""

    model_config = ConfigDict(
        extra="allow", frozen=True, defer_build=True, alias_generator=lambda name: name.rstrip("_").replace("_", "-")
    )


class Snake(BaseModel):
    """Keeps unknown keys; its own are written as Python writes names."""

    model_config = ConfigDict(
        extra="allow", frozen=True, defer_build=True, alias_generator=lambda name: name.rstrip("_")
    )


def extras(value: object, path: str = "") -> Iterator[str]:
    """The paths of every unknown key in a model, however deep."""
    if isinstance(value, BaseModel):
        yield from (step(path, key) for key in value.model_extra or ())
        for name, field in type(value).model_fields.items():
            yield from extras(getattr(value, name), step(path, field.alias or name))
    elif isinstance(value, Mapping):
        for key, child in value.items():
            yield from extras(child, step(path, str(key)))
    elif isinstance(value, tuple):
        for number, child in enumerate(value):
            yield from extras(child, step(path, number))


def under(path: str, *keys: str | int) -> str:
    """The path of what is reached from `path` by keys and numbers of items."""
    return reduce(step, keys, path)


class Places:
    """Where each path of a file stands; looked up once, since a bad file may have thousands of problems."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._marks: dict[str, Mark] = {}

    def of(self, path: str) -> Mark:
        """The place of a path, or of the nearest above it that there is."""
        if not self._marks:
            self._marks = dict(_places(self._root, ""))
        while path and path not in self._marks:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self._marks[path]


class Suggestions:
    """The nearest names, for the first problems only: comparing all names with all names has no end."""

    def __init__(self, most: int = 50) -> None:
        self._left = most

    def nearest(self, name: str, known: Iterable[str]) -> str:
        """What was probably meant."""
        self._left -= 1
        return nearest(name, known) if self._left >= 0 else "correct the name"


def _places(node: Node, path: str) -> Iterator[tuple[str, Mark]]:
    yield path, node.mark
    for key, child in node.mapping.items():
        yield from _places(child, step(path, key))
    for number, child in enumerate(node.items):
        yield from _places(child, step(path, number))


def lowered(node: Node, model: type[BaseModel]) -> Node:
    """The tree with the keys that the model knows in lower case, where written lower, Capitalised or UPPER."""
    if not isinstance(node.value, dict):
        return node
    fields = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    members, keys = {}, {}
    for written, child in node.mapping.items():
        key = written.lower() if written.lower() in fields and _is_cased(written) else written
        if key in members:
            key = written
        members[key] = _lowered_as(child, fields.get(key))
        keys[key] = node.keys[written]
    return branch(members, node.mark, keys)


def _lowered_as(node: Node, annotation: object) -> Node:
    origin, inner = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return lowered(node, annotation)
    if origin is Annotated:
        return _lowered_as(node, inner[0])
    if origin in (Union, UnionType):
        for one in inner:
            node = _lowered_as(node, one)
    elif origin is dict and node.mapping:
        members = {key: _lowered_as(child, inner[1]) for key, child in node.mapping.items()}
        return branch(members, node.mark, node.keys)
    elif origin is tuple and node.items:
        return branch([_lowered_as(child, inner[0]) for child in node.items], node.mark)
    return node


def _is_cased(key: str) -> bool:
    words = key.split("-")
    titled = "-".join(word.capitalize() for word in words)
    return key in (key.lower(), key.upper(), key.capitalize(), titled, "TLOs")


def worded(root: Node, patterns: Iterable[str]) -> Node:
    """The tree with numbers and the like at dotted patterns read as the texts that they are written as."""
    meant = {id(node) for pattern in patterns for node in find(root, pattern)}
    return _worded(root, meant)


def _worded(node: Node, meant: set[int]) -> Node:
    if isinstance(node.value, dict):
        members = {key: _worded(child, meant) for key, child in node.mapping.items()}
        return branch(members, node.mark, node.keys)
    if isinstance(node.value, list):
        return branch([_worded(child, meant) for child in node.items], node.mark)
    is_text = id(node) not in meant or node.value is None or isinstance(node.value, str)
    return node if is_text else Node(node.raw, node.mark, node.raw)
