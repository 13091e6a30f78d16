"""Images on a Docker engine: built from a directory, or pulled; each once."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any

from docker.errors import ImageNotFound

from ncr.errors import EngineError
from ncr.runtime.docker_client import Connection, calling
from ncr.runtime.engine import Progress
from ncr.runtime.objects import ImageSpec, SeenImage

BUILD_TIMEOUT_S = 1800
MIB = 2**20
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")


class Images:
    """Finds, builds and pulls images."""

    def __init__(self, connection: Connection, labels: dict[str, str]) -> None:
        self._connection = connection
        self._labels = labels
        self._one_at_a_time = Lock()

    def seen(self, reference: str) -> SeenImage | None:
        """The image, if it is there."""
        with calling(f"image {reference}"):
            try:
                found = self._connection.api.inspect_image(reference)
            except ImageNotFound:
                return None
        return SeenImage(found["Size"] / MIB, tuple(found["RootFS"].get("Layers") or ()))

    def ensure(self, spec: ImageSpec, progress: Progress) -> None:
        """Build or pull it unless it is there. Raises EngineError with the build's last words."""
        if self.seen(spec.reference):
            return
        with self._one_at_a_time:
            if self.seen(spec.reference):
                return
            progress(f"{'building' if spec.context else 'pulling'} {spec.reference}")
            with calling(f"image {spec.reference}"):
                _follow(spec.reference, self._build(spec, spec.context) if spec.context else self._pull(spec), progress)

    def save(self, reference: str) -> Iterator[bytes]:
        """The image's archive as it comes."""
        with calling(f"image {reference}"):
            yield from self._connection.api.get_image(reference, chunk_size=1 << 20)

    def _build(self, spec: ImageSpec, context: Path) -> Iterable[dict[str, Any]]:
        if not (context / spec.dockerfile).is_file():
            raise EngineError(f"image {spec.reference}: there is no {spec.dockerfile} in {context}")
        proxies = {name: os.environ[name] for name in PROXIES if name in os.environ}
        lines: Iterable[dict[str, Any]] = self._connection.api.build(
            path=str(context),
            dockerfile=spec.dockerfile,
            tag=spec.reference,
            buildargs=proxies | dict(spec.args),
            target=spec.target,
            labels=self._labels,
            rm=True,
            forcerm=True,
            decode=True,
            timeout=BUILD_TIMEOUT_S,
        )
        return lines

    def _pull(self, spec: ImageSpec) -> Iterable[dict[str, Any]]:
        tag = None if ":" in spec.reference.rpartition("/")[2] or "@" in spec.reference else "latest"
        lines: Iterable[dict[str, Any]] = self._connection.api.pull(spec.reference, tag=tag, stream=True, decode=True)
        return lines


def _follow(reference: str, lines: Iterable[dict[str, Any]], progress: Progress) -> None:
    said: list[str] = []
    for line in lines:
        if "error" in line:
            raise EngineError(f"image {reference}: {line['error']}; it last wrote: {' / '.join(said[-5:])}"[:1500])
        text = str(line.get("stream") or line.get("status") or "").strip()
        if text:
            said.append(text[:200])
            progress(f"{reference}: {text[:200]}")
