"""What the pages show: rows of the database and of the board, put in an author's and a reader's words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ncr.errors import NotFound
from ncr.exercise.addressees import reaches
from ncr.exercise.lifecycle import State
from ncr.exercise.openness import clock_of
from ncr.exercise.tables import Environment, Exercise, Journal, Message, Participant
from ncr.people.tables import Membership, Partner, Team, User
from ncr.scenario.interpolation import interpolate
from ncr.scenario.shared import SHARED
from ncr.web.catalogue import EVENTS, STATES, Words
from ncr.web.render import clock_time, day, markdown, span

GROUPS = (
    ("running", frozenset({State.RUNNING, State.PAUSED})),
    ("next", frozenset({State.DRAFT, State.SCHEDULED, State.PREPARING, State.READY})),
    ("over", frozenset({State.FINISHED, State.FAILED, State.CANCELLED, State.ARCHIVED})),
)


@dataclass(frozen=True, slots=True)
class HomeRow:
    """An exercise on the front page, with the one obvious next step."""

    id: str
    title: str
    state: str
    starts_at: datetime | None
    time_zone: str
    teams: int
    next_step: str
    next_href: str


def home(session: Session, exercises: Iterable[Exercise], staff: bool, told: Words) -> list[tuple[str, list[HomeRow]]]:
    """The exercises in three groups: running, coming, over."""
    rows = sorted(exercises, key=lambda row: row.starts_at or row.created_at, reverse=True)
    counts = _team_counts(session, [row.id for row in rows])
    names = {"running": told("Pågår nå"), "next": told("Kommer"), "over": told("Ferdig")}
    return [
        (names[name], [_home_row(row, counts.get(row.id, 0), staff, told) for row in rows if row.state in states])
        for name, states in GROUPS
    ]


def _team_counts(session: Session, ids: Sequence[str]) -> dict[str, int]:
    counting = select(Participant.exercise_id, func.count()).where(Participant.exercise_id.in_(ids))
    return {exercise: count for exercise, count in session.execute(counting.group_by(Participant.exercise_id))}


def _home_row(row: Exercise, teams: int, staff: bool, told: Words) -> HomeRow:
    href = f"/exercises/{row.id}"
    step, href = {
        State.DRAFT: (told("Sett et starttidspunkt"), href),
        State.SCHEDULED: (told("Vent på klargjøringen"), href),
        State.PREPARING: (told("Følg byggingen"), href),
        State.READY: (told("Klar til start"), href),
        State.RUNNING: (told("Til spillstaben") if staff else told("Spill"), href),
        State.PAUSED: (told("Fortsett øvelsen") if staff else told("Vent"), href),
        State.FAILED: (told("Se hva som gikk galt"), href),
    }.get(State(row.state), (told("Se poengtavla"), f"{href}/board"))
    return HomeRow(row.id, row.title, row.state, row.starts_at, row.time_zone, teams, step, href)


def clock(exercise: Exercise, now: datetime, told: Words) -> dict[str, str]:
    """The exercise's two clocks as text; the islands make them tick."""
    own = clock_of(exercise)
    t_s = own.t(now) if exercise.started_at else -(_until(exercise.starts_at, now))
    end = own.wall(exercise.duration_s)
    zone = exercise.time_zone
    return {
        "t": span(min(t_s, exercise.duration_s)),
        "now": clock_time(now, zone, told.language),
        "start": clock_time(exercise.starts_at, zone, told.language) if exercise.starts_at else "–",
        "start_date": day(exercise.starts_at, zone, told.language) if exercise.starts_at else "",
        "end": clock_time(end, zone, told.language) if end else span(exercise.duration_s),
        "end_date": day(end, zone, told.language) if end else told("spilltid"),
    }


def _until(start: datetime | None, now: datetime) -> float:
    return (start - now).total_seconds() if start else 0.0


