"""A plan: what somebody wants held, and whether it can be, with everything that is wrong with it said at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr.errors import Invalid, Problem
from ncr.exercise import localtime, recurrence, rehearsals
from ncr.people.tables import Partner, Team, User
from ncr.scenario.topology import Scenario

VISIBILITIES = ("public", "teams", "staff", "off")
SLACK = timedelta(seconds=5)
LONGEST_S = 31 * 24 * 3600.0
MOST_TEAMS = 1000
# The participant of an exercise that waits in the pool.
NOBODY = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What somebody wants held.

    `starts_at` aware is a point in time, naive a local time in `time_zone` (`fold` says which when it comes twice),
    None makes a draft. `duration_s` (exercise seconds) or `ends_at` says how long; neither means as long as the
    scenario says. `rate` is exercise seconds per second. `compress` fits a longer scenario's timeline into the
    duration. `teams` are team ids; a practice has one `user` instead, one for the pool nobody yet; a rehearsal, which
    has a database of its own, may be of any scenario. `visibility` None means what the scenario says. An exercise is
    of a version whose rehearsal has passed on this site, unless `override` says why it is held all the same.
    """

    scenario: Scenario
    title: str
    teams: Sequence[str] = ()
    user: str | None = None
    starts_at: datetime | None = None
    fold: int | None = None
    ends_at: datetime | None = None
    duration_s: float | None = None
    time_zone: str = "Europe/Oslo"
    recurrence: str | None = None
    visibility: str | None = None
    rate: float = 1.0
    compress: bool = False
    mode: Literal["exercise", "practice", "pool", "rehearsal"] = "exercise"
    created_by: str | None = None
    override: str | None = None
    prepare_lead_s: float = 1800.0
    follows: str | None = None


