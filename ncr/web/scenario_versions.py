"""A scenario's versions, for those who plan: where each is from, and which one students are offered and why."""

from typing import Any

from sqlalchemy import select

from ncr.db import reading
from ncr.exercise import library, rehearsals, stock
from ncr.exercise.stock import Full, InUse
from ncr.exercise.tables import Rehearsal
from ncr.people.tables import User
from ncr.scenario.topology import Scenario
from ncr.web.catalogue import Words
from ncr.web.render import date
from ncr.web.visit import Visit


def rows(visit: Visit, scenario: Scenario) -> list[dict[str, Any]]:
    """Those that are kept, newest first; the newest may lie in a folder, not yet kept."""
    told, definition, zone = visit.told, scenario.definition, visit.site.settings.time_zone
    with reading(visit.site.sessions) as session:
        kept = library.versions(session, definition.id)
        names = {id: name for id, name in session.execute(select(User.id, User.name))}
        used = stock.used(session, definition.id)
    found: list[dict[str, Any]] = [
        {
            "version": row.version,
            "digest": row.digest,
            "at": (at := row.uploaded_at or row.added_at),
            "day": date(at, zone, told.language),
            "by": names.get(row.uploaded_by or "", told("scenariomappen")),
            "is_used": row.digest in used,
        }
        for row in kept
    ]
    if all(row.digest != scenario.digest for row in kept):
        now = {"version": definition.version, "digest": scenario.digest, "at": None, "by": told("scenariomappen")}
        found.insert(0, now)
    return found


def practice(visit: Visit, newest: Scenario) -> dict[str, str | None]:
    """Which version students are offered for practice, by its digest and in words, and why the newest is not."""
    told, definition = visit.told, newest.definition
    offered = next((each for each in visit.site.offered() if each.definition.id == definition.id), None)
    if offered is not None and offered.digest == newest.digest:
        words, why = told("Studentene tilbys versjon %(version)s, den nyeste.", version=definition.version), None
    else:
        with reading(visit.site.sessions) as session:
            why = _hindrance(newest, rehearsals.last(session, newest.digest), told)
        version = offered.definition.version if offered else ""
        words = (
            told("Studentene tilbys versjon %(version)s.", version=version)
            if offered
            else told("Studentene tilbys ingen versjon.")
        )
    return {"digest": offered.digest if offered else None, "words": words, "why": why}


def _hindrance(newest: Scenario, last: Rehearsal | None, told: Words) -> str:
    version = newest.definition.version
    if "practice" not in newest.definition.modes:
        return told("Versjon %(version)s er ikke laget for egentrening.", version=version)
    if last is None:
        return told("Versjon %(version)s tilbys først når den har bestått en generalprøve her.", version=version)
    if last.state in rehearsals.UNDER_WAY:
        return told("Versjon %(version)s tilbys når generalprøven er bestått; den er ikke ferdig.", version=version)
    return told("Versjon %(version)s tilbys ikke: generalprøven er ikke bestått.", version=version)


def in_use(error: InUse, told: Words) -> str:
    """Why a version stays."""
    if not error.titles and not error.is_practised:
        return told("Versjonen ble ikke fjernet: en generalprøve av den er ikke ferdig.")
    names = [*error.titles, *([told("egentrening")] if error.is_practised else [])]
    return told("Versjonen ble ikke fjernet. Den er brukt av: %(names)s.", names=", ".join(names))


def full(error: Full, told: Words) -> str:
    """Why nothing more is kept, and what can be done."""
    return told(
        "Det er ikke plass til flere opplastede versjoner: %(kept)s av %(most)s er tatt vare på og tar %(mib)s av"
        " %(most_mib)s MiB, og denne trenger %(needs)s MiB. Fjern versjoner som ingen øvelse bruker, på siden til"
        " scenarioet, eller be den som driver NCR om mer plass.",
        **error.numbers,
    )
