"""The files beside a Compose file: what is copied into the scenario, and to where."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ncr.scenario.files import Directory
from ncr.scenario.tree import Findings, Mark

# Names that mean something in a scenario's directory; what has them in a lab is put in a folder of its own.
_OURS = frozenset(
    {"scenario.yml", "compose.yml", "shared.yml", "play.yml", "briefing.nb.md", "briefing.en.md", "files", "checks",
     "play", "GUIDE.nb.md", "GUIDE.en.md", "."}
)  # fmt: skip


@dataclass(slots=True)
class Lab:
    """A lab's folder and what is taken from it: sources by their path in the scenario."""

    path: Path
    found: Directory
    taken: dict[str, bytes | Path] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def resolve(self, written: str) -> str | None:
        """A path in the lab as written, relative and normal; None when it is outside."""
        if written.startswith(("/", "~")) or "\\" in written or "\x00" in written:
            return None
        inside = os.path.normpath(PurePosixPath(written))
        return None if inside == ".." or inside.startswith("../") else inside

    def has(self, inside: str) -> bool:
        """Whether a file is there, or a folder with any."""
        return inside in self.found.files or any(self.below(inside))

    def below(self, folder: str) -> list[str]:
        """The files in a folder, and in its folders."""
        start = "" if folder == "." else f"{folder}/"
        return [name for name in self.found.files if name.startswith(start)] if folder in self.found.folders else []

    def take(self, inside: str, apart: str) -> str:
        """Copy a file or folder; its path in the scenario is the same, or in the folder `apart` when that is ours."""
        if inside not in self.places:
            top = inside.split("/")[0]
            self.places[inside] = inside if top not in _OURS else apart if inside == "." else f"{apart}/{inside}"
            start = self.places[inside]
            if inside in self.found.files:
                self.taken[start] = self.path / inside
            for name in self.below(inside):
                rest = name if inside == "." else name.removeprefix(f"{inside}/")
                self.taken[f"{start}/{rest}"] = self.path / name
        return self.places[inside]

    def text(self, inside: str, largest: int) -> str:
        """A file's content as text, at most `largest` bytes of it."""
        return self.found.read(inside, largest).decode(errors="replace")


class Planned(Directory):
    """A scenario's directory as it will be."""

    def __init__(self, taken: Mapping[str, bytes | Path], findings: Findings) -> None:
        super().__init__(Path(), findings)
        self._taken = taken
        for name, content in taken.items():
            self.files[name] = len(content) if isinstance(content, bytes) else content.stat().st_size
            self.folders.update(str(folder) for folder in PurePosixPath(name).parents)

    def read(self, name: str, largest: int = 256 * 1024) -> bytes:
        """The content that the file will have, at most one byte over `largest`."""
        content = self._taken[name]
        if isinstance(content, bytes):
            return content[: largest + 1]
        with content.open("rb") as file:
            return file.read(largest + 1)


def lab_of(folder: Path) -> tuple[Lab, list[tuple[Mark, str]]]:
    """The lab in a folder, and what in it cannot be taken, with why: links, special files."""
    directory = Directory(folder, Findings())
    directory.survey()
    return Lab(folder, directory), list(directory.findings.problems)
