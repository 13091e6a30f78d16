"""Prints the installed packages that the service does not need to run: the lock also names the tools of development."""

from importlib.metadata import PackageNotFoundError, distributions, requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def wanted(name: str, extras: frozenset[str], seen: set[tuple[str, frozenset[str]]]) -> None:
    """Adds `name` and all that it needs to `seen`; what is not installed here is not needed here."""
    if (name, extras) in seen:
        return
    try:
        needs = requires(name) or []
    except PackageNotFoundError:
        return
    seen.add((name, extras))
    for need in map(Requirement, needs):
        if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras | {""}):
            wanted(canonicalize_name(need.name), frozenset(need.extras), seen)


seen: set[tuple[str, frozenset[str]]] = set()
wanted("ncr", frozenset(), seen)
installed = {canonicalize_name(found.name) for found in distributions()}
print(*sorted(installed - {name for name, _ in seen}), sep="\n")
