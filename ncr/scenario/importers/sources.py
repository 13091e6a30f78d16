"""Reads what is to be imported: bounded, never through links, every complaint with its place."""

import re
from functools import lru_cache
from pathlib import Path

from ncr.scenario import yamlfile
from ncr.scenario.files import Directory
from ncr.scenario.importers import jsontext
from ncr.scenario.importers.frame import refusal, refuse
from ncr.scenario.tree import Findings, Mark, Node

LARGEST_LAB_BYTES = 64 * 1024
MOST_LAB_VALUES = 1500
_KEY = re.compile(rb"^[\"']?([A-Za-z_][A-Za-z0-9_-]*)[\"']?[ \t]*:(?=\s|$)", re.MULTILINE)


def content(path: Path, largest: int = yamlfile.LARGEST_BYTES) -> bytes:
    """A file's bytes. Raises ScenarioInvalid when it is no file, cannot be read or is larger than `largest`."""
    try:
        if path.is_symlink() or not path.is_file():
            raise refuse(Mark(path.name), "is not a file; name the file itself, not a link")
        with path.open("rb") as file:
            found = file.read(largest + 1)
    except OSError as error:
        raise refuse(Mark(path.name), f"cannot be read ({error.strerror}); see to the permissions") from error
    if len(found) > largest:
        raise refuse(Mark(path.name), f"is larger than {largest // 1024} KiB; split it")
    return found


def tree(path: Path, name: str = "") -> Node:
    """A YAML or JSON file as a tree; complaints name it `name`. Raises ScenarioInvalid with all that is wrong."""
    findings = Findings()
    root = yamlfile.read(content(path), name or path.name, findings)
    if root is None or findings.problems:
        raise refusal(findings)
    return root


def topology(path: Path) -> Node:
    """Like `tree`, for a file that describes one lab: of a size at which it can be edited within a second."""
    content(path, LARGEST_LAB_BYTES)
    root = tree(path)
    if root.size > MOST_LAB_VALUES:
        raise refuse(root.mark, f"holds over {MOST_LAB_VALUES} values, more than one lab has; split it")
    return root


def keys(path: Path) -> frozenset[str]:
    """The top-level keys of a YAML or JSON file, lower-case; none when it cannot be read as a mapping.

    Raises ScenarioInvalid for a file in which more is wrong than is told of.
    """
    if path.is_symlink() or not path.is_file() or path.stat().st_size > yamlfile.LARGEST_BYTES:
        return frozenset()
    return _keys(path.read_bytes(), path.name)


# Each format looks at the same file in turn, and reading it is most of the work.
@lru_cache(maxsize=8)
def _keys(content: bytes, name: str) -> frozenset[str]:
    is_json = name.endswith(".json")
    if not is_json and not content.lstrip().startswith((b"{", b"[")):
        # Written in blocks, the keys begin lines; so a file that is wrong further down is known for what it is.
        return frozenset(key.decode().lower() for key in _KEY.findall(content))
    root = (jsontext if is_json else yamlfile).read(content, name, Findings())
    return frozenset(key.lower() for key in root.mapping) if root else frozenset()


def survey(folder: Path) -> Directory:
    """What lies in a folder. Raises ScenarioInvalid for what no scenario may hold: links, special files, too much."""
    directory = Directory(folder, Findings())
    directory.survey()
    if directory.findings.problems:
        raise refusal(directory.findings)
    return directory
