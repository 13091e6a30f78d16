"""A YAML file being edited: comments, order and quotes stay; every place knows its path in the original."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from ncr.scenario.importers.frame import refuse
from ncr.scenario.importers.yamltext import dump, writer
from ncr.scenario.tree import Mark, Node

Path = tuple[str | int, ...]


class Sheet:
    """The file as ruamel's tree. Paths are those in the tree as it now is, unless they are called original."""

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._kept: dict[Path, list[int]] = {}
        self._places: dict[tuple[int, int], list[Path]] = {}
        self.text = text
        self.doc: Any = self._load()

    def settle(self) -> str:
        """The text after all edits so far; `at` then means positions in it."""
        self.text = dump(self.doc)
        self._places.clear()
        return self.text

    def get(self, path: Path) -> Any:
        """What stands there."""
        value = self.doc
        for step in path:
            value = value[step]
        return value

    def put(self, path: Path, value: Any) -> None:
        """Put a value in the place of another."""
        self.get(path[:-1])[path[-1]] = value

    def remove(self, path: Path) -> None:
        """Take a member or item out."""
        owner, last = self.get(path[:-1]), path[-1]
        if isinstance(owner, CommentedSeq):
            place = self.original(path[:-1])
            self._kept.setdefault(place, list(range(len(owner)))).pop(int(last))
        # ruamel looks the key up among those that merge this mapping in, where it may not be; by then it is gone here.
        with suppress(KeyError):
            del owner[last]
        if not owner and len(path) > 1:
            self._uncomment(path[:-1], owner)

    def _uncomment(self, path: Path, emptied: CommentedMap | CommentedSeq) -> None:
        # ruamel would write the brackets of what is empty below a comment that stood behind its key, in no column.
        emptied.ca.comment = None
        emptied.ca.items.clear()
        outer = self.get(path[:-1])
        with suppress(KeyError):
            del outer.ca.items[path[-1]]

    def original(self, path: Path) -> Path:
        """The path of the same thing in the file as it was read."""
        found: Path = ()
        for step in path:
            kept = self._kept.get(found)
            found = (*found, kept[step] if kept and isinstance(step, int) else step)
        return found

    def current(self, path: Path) -> Path:
        """The path now of what stood at an original path and still is there."""
        found: Path = ()
        for length, step in enumerate(path):
            kept = self._kept.get(path[:length])
            found = (*found, kept.index(step) if kept and isinstance(step, int) else step)
        return found

    def at(self, mark: Mark, outer: bool) -> Path | None:
        """What begins at a place of the settled text: where several do, the outermost or the innermost."""
        if not self._places:
            self.doc = self._load()
            for path, line, column in _places(self.doc, (), set()):
                self._places.setdefault((line, column), []).append(path)
        found = self._places.get((mark.line, mark.column))
        return None if not found else min(found, key=len) if outer else max(found, key=len)

    def scalars(self) -> Iterator[tuple[Path, str]]:
        """Every text in the tree as written, each once."""
        yield from _scalars(self.doc, (), set())

    def _load(self) -> Any:
        try:
            return writer().load(self.text)
        except (YAMLError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            message = f"is YAML that cannot be edited ({str(error).splitlines()[0][:80]}); write it more plainly"
            raise refuse(Mark(self._file), message) from error


def node_at(root: Node, path: Path) -> Node | None:
    """The node of the original tree at an original path."""
    node = root
    for step in path:
        if isinstance(step, int):
            if step >= len(node.items):
                return None
            node = node.items[step]
        elif step in node.mapping:
            node = node.mapping[step]
        else:
            return None
    return node


def mark_at(root: Node, path: Path) -> Mark:
    """Where the nearest thing to an original path stands in the original."""
    while path:
        node, owner = node_at(root, path), node_at(root, path[:-1])
        if node is not None and owner is not None:
            return owner.keys.get(str(path[-1]), node.mark)
        path = path[:-1]
    return root.mark


def _places(value: Any, path: Path, seen: set[int]) -> Iterator[tuple[Path, int, int]]:
    if not isinstance(value, CommentedMap | CommentedSeq) or id(value) in seen:
        return  # an alias leads to what has been seen
    seen.add(id(value))
    for key in _own(value):
        line, column, *where = value.lc.data[key]
        yield (*path, key), line + 1, column + 1
        if where:
            yield (*path, key), where[0] + 1, where[1] + 1
        yield from _places(value[key], (*path, key), seen)


def _scalars(value: Any, path: Path, seen: set[int]) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, CommentedMap | CommentedSeq) and id(value) not in seen:
        seen.add(id(value))
        for key in _own(value):
            yield from _scalars(value[key], (*path, key), seen)


def _own(value: CommentedMap | CommentedSeq) -> list[Any]:
    # Without what `<<` merges in: that is written, and changed, at its anchor.
    there = range(len(value)) if isinstance(value, CommentedSeq) else value
    return [key for key in value.lc.data or () if key in there]
