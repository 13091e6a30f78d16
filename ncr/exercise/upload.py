"""An uploaded archive becomes a scenario version that can be planned with, or is refused whole."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from ncr.config import Settings
from ncr.db import Sessions
from ncr.errors import ServiceUnavailable
from ncr.exercise import stock
from ncr.exercise.shelf import Shelf
from ncr.scenario import archive, loader
from ncr.scenario.maxima import Maxima
from ncr.scenario.topology import Scenario

LEFT_S = 24 * 3600.0


@contextmanager
def folder(settings: Settings) -> Iterator[Path]:
    """An empty folder for one upload, gone afterwards; ServiceUnavailable when the disk has no room for it."""
    place = settings.data / "uploads"
    place.mkdir(parents=True, exist_ok=True)
    _clear(place)
    try:
        with tempfile.TemporaryDirectory(dir=place) as made:
            yield Path(made)
    except OSError as error:
        if error.errno not in archive.NO_ROOM:
            raise
        raise ServiceUnavailable("there is no room left on the service's disk; nothing was kept") from error


def _clear(place: Path) -> None:
    """Remove what uploads left whose service was killed; none takes as long as that."""
    for left in place.iterdir():
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > LEFT_S:
                shutil.rmtree(left, ignore_errors=True)


def receive(
    packed: Path,
    settings: Settings,
    sessions: Sessions,
    shelf: Shelf,
    newest: Callable[[], Sequence[Scenario]],
    user_id: str | None,
    now: datetime,
) -> Scenario:
    """Unpack, check and keep the scenario in the archive `packed`, beside which there is room.

    Raises ScenarioInvalid with every problem, Refused when its version is known with other content, and Full when the
    site keeps as much as it may.
    """
    into = packed.parent / "unpacked"
    into.mkdir()
    scenario = loader.load(archive.unpack(packed, into), Maxima.of(settings))
    known = newest()
    with sessions.begin() as session:
        stock.receive(session, shelf, settings, known, scenario, user_id, now)
    return shelf.get(scenario.digest)
