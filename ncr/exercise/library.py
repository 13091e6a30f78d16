"""The library: every scenario that can be planned with or practised, in the site's folders or uploaded."""

from collections.abc import Sequence
from pathlib import Path

import structlog
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from ncr.db import Sessions, reading
from ncr.errors import Invalid, NcrError, Problem
from ncr.exercise import rehearsals
from ncr.exercise.practice import Limited, Reason
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
        return self._newest(self._uploaded())

    def offered(self) -> list[Scenario]:
        """What is offered for practice: of every scenario the newest version that is proven, if it is made for that.

        Proven are the site's own, in its folders, and uploads whose rehearsal passed here.
        """
        proven = self._newest(self._uploaded(ScenarioVersion.digest.in_(rehearsals.passed())))
        return [each for each in proven if "practice" in each.definition.modes]

    def _newest(self, uploaded: Sequence[Scenario]) -> list[Scenario]:
        newest = {each.definition.id: each for each in uploaded}
        for scenario in self._in_folders():
            other = newest.get(scenario.definition.id)
            if other is None or _age(scenario) >= _age(other):
                newest[scenario.definition.id] = scenario
        return sorted(newest.values(), key=lambda each: each.definition.id)

    def _uploaded(self, *those: ColumnElement[bool]) -> list[Scenario]:
        """The newest upload of every scenario, of `those` there are."""
        with reading(self._sessions) as session:
            asked = select(ScenarioVersion).where(ScenarioVersion.uploaded_at.is_not(None), *those)
            rows = session.scalars(asked).all()
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
    found = _named(newest, wanted) or _kept(session, shelf, wanted)
    if found is None:
        raise _unknown(newest, wanted)
    return found


def practised(
    session: Session, shelf: Shelf, newest: Sequence[Scenario], offered: Sequence[Scenario], wanted: str
) -> Scenario:
    """The scenario that is offered for practice as `wanted`, ID or ID@VERSION.

    Raises Limited for one that is known and not offered, and Invalid for one that is not known.
    """
    found = _named(offered, wanted)
    if found is not None:
        return found
    known = _named(newest, wanted) or _kept(session, shelf, wanted)
    if known is None:
        raise _unknown(offered, wanted)
    if "practice" not in known.definition.modes:
        raise Limited(Reason.NOT_FOR_PRACTICE)
    raise Limited(Reason.NOT_PROVEN, scenario=known.definition.id, version=known.definition.version)


def _named(among: Sequence[Scenario], wanted: str) -> Scenario | None:
    id, _, version = wanted.partition("@")
    mine = (each for each in among if each.definition.id == id)
    return next((each for each in mine if version in ("", each.definition.version)), None)


def _kept(session: Session, shelf: Shelf, wanted: str) -> Scenario | None:
    id, _, version = wanted.partition("@")
    row = next((row for row in versions(session, id) if row.version == version), None)
    return shelf.get(row.digest) if row else None


def _unknown(among: Sequence[Scenario], wanted: str) -> Invalid:
    names = ", ".join(each.definition.id for each in among) or "none"
    return Invalid(problems=[Problem("scenario", f"there is no scenario {wanted}; there are: {names}")])


def versions(session: Session, id: str) -> list[ScenarioVersion]:
    """Every version of a scenario that was planned with or uploaded, newest first."""
    rows = session.scalars(select(ScenarioVersion).where(ScenarioVersion.scenario == id)).all()
    return sorted(rows, key=lambda row: (precedence(row.version), row.added_at), reverse=True)


def _changed_at(path: Path) -> float:
    """When it was changed; an author's editor may take a file away while it is looked at."""
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:
        return 0.0


def _age(scenario: Scenario) -> tuple[object, ...]:
    return precedence(scenario.definition.version)
