"""Reads the members of one Compose mapping, in every form Compose allows; what is wrong becomes a finding."""

import math
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from ncr.errors import Invalid
from ncr.scenario.compose.keys import Keys
from ncr.scenario.files import Directory
from ncr.scenario.interpolation import interpolate, names, settled
from ncr.scenario.maxima import Maxima
from ncr.scenario.tree import Findings, Mark, Node, nearest

_SIZE = re.compile(r"(\d{1,15}(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_UNITS = {"": 1 / 2**20, "k": 1 / 2**10, "m": 1, "g": 2**10, "t": 2**20}
_TIME = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?(?:(\d+)us)?")


@dataclass(frozen=True, slots=True)
class Context:
    """What reading a Compose file needs besides the file: where, what names and limits there are, where to complain.

    `own` are names that each team has its own value for, where the file is one for all teams.
    """

    findings: Findings
    directory: Directory
    names: frozenset[str]
    maxima: Maxima
    internet: bool = False
    own: frozenset[str] = frozenset()

    def template(self, node: Node) -> str:
        """A scalar as a template with settled names; empty, with a finding, when it is none."""
        if node.mapping or node.items or isinstance(node.value, dict | list):
            self.findings.add(node.mark, "must be a text; put it in quotes")
            return ""
        try:
            template = settled(node.raw, self.names | self.own)
            if used := names(template) & self.own:
                what = f"`${{{min(used)}}}` is each team's own, and what is shared is one for all; write the value"
                self.findings.add(node.mark, what)
            return template
        except Invalid as error:
            self.findings.add(node.mark, error.detail)
            return ""

    def fixed(self, node: Node) -> str:
        """A scalar that is the same for every team."""
        return self.same(self.template(node), node)

    def same(self, template: str, node: Node) -> str:
        """A template at a node that is the same for every team, as text."""
        if used := names(template):
            variable = sorted(used)[0]
            self.findings.add(node.mark, f"uses ${{{variable}}}, but must be the same for every team; write the value")
            return ""
        return interpolate(template, {})


def check_keys(node: Node, keys: Keys, context: Context) -> None:
    """Findings for every key that is dropped, refused or unknown, and for a node that is no mapping."""
    if not isinstance(node.value, dict):
        known = ", ".join(sorted(keys.honoured)[:6])
        context.findings.add(node.mark, f"{keys.what} must be a mapping with keys such as {known}")
    for key, mark in node.keys.items():
        if key in keys.honoured or key.startswith("x-"):
            continue
        if key in keys.dropped:
            if keys.dropped[key]:
                context.findings.note(mark, f"`{key}` {keys.dropped[key]}")
        elif key in keys.refused:
            context.findings.add(mark, f"`{key}` {keys.refused[key]}")
        else:
            known_names = {*keys.honoured, *keys.dropped}
            context.findings.add(mark, f"`{key}` is not a key of {keys.what}; {nearest(key, known_names)}")


def base_of(node: Node) -> str:
    """The folder that relative paths in this node's file are seen from."""
    return str(PurePosixPath(node.mark.file).parent)


class Fields:
    """The members of a mapping by key. A missing or null member reads as None or empty."""

    def __init__(self, node: Node, context: Context) -> None:
        self.node, self.context = node, context

    def get(self, key: str) -> Node | None:
        """The member, unless missing or null."""
        child = self.node.mapping.get(key)
        return None if child is None or child.value is None else child

    def add(self, key: str, message: str) -> None:
        """A finding at the member's value."""
        child = self.node.mapping.get(key)
        self.context.findings.add(child.mark if child else self.node.mark, message)

    def template(self, key: str) -> str | None:
        """Text that may differ between teams."""
        child = self.get(key)
        return self.context.template(child) if child else None

    def text(self, key: str) -> str | None:
        """Text that is the same for every team."""
        child = self.get(key)
        return self.context.fixed(child) if child else None

    def matching(self, key: str, pattern: str, right: str) -> str | None:
        """Text of a given shape; `right` says which."""
        text = self.text(key)
        if text and not re.fullmatch(pattern, text):
            self.add(key, f"`{text}` is not right here; {right}")
            return None
        return text or None

    def words(self, key: str) -> tuple[str, ...] | None:
        """A command: a list, or a text split as a shell would."""
        child = self.get(key)
        if child is None:
            return None
        if isinstance(child.value, list):
            return tuple(self.context.template(item) for item in child.items)
        try:
            return tuple(shlex.split(self.context.template(child)))
        except ValueError:
            self.add(key, "has a quote that is never closed; close it, or write a list")
            return None

    def items(self, key: str) -> Iterator[Node]:
        """A list's items; a single text is a list of one."""
        child = self.get(key)
        if child is not None and isinstance(child.value, dict):
            self.add(key, "must be a list; write - before each item")
        elif child is not None:
            yield from child.items if isinstance(child.value, list) else [child]

    def pairs(self, key: str, separators: str = "=") -> Iterator[tuple[str, Node, str | None]]:
        """(name, where, value as written or None) of a mapping, or of a list of NAME=VALUE."""
        child = self.get(key)
        if child is not None and not isinstance(child.value, dict | list):
            self.add(key, "must be a mapping NAME: VALUE or a list of NAME=VALUE")
        elif child is not None:
            yield from _pairs(child, separators, self.context)

    def templates(self, key: str) -> dict[str, str]:
        """Names and texts that may differ between teams; a name without a value is left out with a note."""
        found = {}
        for name, node, value in self.pairs(key):
            if value is None:
                self.context.findings.note(node.mark, f"`{name}` has no value and is left out; write one")
            else:
                found[name] = value
        return found

    def boolean(self, key: str, default: bool = False) -> bool:
        """true or false."""
        child = self.get(key)
        if child is None or isinstance(child.value, bool):
            return bool(child.value) if child else default
        word = self.context.fixed(child).lower()
        if word not in ("true", "false"):
            self.add(key, "must be true or false")
        return word == "true"

    def whole(self, key: str, low: int, high: int) -> int | None:
        """A whole number from `low` to `high`."""
        child = self.get(key)
        if child is None:
            return None
        text = self.context.fixed(child)
        if not re.fullmatch(r"-?\d{1,18}", text) or not low <= int(text) <= high:
            self.add(key, f"`{text}` is not right here; write a whole number from {low} to {high}")
            return None
        return int(text)

    def real(self, key: str, low: float, high: float) -> float | None:
        """A number over `low`, at most `high`."""
        child = self.get(key)
        if child is None:
            return None
        text = self.context.fixed(child)
        if not re.fullmatch(r"\d{1,12}(\.\d+)?", text) or not low < float(text) <= high:
            self.add(
                key, f"`{text}` is not right here; write a number over {low:g}, at most {high:g} (the site's maximum)"
            )
            return None
        return float(text)

    def seconds(self, key: str, default: float, most: float = 3600.0) -> float:
        """A Compose duration such as 1m30s or 500ms; a longer one than `most` is taken as that, with a note."""
        child = self.get(key)
        if child is None:
            return default
        match = _TIME.fullmatch(text := self.context.fixed(child))
        if not text or not match or not any(match.groups()):
            self.add(key, f"`{text}` is not a duration; write 30s, 1m30s or 500ms")
            return default
        hours, minutes, seconds, millis, micros = (float(part or 0) for part in match.groups())
        found = hours * 3600 + minutes * 60 + seconds + millis / 1e3 + micros / 1e6
        if found > most:
            self.context.findings.note(child.mark, f"`{key}` is taken as {most:g}s, the longest here")
        return min(found, most)

    def mib(self, key: str, low: int, high: int) -> int | None:
        """A size such as 256m or 1g, in whole MiB, rounded up."""
        child = self.get(key)
        if child is None:
            return None
        match = _SIZE.fullmatch(text := self.context.fixed(child).strip())
        if match is None:
            self.add(key, f"`{text}` is not a size; write 256m or 1g")
            return None
        size = math.ceil(float(match[1]) * _UNITS[match[2].lower()])
        if not low <= size <= high:
            self.add(key, f"`{text}` is not right here; write {low}m to {high}m (the site's maximum)")
            return None
        return size


def _pairs(node: Node, separators: str, context: Context) -> Iterator[tuple[str, Node, str | None]]:
    for name, child in node.mapping.items():
        yield name, child, None if child.value is None else context.template(child)
    for item in node.items:
        text = context.template(item)
        at = min((text.index(mark) for mark in separators if mark in text), default=-1)
        yield (text[:at].strip(), item, text[at + 1 :]) if at >= 0 else (text, item, None)


def mark_of(node: Node, key: str) -> Mark:
    """Where a key stands in a mapping; the mapping itself when it is not there."""
    return node.keys.get(key, node.mark)
