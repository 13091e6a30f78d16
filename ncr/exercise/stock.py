"""The stock of scenario versions: uploads come in within the site's bounds, and leave when nothing uses them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, and_, delete, exists, not_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from ncr.config import Settings
from ncr.db import alone
from ncr.errors import NcrError, NotFound, Refused
from ncr.exercise.library import versions
from ncr.exercise.lifecycle import EnvironmentState, State
from ncr.exercise.rehearsals import UNDER_WAY
from ncr.exercise.shelf import Shelf, size
from ncr.exercise.tables import Environment, Exercise, Rehearsal, ScenarioVersion
from ncr.people import audit
from ncr.scenario.loader import DEFINITION
from ncr.scenario.topology import Scenario

UPLOADS = "uploads"
MIB = 2**20
# So many exercises are named when something is in their way.
NAMED = 5
GONE = (EnvironmentState.ABSENT, EnvironmentState.REMOVED)


class Full(NcrError):
    """The site keeps as many uploads as it may."""

    slug = "uploads-full"
    status = 507

    def __init__(self, **numbers: int) -> None:
        self.numbers = numbers
        super().__init__(
            "the site keeps {kept} of {most} uploaded versions, which take {mib} of {most_mib} MiB, and this one needs"
            " {needs} MiB; remove versions that no exercise uses, or have the site's operator raise NCR_UPLOADS or"
            " NCR_UPLOADS_MIB".format(**numbers)
        )


class InUse(Refused):
    """Whatever uses it keeps it."""

    slug = "in-use"

    def __init__(self, what: str, titles: Sequence[str], is_practised: bool) -> None:
        self.titles, self.is_practised = titles, is_practised
        users = [*titles, *(["practice runs"] if is_practised else [])] or ["a rehearsal that is under way"]
        super().__init__(f"{what} is used by {', '.join(users)}, and stays")


def receive(
    session: Session,
    shelf: Shelf,
    settings: Settings,
    newest: Sequence[Scenario],
    scenario: Scenario,
    user_id: str | None,
    now: datetime,
) -> ScenarioVersion:
    """Keep an uploaded scenario; the same content again changes nothing.

    Raises Refused when the version is known with other content, since what exercises were planned with keeps its name,
    and Full when the site would keep more than it may.
    """
    definition = scenario.definition
    # Two at once would each find the version unknown, or each find the last room.
    alone(session, UPLOADS)
    known = [(row.version, row.digest) for row in versions(session, definition.id)]
    known += [(each.definition.version, each.digest) for each in newest if each.definition.id == definition.id]
    if any(version == definition.version and digest != scenario.digest for version, digest in known):
        raise Refused(
            f"{definition.id} {definition.version} is here already with other content; raise `version` in {DEFINITION}"
        )
    row = session.get(ScenarioVersion, scenario.digest)
    if row is None or row.uploaded_at is None:
        _require_room(session, shelf, settings, scenario)
    row = session.get_one(ScenarioVersion, shelf.put(session, scenario, now))
    if row.uploaded_at is None:
        row.uploaded_at, row.uploaded_by = now, user_id
    _tell(session, row, "scenario-uploaded", user_id, now)
    return row


def remove(session: Session, shelf: Shelf, id: str, digest: str, user_id: str | None, now: datetime) -> None:
    """Let go of a version that is kept, with its copy.

    Raises NotFound when there is none, and InUse naming the exercises and practice runs, past ones too, that need it.
    """
    alone(session, UPLOADS)
    # Whoever plans with it meanwhile holds the row until that can be seen here, or waits and keeps it anew.
    row = session.get(ScenarioVersion, digest, with_for_update=True, populate_existing=True)
    if row is None or row.scenario != id:
        raise NotFound("There is no such version.")
    what = f"{row.scenario} {row.version}"
    used = _used(Exercise.title).where(Exercise.digest == digest)
    titles = session.scalars(used.where(Exercise.mode == "exercise").limit(NAMED + 1)).all()
    is_practised = session.scalars(used.where(Exercise.mode != "exercise").limit(1)).first() is not None
    if titles or is_practised:
        raise InUse(what, [*titles[:NAMED], *("…" for _ in titles[NAMED:])], is_practised)
    if session.scalars(select(Rehearsal.id).where(Rehearsal.digest == digest, Rehearsal.state.in_(UNDER_WAY))).first():
        raise InUse(what, (), False)
    # What was kept ready and never handed out is nobody's past.
    session.execute(delete(Exercise).where(Exercise.digest == digest))
    _tell(session, row, "scenario-removed", user_id, now)
    session.delete(row)
    session.flush()
    # A copy without its row is never found again; a row without its copy is mended by the next upload.
    shelf.drop(digest)


def used(session: Session, scenario: str) -> Collection[str]:
    """The digests of a scenario's versions that exercises and practice runs need, past ones too."""
    mine = _used(Exercise.digest).join(ScenarioVersion, ScenarioVersion.digest == Exercise.digest)
    return set(session.scalars(mine.where(ScenarioVersion.scenario == scenario)))


def _used(column: InstrumentedAttribute[str]) -> Select[str]:
    standing = exists().where(Environment.exercise_id == Exercise.id, Environment.state.not_in(GONE))
    over = Exercise.state.in_((State.CANCELLED, State.FAILED))
    nobodys = and_(Exercise.mode == "pool", over, Exercise.head_seq == 0, ~standing)
    return select(column).where(not_(nobodys)).distinct()


def _require_room(session: Session, shelf: Shelf, settings: Settings, scenario: Scenario) -> None:
    kept = session.scalars(select(ScenarioVersion.digest).where(ScenarioVersion.uploaded_at.is_not(None))).all()
    taken, needs = sum(map(shelf.size, kept)), size(scenario.path)
    if len(kept) >= settings.uploads or taken + needs > settings.uploads_mib * MIB:
        numbers = {"most": settings.uploads, "most_mib": settings.uploads_mib}
        raise Full(kept=len(kept), mib=taken // MIB, needs=-(-needs // MIB), **numbers)


def _tell(session: Session, row: ScenarioVersion, action: str, user_id: str | None, now: datetime) -> None:
    audit.record(session, now, user_id, action, row.scenario, {"version": row.version, "digest": row.digest})
    session.flush()
