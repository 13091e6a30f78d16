"""Prints the installed packages that the service does not need to run: the lock also names the tools of development."""

import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distributions, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def follow(needs: Iterable[str], extras: frozenset[str], seen: set[tuple[str, frozenset[str]]]) -> None:
    """Adds what is needed, and all that it needs in turn, to `seen`; what is not installed here is not needed here."""
    for need in map(Requirement, needs):
        if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras | {""}):
            wanted(canonicalize_name(need.name), frozenset(need.extras), seen)


def wanted(name: str, extras: frozenset[str], seen: set[tuple[str, frozenset[str]]]) -> None:
    """Adds the package, and all that it needs, to `seen`."""
    if (name, extras) in seen:
        return
    try:
        needs = requires(name) or []
    except PackageNotFoundError:
        return
    seen.add((name, extras))
    follow(needs, extras, seen)


seen: set[tuple[str, frozenset[str]]] = set()
follow(tomllib.loads(Path(sys.argv[1]).read_text())["project"]["dependencies"], frozenset(), seen)
installed = {canonicalize_name(found.name) for found in distributions()}
print(*sorted(installed - {name for name, _ in seen} - {"ncr"}), sep="\n")
