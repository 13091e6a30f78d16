"""The server's disk during the night: gives files the story's times, and keeps the contents of what is deleted."""

import json
import os
from pathlib import Path

# Whatever the kernel stamped after this is a write of ours that has not got its story time yet.
STORY_ENDS = 1773561600  # 15 March 2026, 08:00 UTC


def settle(now: float) -> None:
    """Give every file written since the last time the time `now`; put by new ones, and note which are gone."""
    root, kept = _root(), _kept()
    if not root.is_dir():
        return
    for path in sorted(root.rglob("*"), reverse=True):
        seen = path.lstat()
        if seen.st_mtime > STORY_ENDS:
            os.utime(path, (now, now))
        if path.is_file() and not (kept / str(seen.st_ino)).exists():
            # A second name for the same file: its content outlives the first name, as on a disk.
            os.link(path, kept / str(seen.st_ino))
            told = {"path": str(path.relative_to(root)), "born": min(seen.st_mtime, now)}
            (kept / f"{seen.st_ino}.json").write_text(json.dumps(told))
    for note in kept.glob("*.json"):
        told = json.loads(note.read_text())
        content = note.with_suffix("")
        if "gone" not in told and content.stat().st_nlink == 1:
            note.write_text(json.dumps({**told, "gone": now}))
            if content.stat().st_mtime > STORY_ENDS:
                os.utime(content, (now, now))


def deleted() -> list[tuple[str, float, Path]]:
    """Path below the root, when it was deleted, and where its content is, for every file deleted in the night."""
    notes = [(note, json.loads(note.read_text())) for note in sorted(_kept().glob("*.json"))]
    return [(told["path"], told["gone"], note.with_suffix("")) for note, told in notes if "gone" in told]


def births() -> dict[int, float]:
    """Inode of every file there has been -> when it was made."""
    return {int(note.stem): json.loads(note.read_text())["born"] for note in _kept().glob("*.json")}


def _root() -> Path:
    return Path(os.environ["LAB"]) / "fil01"


def _kept() -> Path:
    kept = Path(os.environ["LAB"]) / "kept"
    kept.mkdir(exist_ok=True)
    return kept
