"""What a scenario is, byte for byte: a digest of its directory, and a copy that has the same digest."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from ncr.scenario.files import is_unseen


def digest(directory: Path) -> str:
    """SHA-256 over the paths, executable bits and contents of all that is part of the scenario; 64 hex digits."""
    total = hashlib.sha256()
    for name in _files(directory):
        path = directory / name
        mode = "x" if path.stat().st_mode & 0o111 else "-"
        # Lengths are written before what they measure, so no two directories can run together into one text.
        total.update(f"{mode} {len(name.encode())} {name} {path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def copy(directory: Path, destination: Path) -> None:
    """Copy what is part of the scenario to `destination`, which must not exist; links are never followed."""
    shutil.copytree(
        directory, destination, symlinks=True, ignore=lambda _, names: {name for name in names if is_unseen(name)}
    )


def _files(directory: Path) -> Iterator[str]:
    found = []
    for here, folders, files in os.walk(directory):
        folders[:] = [name for name in folders if not is_unseen(name)]
        found += [(Path(here) / name).relative_to(directory).as_posix() for name in files if not is_unseen(name)]
    yield from sorted(found)
