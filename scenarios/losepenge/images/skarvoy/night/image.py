"""A disk image of a folder without mounting anything: ext4 by mke2fs, deletions and times by debugfs."""

import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

SIZE = "12M"
MADE = 1718000000  # the disk was formatted in June 2024
COPIED = 1773555300  # 15 March 2026, 06:15 UTC, says the duty log
# Two fields of the superblock that come out differently every time: its last write, and kilobytes ever written.
_LAST_WRITE, _EVER_WRITTEN = 1024 + 0x30, 1024 + 0x178
UUID = "5ca47001-0f11-4e57-9a1d-20260315f101"


def make_image(root: Path, deleted: list[tuple[str, float, Path]], births: dict[int, float], image: Path) -> None:
    """Write `image` with all of `root`, and with what was `deleted` (path, when, content) unlinked but not wiped."""
    for name, _, content in deleted:
        place, folder = root / name, (root / name).parent
        seen = folder.stat().st_mtime
        shutil.copy2(content, place)
        os.utime(folder, (seen, seen))
    for path in [root, *root.rglob("*")]:
        os.chown(path, 0, 0)
        path.chmod(0o755 if path.is_dir() else 0o644)
    _run(["mke2fs", "-q", "-t", "ext4", "-b", "1024", "-m", "0", "-U", UUID, "-L", "fil01",
          "-O", "^has_journal,^metadata_csum,^resize_inode", "-E", f"hash_seed={UUID},root_owner=0:0",
          "-d", str(root), str(image), SIZE], {"E2FSPROGS_FAKE_TIME": str(MADE)})  # fmt: skip
    # Times first: a name that has been removed cannot be asked for any more.
    commands = [*_times(root, births), *_deletions(root, deleted)]
    _run(["debugfs", "-w", "-f", "/dev/stdin", str(image)], {}, "\n".join(commands) + "\n")
    for name, _, _ in deleted:
        (root / name).unlink()
    with image.open("r+b") as file:
        for place, value in ((_LAST_WRITE, struct.pack("<I", COPIED)), (_EVER_WRITTEN, struct.pack("<Q", 48211))):
            file.seek(place)
            file.write(value)


def _times(root: Path, births: dict[int, float]) -> Iterator[str]:
    for path in sorted(root.rglob("*")):
        name, at = f"/{path.relative_to(root)}", path.stat().st_mtime
        born = births.get(path.stat().st_ino, at)
        for field, value in (("mtime", at), ("ctime", at), ("atime", at), ("crtime", born)):
            yield f'set_inode_field "{name}" {field} @{int(value)}'
        for field in ("ctime_extra", "crtime_extra", "mtime_extra", "atime_extra"):
            yield f'set_inode_field "{name}" {field} 0'


def _deletions(root: Path, deleted: list[tuple[str, float, Path]]) -> Iterator[str]:
    for name, gone, _ in deleted:
        yield f"set_current_time @{int(gone)}"
        yield f'rm "/{name}"'
    yield "set_current_time @0"


def _run(command: list[str], more: dict[str, str], told: str = "") -> None:
    done = subprocess.run(
        command, env={**os.environ, **more, "TZ": "UTC"}, input=told, capture_output=True, text=True, check=False
    )
    complaints = [line for line in done.stderr.splitlines() if not line.startswith("debugfs 1.")]
    if done.returncode or complaints:
        raise SystemExit(f"{command[0]}: {' / '.join(complaints)[:800]}")
