"""Reads YAML into a tree: bounded in size, depth and aliases; no tags, no duplicate keys."""

import math
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)
from yaml.reader import ReaderError

from ncr.scenario.tree import Findings, Mark, Node, Scalar, branch
from ncr.scenario.yamlwords import explain

LARGEST_BYTES = 256 * 1024
DEEPEST = 32
MOST_VALUES = 6_000
_HIDDEN = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\\u202a-\\u202e\\u2066-\\u2069\\ufeff\\ud800-\\udfff]")
_TAG = "tag:yaml.org,2002:"
# What a text without quotes may mean: YAML 1.2's core schema, with YAML 1.1's `_` in numbers and `0b`.
_NULL, _TRUE, _FALSE = ("", "~", "null", "Null", "NULL"), ("true", "True", "TRUE"), ("false", "False", "FALSE")
_INT = re.compile(r"[-+]?(0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)", re.ASCII)
_FLOAT = re.compile(
    r"[-+]?([0-9][0-9_]*\.[0-9_]*([eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+|\.[0-9][0-9_]*([eE][-+][0-9]+)?|\.(inf|Inf|INF))"
    r"|\.(nan|NaN|NAN)",
    re.ASCII,
)


class _Unreadable(Exception):
    """The file cannot be read on from here."""

    def __init__(self, mark: Mark, message: str) -> None:
        super().__init__(message)
        self.mark, self.message = mark, message


def read(content: bytes, file: str, findings: Findings) -> Node | None:
    """The tree of a file's content; None when it cannot be read at all, and then the findings say why."""
    if len(content) > LARGEST_BYTES:
        findings.add(Mark(file), f"is larger than {LARGEST_BYTES // 1024} KiB; split it or move data to other files")
        return None
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        findings.add(Mark(file, line), "is not UTF-8 text; save the file as UTF-8")
        return None
    return _Reader(text, file, findings).document()


