"""Takes a scenario out of an archive that anybody may have made: bounded, nothing outside, no links."""

import errno
import re
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from ncr.errors import Problem, ScenarioInvalid
from ncr.scenario import yamlfile
from ncr.scenario.files import LARGEST_BYTES, MOST_ENTRIES, is_unseen
from ncr.scenario.loader import DEFINITION
from ncr.scenario.packed import Entry, Unreadable, tarred, zipped
from ncr.scenario.tree import Findings, find
from ncr.scenario.values import ID

LARGEST_ARCHIVE = LARGEST_BYTES
# Text seldom packs to less than a twentieth; what packs to a hundredth was made to fill disks.
RATIO, FREE_BYTES = 100, 1024 * 1024
LONGEST_PATH, LONGEST_NAME = 400, 200
CHUNK = 256 * 1024
# The disk's fault, not the archive's.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
# No scenario's id looks like this.
UNPACKED = ".unpacked"
FORMATS = {b"PK": zipped, b"\x1f\x8b": tarred}
BROKEN = (
    Unreadable, zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, ValueError, NotImplementedError,
    OverflowError, UnicodeError,
)  # fmt: skip
# What archivers on desktops add beside the files.
EXTRAS = frozenset({"__MACOSX"})


def unpack(archive: Path, into: Path) -> Path:
    """Write what the archive holds below `into`, an empty folder, and return the scenario's own folder there.

    The scenario lies at the top of the archive or in its only folder. Raises ScenarioInvalid naming every entry that is
    not allowed (links, special files, paths that leave, names that come twice), or the limit that was passed: entries,
    bytes in all, or how far they were packed. Raises OSError when the disk is full.
    """
    with archive.open("rb") as file:
        entries = FORMATS.get(file.read(2))
    if entries is None:
        raise _refused("is neither a zip nor a tar.gz; pack the scenario's directory as one of them")
    most = min(LARGEST_BYTES, FREE_BYTES + RATIO * archive.stat().st_size)
    top = into / UNPACKED
    top.mkdir()
    try:
        _write(entries(archive), top, most)
    except BROKEN as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise
        raise _refused(f"cannot be read ({str(error)[:120] or type(error).__name__}); pack it again") from None
    return _named_by_id(_holder(top), into)


def _write(entries: Iterator[Entry], top: Path, most: int) -> None:
    problems: list[Problem] = []
    names: dict[str, bool] = {}
    left = most
    for number, entry in enumerate(entries, 1):
        if number > MOST_ENTRIES:
            raise _refused(f"has over {MOST_ENTRIES} entries; remove some")
        wrong = _wrong(entry) or _wrong_name(entry.name) or _taken(entry, names)
        if wrong:
            problems.append(Problem(_shown(entry.name), wrong))
        elif entry.size > left:
            raise _refused(f"holds more than {most // 1024} KiB unpacked, or is packed too far to be trusted")
        elif not problems and not _is_left_out(entry.name):
            left -= _place(entry, top.joinpath(*_parts(entry.name)), left)
    if problems:
        raise ScenarioInvalid(f"the archive has {len(problems)} entries that are not allowed", problems)


def _wrong(entry: Entry) -> str | None:
    if entry.kind in ("file", "folder"):
        return None
    words = {
        "link": "is a link; a scenario holds files and folders only, so pack the file itself",
        "special": "is neither a file nor a folder; leave it out",
        "encrypted": "is encrypted; pack it without a password",
    }
    return words.get(entry.kind, "is packed in a way that is not read here; pack with deflate")


def _wrong_name(name: str) -> str | None:
    if name.startswith(("/", "~")) or "\\" in name or name[1:2] == ":":
        return "is not a path inside the archive; pack the scenario's directory from the folder above it"
    if ".." in name.split("/"):
        return "leaves the archive; pack the scenario's directory from the folder above it"
    if len(name) > LONGEST_PATH or any(len(part.encode()) > LONGEST_NAME for part in name.split("/")):
        return "has too long a name; shorten it"
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for letter in name):
        return "has a control, direction or broken character in its name; rename it"
    return None


def _taken(entry: Entry, names: dict[str, bool]) -> str | None:
    """Remember the name; whether it, or a file where it needs a folder, was there before."""
    parts = [unicodedata.normalize("NFC", part).casefold() for part in _parts(entry.name)]
    key, is_folder = "/".join(parts), entry.kind == "folder"
    above = ["/".join(parts[:depth]) for depth in range(1, len(parts))]
    clash = key in names and not (names[key] and is_folder)
    for folder in above:
        clash = clash or not names.setdefault(folder, True)
    if key:
        names[key] = is_folder
    return "is there twice, perhaps in other letters; keep one" if clash else None


def _place(entry: Entry, path: Path, most: int) -> int:
    """Write the entry; the bytes it took."""
    if entry.kind == "folder":
        path.mkdir(parents=True, exist_ok=True)
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with path.open("xb") as file:
        while chunk := entry.content.read(CHUNK):
            written += len(chunk)
            if written > most:
                raise _refused("is larger than it says; pack it again")
            file.write(chunk)
    path.chmod(0o755 if entry.runs else 0o644)
    return written


def _parts(name: str) -> list[str]:
    return [part for part in name.split("/") if part not in ("", ".")]


def _is_left_out(name: str) -> bool:
    return any(is_unseen(part) or part in EXTRAS for part in _parts(name))


def _holder(top: Path) -> Path:
    if (top / DEFINITION).is_file():
        return top
    inside = [path for path in top.iterdir() if (path / DEFINITION).is_file()]
    if len(inside) != 1:
        raise _refused(f"holds {len(inside) or 'no'} {DEFINITION}; pack one scenario's directory")
    return inside[0]


def _named_by_id(folder: Path, into: Path) -> Path:
    """An archive may be made from a folder of any name; the scenario's is its id."""
    with (folder / DEFINITION).open("rb") as file:
        root = yamlfile.read(file.read(yamlfile.LARGEST_BYTES + 1), DEFINITION, Findings())
    written = next((node.text for node in find(root, "id")), None) if root else None
    return folder.rename(into / written) if written and re.fullmatch(ID, written) else folder


def _shown(name: str) -> str:
    return name.encode("ascii", "backslashreplace").decode()[:200]


def _refused(words: str) -> ScenarioInvalid:
    return ScenarioInvalid(f"the archive {words}", [Problem("", f"the archive {words}")])
