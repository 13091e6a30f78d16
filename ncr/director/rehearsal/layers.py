"""What an image holds, layer by layer, what later layers delete included; read off its archive as it streams by."""

import io
import json
import tarfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

Found = Mapping[bytes, tuple["Hit", ...]]
CHUNK = 1 << 20
OPAQUE, GONE = ".wh..wh..opq", ".wh."


@dataclass(frozen=True, slots=True)
class Hit:
    """Where in an image a text was found; what is not `is_visible` no container of it shows."""

    words: str
    is_visible: bool = True


@dataclass(slots=True)
class Layer:
    """One layer: what it writes and deletes, and which texts stand in which of its files."""

    written: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    hits: dict[str, set[bytes]] = field(default_factory=dict)


class Archives:
    """Reads images' archives, looking for some texts; layers that images share are read once."""

    def __init__(self, texts: Collection[bytes]) -> None:
        self._texts = tuple(texts)
        self._layers: dict[str, Layer] = {}

    def read(self, chunks: Iterable[bytes]) -> Found:
        """Where the texts stand in an image, from its archive, with a manifest.json that names settings and layers."""
        small: dict[str, bytes] = {}
        with tarfile.open(fileobj=_Stream(chunks), mode="r|", bufsize=CHUNK) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if content is None or member.name in self._layers:
                    continue
                start = content.read(tarfile.BLOCKSIZE)
                if start[257:262] == b"ustar" or start[:2] == b"\x1f\x8b":
                    self._layers[member.name] = self._layer(_Joined(start, content))
                elif member.size <= CHUNK:
                    small[member.name] = start + content.read()
        manifest = json.loads(small.get("manifest.json", b"[]")) or [{"Layers": [], "Config": ""}]
        layers = [self._layers.get(name, Layer()) for name in manifest[0]["Layers"]]
        about = json.loads(small.get(manifest[0]["Config"], b"{}"))
        # Not its history: nobody in a container sees what the build ran.
        settings = json.dumps(about.get("config"), ensure_ascii=False).encode()
        return {text: tuple(_hits(text, layers, settings)) for text in self._texts}

    def _layer(self, stream: io.RawIOBase) -> Layer:
        layer = Layer()
        with tarfile.open(fileobj=stream, mode="r|*", bufsize=CHUNK) as files:
            for member in files:
                name = member.name.removeprefix("./").strip("/")
                folder, _, last = name.rpartition("/")
                if last.startswith(GONE):
                    layer.deleted.add(f"{folder}/" if last == OPAQUE else f"{folder}/{last[len(GONE) :]}".strip("/"))
                    continue
                layer.written.add(name)
                content = files.extractfile(member) if member.isreg() else None
                texts = self._within(content) if content else set()
                if texts:
                    layer.hits[name] = texts
        return layer

    def _within(self, content: IO[bytes]) -> set[bytes]:
        overlap = max(map(len, self._texts), default=1) - 1
        found: set[bytes] = set()
        kept = b""
        while chunk := content.read(CHUNK):
            window = kept + chunk
            found |= {text for text in self._texts if text in window}
            kept = window[-overlap:] if overlap else b""
        return found


def _hits(text: bytes, layers: Sequence[Layer], settings: bytes) -> list[Hit]:
    """Every place where the text stands; what is hidden counts only where nothing shows it."""
    shown, hidden = [], []
    for number, layer in enumerate(layers):
        for name in sorted(name for name, texts in layer.hits.items() if text in texts):
            if any(_hides(later, name) for later in layers[number + 1 :]):
                words = f"/{name} in layer {number + 1}, which a later layer deletes or replaces"
                hidden.append(Hit(f"{words}; make it in a build stage of its own", False))
            else:
                shown.append(Hit(f"/{name} in layer {number + 1}"))
    settled = [Hit("its settings (a variable, a label or the command)", False)] if text in settings else []
    return settled + (shown or hidden)


def _hides(layer: Layer, name: str) -> bool:
    parents = [name[: at + 1] for at, letter in enumerate(name) if letter == "/"]
    gone = {name, *parents, *(parent.rstrip("/") for parent in parents)} & layer.deleted
    return bool(gone) or name in layer.written


class _Stream(io.RawIOBase):
    """Chunks as a file that is read once."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks: Iterator[bytes] = iter(chunks)
        self._left = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        parts, length = [self._left], len(self._left)
        while size < 0 or length < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            parts.append(chunk)
            length += len(chunk)
        whole = b"".join(parts)
        self._left = whole[size:] if size >= 0 else b""
        return whole[:size] if size >= 0 else whole


class _Joined(io.RawIOBase):
    """What was read already, and the rest after it."""

    def __init__(self, start: bytes, rest: IO[bytes]) -> None:
        self._start, self._rest = start, rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        first, self._start = (self._start, b"") if size < 0 else (self._start[:size], self._start[size:])
        return first + (self._rest.read(size - len(first)) if size >= 0 else self._rest.read())
