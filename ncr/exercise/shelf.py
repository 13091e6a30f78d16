"""The shelf: scenarios as they were when planned with, kept by digest in the data folder."""

import shutil
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Lock

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ncr.errors import NcrError, NotFound
from ncr.exercise.tables import ScenarioVersion
from ncr.scenario import loader
from ncr.scenario.maxima import BOUNDLESS
from ncr.scenario.topology import Scenario

BLOCK = 4096


class Shelf:
    """Scenario copies under `folder`/DIGEST/ID; what is taken down again is proven to be what was put there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._cache: dict[str, Scenario] = {}
        self._sizes: dict[str, int] = {}
        self._lock = Lock()

    def put(self, session: Session, scenario: Scenario, now: datetime) -> str:
        """Keep a copy and its row; returns the digest. Putting the same again changes nothing."""
        # Until the transaction ends nobody removes it; whoever is removing it is waited for, and it is kept anew.
        held = {"read": True, "key_share": True}
        row = session.get(ScenarioVersion, scenario.digest, with_for_update=held, populate_existing=True)
        self._copy(scenario)
        if row is None:
            definition = scenario.definition
            row = ScenarioVersion(digest=scenario.digest, scenario=definition.id, version=definition.version)
            row.added_at = now
            # Two people may plan with a new scenario at once; the second finds the first one's row.
            with suppress(IntegrityError), session.begin_nested():
                session.add(row)
        return scenario.digest

    def get(self, digest: str) -> Scenario:
        """The scenario of `digest`; NotFound when it is not here, NcrError when the copy was changed."""
        with self._lock:
            if digest not in self._cache:
                self._cache[digest] = self._load(digest)
            return self._cache[digest]

    def size(self, digest: str) -> int:
        """What the copy takes on the disk, in bytes."""
        place = self.folder / digest
        if digest not in self._sizes and place.exists():
            self._sizes[digest] = size(place)
        return self._sizes.get(digest, 0)

    def drop(self, digest: str) -> None:
        """Remove the copy; what is not there is gone already."""
        with self._lock:
            self._cache.pop(digest, None)
            self._sizes.pop(digest, None)
        if (self.folder / digest).exists():
            # A rename is all or nothing here too.
            with tempfile.TemporaryDirectory(dir=self.folder, prefix=".gone-") as gone:
                (self.folder / digest).rename(Path(gone) / digest)

    def _copy(self, scenario: Scenario) -> None:
        place = self.folder / scenario.digest
        if place.exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".new-") as new:
            fresh = Path(new) / scenario.digest
            shutil.copytree(scenario.path, fresh / scenario.definition.id)
            try:
                # A rename is all or nothing: a crash never leaves half a scenario under its digest.
                fresh.rename(place)
            except OSError:
                if not place.exists():
                    raise

    def _load(self, digest: str) -> Scenario:
        folders = [path for path in (self.folder / digest).glob("*") if path.is_dir()]
        if not folders:
            raise NotFound(f"the copy of scenario {digest[:12]} is missing from {self.folder}")
        scenario = loader.load(folders[0], BOUNDLESS)
        if scenario.digest != digest:
            raise NcrError(f"the copy of scenario {folders[0].name} in {self.folder} was changed after it was planned")
        return scenario


def size(folder: Path) -> int:
    """What a folder takes on the disk, in bytes, as most file systems give room."""
    return sum(-(-path.lstat().st_size // BLOCK) * BLOCK for path in (folder, *folder.rglob("*")))