class _Reader:
    """One reading of one file; events become nodes, aliases are counted, never copied."""

    def __init__(self, text: str, file: str, findings: Findings) -> None:
        self._lines = text.splitlines()
        self._file, self._findings = file, findings
        self._anchors: dict[str, Node | None] = {}
        # libyaml, for it reads ten times faster than parsers in Python; only the events are its own.
        self._events: Iterator[Any] = yaml.parse(text, Loader=yaml.CSafeLoader)
        self._values = 0

    def document(self) -> Node | None:
        try:
            return self._document()
        except _Unreadable as error:
            self._findings.add(error.mark, error.message)
        except yaml.MarkedYAMLError as error:
            place, message = explain(error, self._lines)
            self._findings.add(Mark(self._file, *place), message)
        except ReaderError as error:
            line = "\n".join(self._lines).count("\n", 0, error.position) + 1
            self._findings.add(Mark(self._file, line), "holds a character that text files may not hold; remove it")
        except (yaml.YAMLError, ValueError) as error:
            self._findings.add(Mark(self._file), f"is not YAML ({str(error).splitlines()[0]}); correct it")
        return None

    def _document(self) -> Node:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    raise _Unreadable(self._mark(event), "begins a second document; keep one per file")
                root = self._node(next(self._events), 0)
        if root is None:
            raise _Unreadable(Mark(self._file), "is empty; write at least one key")
        return root

    def _node(self, event: Any, depth: int) -> Node:
        mark = self._mark(event)
        self._values += 1
        if depth > DEEPEST:
            raise _Unreadable(mark, f"is nested deeper than {DEEPEST} levels; make it flatter")
        if self._values > MOST_VALUES:
            raise _Unreadable(mark, f"is value number {MOST_VALUES + 1}, more than a file may hold; split the file")
        if isinstance(event, AliasEvent):
            return self._alias(event, mark, depth)
        if event.anchor:
            self._anchors[event.anchor] = None
        node = self._new(event, mark, depth)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _new(self, event: Any, mark: Mark, depth: int) -> Node:
        tag = str(event.tag or "")
        if tag and tag != "!" and not (tag.startswith(_TAG) and tag.removeprefix(_TAG) in ("str", "int", "float")):
            self._findings.add(mark, f"has the tag `{tag.replace(_TAG, '!!')}`; write it without a tag")
        if isinstance(event, ScalarEvent):
            return self._scalar(event, tag, mark)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(mark, depth)
        if isinstance(event, MappingStartEvent):
            return self._mapping(mark, depth, flow=bool(event.flow_style))
        raise _Unreadable(mark, "is not a value; write text, a number, a list or a mapping")

    def _alias(self, event: Any, mark: Mark, depth: int) -> Node:
        if event.anchor not in self._anchors:
            raise _Unreadable(
                mark, f"refers to `&{event.anchor}`, which is not above; write the anchor first, or quote"
            )
        node = self._anchors[event.anchor]
        if node is None:
            raise _Unreadable(mark, f"`*{event.anchor}` stands inside `&{event.anchor}` itself; break the circle")
        if depth + node.height > DEEPEST:
            raise _Unreadable(mark, f"nests deeper than {DEEPEST} levels by its aliases; make it flatter")
        self._values += node.size
        if self._values > MOST_VALUES:
            raise _Unreadable(mark, f"writes out to more than {MOST_VALUES} values by its aliases; use fewer aliases")
        return node

    def _sequence(self, mark: Mark, depth: int) -> Node:
        items = []
        while not isinstance(event := next(self._events), CollectionEndEvent):
            items.append(self._node(event, depth + 1))
        return branch(items, mark)

    def _mapping(self, mark: Mark, depth: int, flow: bool) -> Node:
        members: dict[str, Node] = {}
        keys: dict[str, Mark] = {}
        merged: list[Node] = []
        while not isinstance(event := next(self._events), CollectionEndEvent):
            key, at = self._key(event), self._mark(event)
            end, value = event.end_mark.index, next(self._events)
            child = self._node(value, depth + 1)
            if key == "<<" and not event.style:
                merged += child.items or [child]
                continue
            if key in members:
                self._findings.add(at, f"`{key}` stands twice (first on line {keys[key].line}); keep one of them")
            if flow and child.value is None and value.start_mark.index == end:
                self._findings.add(at, f"`{key}` has no value; a text with a comma inside braces must stand in quotes")
                continue
            members[key], keys[key] = child, at
        for other in merged:
            self._merge(other, members, keys)
        return branch(members, mark, keys)

    def _merge(self, other: Node, members: dict[str, Node], keys: dict[str, Mark]) -> None:
        if not isinstance(other.value, dict):
            self._findings.add(other.mark, "`<<` merges mappings only; give it an alias of a mapping")
        for key, child in other.mapping.items():
            if key not in members:
                members[key], keys[key] = child, other.keys[key]

    def _key(self, event: Any) -> str:
        if not isinstance(event, ScalarEvent):
            raise _Unreadable(self._mark(event), "is not a key; a text that begins with { or [ must stand in quotes")
        return self._checked(event.value, self._mark(event))

    def _scalar(self, event: Any, tag: str, mark: Mark) -> Node:
        raw = self._checked(event.value, mark)
        if event.style or tag:
            return Node(raw, mark, raw)
        return Node(self._meant(raw, mark), mark, raw)

    def _meant(self, raw: str, mark: Mark) -> Scalar:
        if raw in _NULL:
            return None
        if raw in _TRUE or raw in _FALSE:
            return raw in _TRUE
        whole = _INT.fullmatch(raw)
        if not whole and not _FLOAT.fullmatch(raw):
            return raw
        number: float = math.inf
        with suppress(ValueError):  # too long, or no digit after 0x
            written = raw.replace("_", "")
            number = (
                int(written, 0 if written.lstrip("+-")[:2] in ("0x", "0o", "0b") else 10) if whole else float(written)
            )
        if not abs(number) <= 2**63:  # infinite, or not a number at all
            self._findings.add(
                mark, f"`{raw[:20]}` is no number that fits here; write a smaller one, or quote the text"
            )
            return 0
        return number

    def _checked(self, text: str, mark: Mark) -> str:
        if _HIDDEN.search(text):
            self._findings.add(mark, "holds a control, direction or broken character; remove it")
        return text

    def _mark(self, event: Any) -> Mark:
        start = event.start_mark
        return Mark(self._file, start.line + 1, start.column + 1)
