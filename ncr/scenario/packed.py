"""What is in a zip or tar.gz, one entry after the other, without believing what it says about itself."""

import gzip
import io
import stat
import struct
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

Kind = Literal["file", "folder", "link", "special", "encrypted", "packed otherwise"]
# Headers are read whole: one that is larger than this was made to fill memory.
LARGEST_HEADER = 1024 * 1024
LARGEST_DIRECTORY = 4 * 1024 * 1024
_END, _END64 = b"PK\x05\x06", b"PK\x06\x07"
_END_BYTES, _END64_BYTES, _COMMENT_BYTES = 22, 20, 65535
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class Unreadable(Exception):
    """It is no archive of this kind, or a broken or malicious one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One member: its path as written, what it is, the bytes it says it has, and whether it may be run."""

    name: str
    kind: Kind
    size: int
    runs: bool
    content: IO[bytes]


def zipped(path: Path) -> Iterator[Entry]:
    """The entries of a zip, in its order. Raises Unreadable, and what `zipfile` and `zlib` raise."""
    _refuse_large_directory(path)
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            kind = _zip_kind(info)
            content: IO[bytes] = archive.open(info) if kind == "file" else io.BytesIO()
            with content:
                yield Entry(info.filename, kind, info.file_size, bool((info.external_attr >> 16) & 0o111), content)


def tarred(path: Path) -> Iterator[Entry]:
    """The entries of a tar.gz, in its order. Raises Unreadable, and what `tarfile` and `zlib` raise."""
    with _Careful(path) as unpacked, tarfile.open(fileobj=unpacked, mode="r:") as archive:
        for info in archive:
            kind = _tar_kind(info)
            content = archive.extractfile(info) if kind == "file" else None
            yield Entry(info.name, kind, info.size, bool(info.mode & 0o111), content or io.BytesIO())


def _refuse_large_directory(path: Path) -> None:
    """`zipfile` holds the whole list of contents in memory, so its length is looked at first."""
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - _END_BYTES - _END64_BYTES - _COMMENT_BYTES))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        raise Unreadable("its end is missing")
    listed, comment = struct.unpack_from("<L4xH", tail, at + 12)
    if len(tail) - at - _END_BYTES != comment:
        raise Unreadable("something follows its end")
    if tail[max(0, at - _END64_BYTES) : at].startswith(_END64) or listed > LARGEST_DIRECTORY:
        raise Unreadable("its list of contents is too long")


def _zip_kind(info: zipfile.ZipInfo) -> Kind:
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return "link"
    if info.is_dir():
        return "folder"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "special"
    if info.flag_bits & 0x41:
        return "encrypted"
    return "file" if info.compress_type in _PACKINGS else "packed otherwise"


def _tar_kind(info: tarfile.TarInfo) -> Kind:
    if info.issym() or info.islnk():
        return "link"
    if info.isdir():
        return "folder"
    return "file" if info.isreg() and not info.issparse() else "special"


class _Careful(gzip.GzipFile):
    """Unpacks as it is read, and is never asked for more than a header may be at a time."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= LARGEST_HEADER:
            raise Unreadable("one of its headers is too large")
        return super().read(size)
