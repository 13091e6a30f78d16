"""The scenario's directory: what may lie in it, and reading what does; no links, nothing outside, nothing too large."""

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ncr.scenario.tree import Findings, Mark

MOST_ENTRIES = 2000
LARGEST_BYTES = 200 * 1024 * 1024
LARGEST_COPIED = 16 * 1024 * 1024
LARGEST_TEXT = 256 * 1024
LARGEST_SCRIPT = 64 * 1024
LARGEST_HANDOUT = 50 * 1024 * 1024
LARGEST_ENVIRONMENT = 1024 * 1024
_UNSEEN_FOLDERS = frozenset({".git", "__pycache__", ".idea", ".vscode", ".mypy_cache", ".ruff_cache", ".pytest_cache"})


def is_unseen(name: str) -> bool:
    """Whether a file or folder is no part of the scenario: version control, caches, editors' leftovers."""
    return (
        name in _UNSEEN_FOLDERS
        or name == ".DS_Store"
        or name.endswith(("~", ".swp", ".swo", ".pyc"))
        or name[:2] == ".#"
    )


@dataclass(slots=True)
class Directory:
    """A scenario's directory as found: sizes of its files by relative path, and its folders.

    `spent` is what `spend` has counted.
    """

    path: Path
    findings: Findings
    files: dict[str, int] = field(default_factory=dict)
    folders: set[str] = field(default_factory=lambda: {"."})
    spent: int = 0

    def survey(self) -> None:
        """Look at everything in it once; links, special files and too much are findings."""
        for here, folders, files in os.walk(self.path):
            relative = PurePosixPath(Path(here).relative_to(self.path).as_posix())
            folders[:] = sorted(name for name in folders if not is_unseen(name))
            for name in [*folders, *sorted(files)]:
                if not is_unseen(name):
                    self._take(str(relative / name))
            if len(self.files) + len(self.folders) > MOST_ENTRIES:
                self.findings.add(Mark(str(relative)), f"is one of over {MOST_ENTRIES} files and folders; remove some")
                return
        if sum(self.files.values()) > LARGEST_BYTES:
            limit = f"{LARGEST_BYTES // 2**20} MiB"
            largest = max(self.files, key=lambda name: self.files[name])
            self.findings.add(
                Mark(largest), f"is the largest of files over the size limit of {limit} together; remove some"
            )

    def _take(self, name: str) -> None:
        path = self.path / name
        if path.is_symlink():
            self.findings.add(Mark(name), "is a link; a scenario holds files and folders only, so copy it here")
        elif path.is_dir():
            self.folders.add(name)
        elif path.is_file():
            self.files[name] = path.stat().st_size
        else:
            self.findings.add(Mark(name), "is neither a file nor a folder; remove it")

    def resolve(self, written: str, mark: Mark, base: str = ".") -> str | None:
        """The path inside the directory that `written` means, seen from `base`; None, with a finding, if none."""
        if written.startswith(("/", "~")) or "\\" in written or "\x00" in written:
            self.findings.add(
                mark, f"`{written}` is not inside the scenario; copy the file in and write its path from here"
            )
            return None
        joined = os.path.normpath(PurePosixPath(base) / written)
        if joined == ".." or joined.startswith("../"):
            self.findings.add(
                mark, f"`{written}` leaves the scenario's directory; copy the file in and refer to it there"
            )
            return None
        if joined not in self.files and joined not in self.folders:
            self.findings.add(mark, f"`{written}` is not there; add {joined} or correct the name")
            return None
        return joined

    def has(self, written: str, base: str = ".") -> bool:
        """Whether `written`, seen from `base`, is there, or is a path that `resolve` refuses for another reason."""
        joined = os.path.normpath(PurePosixPath(base) / written)
        return joined in self.files or joined in self.folders or written.startswith(("/", "~")) or joined[:2] == ".."

    def resolve_file(self, written: str, mark: Mark, base: str = ".", largest: int = LARGEST_COPIED) -> str | None:
        """Like `resolve`, for a file of at most `largest` bytes."""
        name = self.resolve(written, mark, base)
        if name is None:
            return None
        if name in self.folders:
            self.findings.add(mark, f"`{written}` is a folder; name a file")
            return None
        if self.files[name] > largest:
            self.findings.add(mark, f"`{written}` is over the size limit of {largest // 1024} KiB; make it smaller")
            return None
        return name

    def resolve_folder(self, written: str, mark: Mark, base: str = ".") -> str | None:
        """Like `resolve`, for a folder."""
        name = self.resolve(written, mark, base)
        if name is not None and name not in self.folders:
            self.findings.add(mark, f"`{written}` is a file; name a folder")
            return None
        return name

    def spend(self, name: str, mark: Mark) -> bool:
        """Count a file whose content is written out once more; False, with a finding, when that is too much in all."""
        self.spent += self.files[name]
        if self.spent > LARGEST_ENVIRONMENT:
            limit = f"{LARGEST_ENVIRONMENT // 1024} KiB"
            self.findings.add(mark, f"`{name}` brings what services read from env_file over {limit} in all; name fewer")
        return self.spent <= LARGEST_ENVIRONMENT

    def size(self, name: str) -> int:
        """Bytes of a file, or of all files in a folder."""
        inside = "" if name == "." else f"{name}/"
        return self.files.get(name, 0) + sum(size for file, size in self.files.items() if file.startswith(inside))

    def read(self, name: str, largest: int = LARGEST_TEXT) -> bytes:
        """The content of a file found by `survey`, at most one byte over `largest`."""
        with (self.path / name).open("rb") as file:
            return file.read(largest + 1)
