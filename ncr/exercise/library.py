"""The library: every scenario that can be planned with, those in the site's folders and those that were uploaded."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr.db import Sessions, alone, reading
from ncr.errors import Invalid, NcrError, Problem, Refused
from ncr.exercise.shelf import Shelf
from ncr.exercise.tables import ScenarioVersion
from ncr.scenario import loader
from ncr.scenario.loader import DEFINITION
from ncr.scenario.maxima import Maxima
from ncr.scenario.topology import Scenario
from ncr.scenario.versions import precedence

log = structlog.get_logger()
WANTED = r"^[a-z][a-z0-9-]{0,62}(@\d{1,9}\.\d{1,9}\.\d{1,9}(-[0-9A-Za-z.-]{1,30})?)?$"


class Library:
    """Called, it tells the newest version of every scenario, by id; a folder's counts before an uploaded one as new.

    Folders are read again when something in them changed; what is broken is left out, and the log says so.
    """

    def __init__(self, folders: Sequence[Path], maxima: Maxima, sessions: Sessions, shelf: Shelf) -> None:
        self._folders, self._maxima = folders, maxima
        self._sessions, self._shelf = sessions, shelf
        self._read: dict[Path, tuple[float, Scenario | None]] = {}

    def __call__(self) -> list[Scenario]:
        newest = {each.definition.id: each for each in self._uploaded()}
        for scenario in self._in_folders():
            other = newest.get(scenario.definition.id)
            if other is None or _age(scenario) >= _age(other):
                newest[scenario.definition.id] = scenario
        return sorted(newest.values(), key=lambda each: each.definition.id)

    def _uploaded(self) -> list[Scenario]:
        """The newest upload of every scenario."""
        with reading(self._sessions) as session:
            rows = session.scalars(select(ScenarioVersion).where(ScenarioVersion.uploaded_at.is_not(None))).all()
        newest = {row.scenario: row for row in sorted(rows, key=lambda row: precedence(row.version))}
        return [scenario for row in newest.values() if (scenario := self._kept(row))]

    def _kept(self, row: ScenarioVersion) -> Scenario | None:
        try:
            return self._shelf.get(row.digest)
        except NcrError as error:
            log.warning("scenario left out", scenario=row.scenario, version=row.version, error=error.detail)
            return None

    def _in_folders(self) -> list[Scenario]:
        places = [path.parent for folder in self._folders for path in sorted(folder.glob(f"*/{DEFINITION}"))]
        return [scenario for place in places if (scenario := self._at(place))]

    def _at(self, place: Path) -> Scenario | None:
        newest = max(map(_changed_at, (place, *place.rglob("*"))))
        if self._read.get(place, (0.0, None))[0] != newest:
            self._read[place] = (newest, self._load(place))
        return self._read[place][1]

    def _load(self, place: Path) -> Scenario | None:
        try:
            return loader.load(place, self._maxima)
        except NcrError as error:
            log.warning("scenario left out", scenario=place.name, problems=len(error.problems))
            return None


def find(session: Session, shelf: Shelf, newest: Sequence[Scenario], wanted: str) -> Scenario:
    """The scenario that `wanted` names: ID is the newest, ID@VERSION one that is kept. Raises Invalid when none is."""
    id, _, version = wanted.partition("@")
    for scenario in newest:
        if scenario.definition.id == id and version in ("", scenario.definition.version):
            return scenario
    row = next((row for row in versions(session, id) if row.version == version), None)
    if row is not None:
        return shelf.get(row.digest)
    names = ", ".join(each.definition.id for each in newest) or "none"
    raise Invalid(problems=[Problem("scenario", f"there is no scenario {wanted}; there are: {names}")])


def versions(session: Session, id: str) -> list[ScenarioVersion]:
    """Every version of a scenario that was planned with or uploaded, newest first."""
    rows = session.scalars(select(ScenarioVersion).where(ScenarioVersion.scenario == id)).all()
    return sorted(rows, key=lambda row: (precedence(row.version), row.added_at), reverse=True)


def receive(
    session: Session, shelf: Shelf, newest: Sequence[Scenario], scenario: Scenario, user: str | None, now: datetime
) -> ScenarioVersion:
    """Keep an uploaded scenario; the same content again changes nothing.

    Raises Refused when the version is known with other content: what exercises were planned with keeps its name.
    """
    definition = scenario.definition
    # Two that bring the same version at once would each find it unknown.
    alone(session, f"scenario {definition.id}")
    known = [(row.version, row.digest) for row in versions(session, definition.id)]
    known += [(each.definition.version, each.digest) for each in newest if each.definition.id == definition.id]
    if any(version == definition.version and digest != scenario.digest for version, digest in known):
        raise Refused(
            f"{definition.id} {definition.version} is here already with other content; raise `version` in {DEFINITION}"
        )
    row = session.get_one(ScenarioVersion, shelf.put(session, scenario, now))
    if row.uploaded_at is None:
        row.uploaded_at, row.uploaded_by = now, user
    session.flush()
    return row


def _changed_at(path: Path) -> float:
    """When it was changed; an author's editor may take a file away while it is looked at."""
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:
        return 0.0


def _age(scenario: Scenario) -> tuple[object, ...]:
    return precedence(scenario.definition.version)
