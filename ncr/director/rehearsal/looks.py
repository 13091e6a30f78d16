"""Looks into images, each once: one that is named by its content stays as it was seen."""

from collections.abc import Collection

from ncr.director.rehearsal.layers import Archives, Found
from ncr.runtime.engine import Engine
from ncr.scenario.images import ImageNeed

MOST_KEPT = 256
_kept: dict[tuple[str, frozenset[bytes]], Found] = {}


class Looks:
    """Looks for texts in images of one engine."""

    def __init__(self, engine: Engine, texts: Collection[bytes]) -> None:
        self._engine, self._texts = engine, frozenset(texts)
        self._archives = Archives(self._texts)
        self._seen: dict[str, Found] = {}

    def at(self, need: ImageNeed) -> Found:
        """Where the texts stand in an image. Raises EngineError when there is none."""
        name, key = need.reference, (need.reference, self._texts)
        if name not in self._seen:
            self._seen[name] = _kept.get(key) or self._archives.read(self._engine.save_image(name))
        if need.context is not None:
            _kept[key] = self._seen[name]
            while len(_kept) > MOST_KEPT:
                _kept.pop(next(iter(_kept)), None)
        return self._seen[name]