def control_teams(session: Session, exercise_id: str, standings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row per team for exercise control: environment, services, points."""
    board = {row["team"]: row for row in standings}
    joined = select(Participant, Environment).join(Environment, Environment.participant_id == Participant.id)
    found = session.execute(joined.where(Participant.exercise_id == exercise_id).order_by(Participant.name))
    return [
        {
            "id": player.id,
            "name": player.name,
            "partner": player.partner,
            "environment": environment,
            "services": board.get(player.id, {}).get("services", {}),
            "points": board.get(player.id, {}).get("points", 0),
        }
        for player, environment in found
    ]


def journal(session: Session, exercise: Exercise, told: Words, limit: int = 60) -> list[dict[str, Any]]:
    """What happened last, newest first, in words."""
    newest = select(Journal).where(Journal.exercise_id == exercise.id).order_by(Journal.id.desc()).limit(limit)
    names = _environment_names(session, exercise.id, told) | {"clock": told("Klokka"), "engine": told("Motoren")}
    return [{"at": row.at, "text": _journal_text(row, names, told)} for row in session.scalars(newest)]


def _environment_names(session: Session, exercise_id: str, told: Words) -> dict[str, str]:
    joined = select(Environment.id, Participant.name).join(Participant, Environment.participant_id == Participant.id)
    found = session.execute(joined.where(Environment.exercise_id == exercise_id))
    names = {f"environment:{environment}": name for environment, name in found}
    shared = shared_environment(session, exercise_id)
    return names | ({f"environment:{shared.id}": told("Felles")} if shared else {})


def _journal_text(row: Journal, names: Mapping[str, str], told: Words) -> str:
    what = told("Øvelsen") if row.subject == "exercise" else names.get(row.subject, row.subject)
    turn = f"{told(STATES.get(row.before or '', ''))} → {told(STATES.get(row.after or '', ''))}"
    said = turn if row.before and row.after else told(EVENTS.get(row.event, row.event))
    return ": ".join(part for part in (what, said, row.why or "") if part) + (f" ({row.who})" if row.who else "")


def messages(
    session: Session, exercise_id: str, participant: str, room: str | None, told: Words
) -> list[dict[str, Any]]:
    """What a member of this team who sits in `room` has been told, newest first."""
    asked = select(Message).where(Message.exercise_id == exercise_id).order_by(Message.id.desc())
    asked = asked.where(Message.participant_id.is_(None) | (Message.participant_id == participant))
    return [
        {
            "at": row.at,
            "title": _pick(row.title, told) or told("Melding"),
            "sender": _pick(row.sender, told),
            "text": markdown(_pick(row.text, told)),
        }
        for row in session.scalars(asked)
        if reaches(row.to, room)
    ]


def _pick(texts: Mapping[str, str] | None, told: Words) -> str:
    if not texts:
        return ""
    return texts.get(told.language) or next(iter(texts.values()))


def members(session: Session, team_id: str | None) -> list[str]:
    """The names of a team's people."""
    joined = select(User.name).join(Membership, Membership.user_id == User.id).where(Membership.team_id == team_id)
    return list(session.scalars(joined.order_by(User.name)))


def partners(session: Session) -> list[tuple[str, list[Team]]]:
    """Every team, by its partner's name."""
    rows = session.execute(select(Team, Partner.name).outerjoin(Partner).order_by(Partner.name, Team.name)).all()
    groups: dict[str, list[Team]] = {}
    for team, partner in rows:
        groups.setdefault(partner or "–", []).append(team)
    return list(groups.items())


def briefing(texts: Mapping[str, str], words: Mapping[str, str], told: Words) -> Markup | None:
    """The scenario's briefing in the reader's language, or the other, with the team's own `words` filled in."""
    return markdown(interpolate(_pick(texts, told), words)) if texts else None


def environment(session: Session, exercise_id: str, participant_id: str) -> Environment:
    """A participant's environment, or the shared one; NotFound when the exercise has none such."""
    if participant_id == SHARED:
        found = shared_environment(session, exercise_id)
    else:
        asked = select(Environment).where(Environment.exercise_id == exercise_id)
        found = session.scalars(asked.where(Environment.participant_id == participant_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def shared_environment(session: Session, exercise_id: str) -> Environment | None:
    """What the teams of the exercise share, if anything."""
    asked = select(Environment).where(Environment.exercise_id == exercise_id, Environment.participant_id.is_(None))
    return session.scalars(asked).one_or_none()