@dataclass(frozen=True, slots=True)
class Player:
    """Who takes part: a team, or a user alone, under the name and partner of today."""

    name: str
    partner: str | None = None
    team_id: str | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A plan found good: its start as a point in time, its length in exercise seconds, and its players."""

    plan: Plan
    starts_at: datetime | None
    duration_s: float
    players: tuple[Player, ...]


def check(
    session: Session, plan: Plan, now: datetime, kept: datetime | None = None, known: str | None = None
) -> Checked:
    """The plan with its times and players worked out; Invalid names everything wrong with it.

    A start that is `kept` from before may lie in the past, any other may not. The content with the digest `known` was
    planned with before, and is asked for no proof.
    """
    problems = [*_wrong_fields(plan), *_wrong_people(session, plan), *_unproven(session, plan, known)]
    start = _start(plan, problems)
    if start and start != kept and start < now - SLACK:
        problems.append(Problem("starts_at", "is in the past; give a later time"))
    duration_s = _duration_s(plan, start, problems)
    if problems:
        raise Invalid("the plan is not valid", problems)
    if plan.override is not None and rehearsals.has_passed(session, plan.scenario.digest):
        # Nothing had to be overridden.
        plan = replace(plan, override=None)
    return Checked(plan, start, duration_s, _players(session, plan))


def _start(plan: Plan, problems: list[Problem]) -> datetime | None:
    try:
        localtime.zone(plan.time_zone)
        if plan.recurrence is not None:
            recurrence.check(plan.recurrence, plan.time_zone)
        return _instant(plan.starts_at, plan)
    except Invalid as error:
        problems.extend(error.problems)
        return None


def _instant(at: datetime | None, plan: Plan) -> datetime | None:
    if at is None or at.tzinfo is not None:
        return at
    return localtime.to_utc(at, plan.time_zone, plan.fold)


def _duration_s(plan: Plan, start: datetime | None, problems: list[Problem]) -> float:
    if plan.ends_at is None:
        duration_s = float(plan.duration_s if plan.duration_s is not None else plan.scenario.definition.duration)
    elif start is None:
        problems.append(Problem("ends_at", "needs a start; give starts_at too"))
        return 0.0
    else:
        duration_s = _until_end_s(plan, start, problems)
    if duration_s <= 0 and not problems:
        problems.append(Problem("ends_at", "is not after the start; an exercise must last"))
    if duration_s > LONGEST_S:
        problems.append(Problem("ends_at", f"is too late; an exercise lasts at most {LONGEST_S / 86400:.0f} days"))
    return duration_s


def _until_end_s(plan: Plan, start: datetime, problems: list[Problem]) -> float:
    try:
        end = _instant(plan.ends_at, plan)
    except Invalid as error:
        problems.extend(Problem("ends_at", problem.message) for problem in error.problems)
        return 0.0
    return (end - start).total_seconds() * plan.rate if end else 0.0


def _wrong_fields(plan: Plan) -> Iterator[Problem]:
    definition = plan.scenario.definition
    if not plan.title.strip() or len(plan.title) > 200:
        yield Problem("title", "must be 1 to 200 characters")
    if plan.visibility is not None and plan.visibility not in VISIBILITIES:
        yield Problem("visibility", f"must be one of {', '.join(VISIBILITIES)}")
    if not 0.01 <= plan.rate <= 1000:
        yield Problem("rate", "must be between 0.01 and 1000")
    if plan.prepare_lead_s < 0:
        yield Problem("prepare_lead_s", "must not be negative")
    wanted = {"exercise": "exercise", "practice": "practice", "pool": "practice"}.get(plan.mode)
    if wanted is not None and wanted not in definition.modes:
        yield Problem("scenario", f"{definition.id} is made for {' and '.join(definition.modes)}, not for {plan.mode}")
    if plan.recurrence is not None and plan.starts_at is None:
        yield Problem("recurrence", "needs a first start; give starts_at too")


def _unproven(session: Session, plan: Plan, known: str | None) -> Iterator[Problem]:
    if plan.override is not None and not 1 <= len(plan.override.strip()) <= rehearsals.LONGEST_REASON:
        yield Problem("override", f"must be a reason of 1 to {rehearsals.LONGEST_REASON} characters")
    # What follows a recurring exercise is held as that was.
    digest = plan.scenario.digest
    if plan.mode != "exercise" or plan.override is not None or plan.follows is not None or digest == known:
        return
    if not rehearsals.has_passed(session, digest):
        name, version = plan.scenario.definition.id, plan.scenario.definition.version
        yield Problem("scenario", f"{name} {version} has not passed its rehearsal on this site; rehearse it, or give a"
                                  " reason in `override`")  # fmt: skip


def _wrong_people(session: Session, plan: Plan) -> Iterator[Problem]:
    if plan.mode == "pool":
        return
    if plan.mode == "practice":
        if plan.user is None or session.get(User, plan.user) is None:
            yield Problem("user", "a practice is one person's; there is no such user")
        return
    if not plan.teams:
        yield Problem("teams", "name at least one team")
    if len(plan.teams) > MOST_TEAMS:
        yield Problem("teams", f"at most {MOST_TEAMS} teams take part in one exercise")
    known = set(session.scalars(select(Team.id).where(Team.id.in_(plan.teams))))
    for position, team in enumerate(plan.teams):
        if team not in known:
            yield Problem(f"teams.{position}", f"there is no team {team}")
        elif team in plan.teams[:position]:
            yield Problem(f"teams.{position}", f"{team} is named twice")


def _players(session: Session, plan: Plan) -> tuple[Player, ...]:
    if plan.mode == "practice":
        user = session.get_one(User, plan.user)
        return (Player(user.name, user_id=user.id),)
    if plan.mode == "pool":
        return (Player(NOBODY),)
    rows = session.execute(
        select(Team, Partner.name).outerjoin(Partner, Team.partner_id == Partner.id).where(Team.id.in_(plan.teams))
    )
    players = {team.id: Player(team.name, partner, team_id=team.id) for team, partner in rows}
    return tuple(players[team] for team in plan.teams)
