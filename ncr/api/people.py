"""Partners, teams and users: read, made, changed and taken away."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ncr import access
from ncr.access import Action, Viewer
from ncr.api.caller import AtSite, Key, Somebody, text_id
from ncr.api.pages import Cursor, Limit, Page, by_key
from ncr.api.problems import documented
from ncr.db import reading
from ncr.errors import NotFound, Refused
from ncr.people import accounts, audit
from ncr.people.once import once
from ncr.people.roles import Role
from ncr.people.tables import Membership, Partner, Team, User

router = APIRouter(tags=["people"])
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
Name = Annotated[str, Field(min_length=1, max_length=120)]
SlugInPath = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
UserId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
READ = documented(401, 403, 422)
WRITE = documented(401, 403, 404, 409, 422)


class Strict(BaseModel):
    """Knows exactly its own fields."""

    model_config = ConfigDict(extra="forbid")


class PartnerOut(BaseModel):
    """An organisation behind teams."""

    id: str
    name: str
    short_name: str


class PartnerIn(Strict):
    """A new partner."""

    id: Slug
    name: Name
    short_name: Annotated[str, Field(min_length=1, max_length=20)] | None = None


class PartnerChange(Strict):
    """What to change."""

    name: Name


class TeamOut(BaseModel):
    """A team; its members only for those who run exercises."""

    id: str
    name: str
    partner: str | None
    members: list[str]


class TeamIn(Strict):
    """A new team, with its members' user names."""

    id: Slug
    name: Name
    partner: Slug | None = None
    members: Annotated[list[Annotated[str, Field(max_length=63)]], Field(max_length=200)] = []


class TeamChange(Strict):
    """What to change; `members` replaces them all."""

    name: Name | None = None
    members: Annotated[list[Annotated[str, Field(max_length=63)]], Field(max_length=200)] | None = None


class UserOut(BaseModel):
    """An account."""

    id: str
    login: str
    name: str
    role: Role
    disabled: bool


class UserIn(Strict):
    """A new account; without a password it cannot sign in here."""

    login: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._@-]{0,62}$")]
    name: Name
    role: Role
    password: Annotated[str, Field(min_length=10, max_length=200)] | None = None


class UserChange(Strict):
    """What to change."""

    name: Name | None = None
    role: Role | None = None
    password: Annotated[str, Field(min_length=10, max_length=200)] | None = None
    disabled: bool | None = None


@router.get("/partners", responses=READ)
def list_partners(at: AtSite, viewer: Somebody, cursor: Cursor = None, limit: Limit = 50) -> Page[PartnerOut]:
    """All partners."""
    access.require(viewer, Action.MANAGE_TEAMS)
    with reading(at.sessions) as session:
        return by_key(session, select(Partner), Partner.id, cursor, limit, _partner)


@router.post("/partners", status_code=201, responses=WRITE)
def make_partner(wanted: PartnerIn, at: AtSite, viewer: Somebody, key: Key = None) -> PartnerOut:
    """A new partner."""
    access.require(viewer, Action.MANAGE_PEOPLE)
    with at.sessions.begin() as session:

        def work() -> PartnerOut:
            made = _partner(accounts.add_partner(session, wanted.id, wanted.name, wanted.short_name))
            audit.record(session, at.clock(), viewer.user_id, "partner-made", made.id)
            return made

        request = f"partners {wanted.model_dump_json()}"
        return once(session, text_id(viewer), key, request, at.clock(), PartnerOut, work)


@router.patch("/partners/{id}", responses=WRITE)
def change_partner(id: SlugInPath, wanted: PartnerChange, at: AtSite, viewer: Somebody) -> PartnerOut:
    """Another name."""
    access.require(viewer, Action.MANAGE_PEOPLE)
    with at.sessions.begin() as session:
        partner = accounts.rename_partner(session, id, wanted.name)
        audit.record(session, at.clock(), viewer.user_id, "partner-changed", id)
        return _partner(partner)


@router.delete("/partners/{id}", status_code=204, responses=WRITE)
def delete_partner(id: SlugInPath, at: AtSite, viewer: Somebody) -> None:
    """Take a partner away that no team belongs to."""
    access.require(viewer, Action.MANAGE_PEOPLE)
    _delete(at, viewer, Partner, id)


@router.get("/teams", responses=READ)
def list_teams(at: AtSite, viewer: Somebody, cursor: Cursor = None, limit: Limit = 50) -> Page[TeamOut]:
    """All teams, for those who plan exercises; one's own for everybody else."""
    asked = select(Team)
    if not access.may(viewer, Action.MANAGE_TEAMS):
        asked = asked.where(Team.id.in_(viewer.teams))
    with reading(at.sessions) as session:
        return by_key(session, asked, Team.id, cursor, limit, lambda team: _team(session, team))


@router.post("/teams", status_code=201, responses=WRITE)
def make_team(wanted: TeamIn, at: AtSite, viewer: Somebody, key: Key = None) -> TeamOut:
    """A new team."""
    access.require(viewer, Action.MANAGE_TEAMS)
    with at.sessions.begin() as session:

        def work() -> TeamOut:
            team = accounts.add_team(session, wanted.id, wanted.name, wanted.partner, wanted.members)
            audit.record(session, at.clock(), viewer.user_id, "team-made", team.id)
            return _team(session, team)

        request = f"teams {wanted.model_dump_json()}"
        return once(session, text_id(viewer), key, request, at.clock(), TeamOut, work)


@router.patch("/teams/{id}", responses=WRITE)
def change_team(id: SlugInPath, wanted: TeamChange, at: AtSite, viewer: Somebody) -> TeamOut:
    """Another name, or other members."""
    access.require(viewer, Action.MANAGE_TEAMS)
    with at.sessions.begin() as session:
        team = accounts.change_team(session, id, wanted.name, wanted.members)
        audit.record(session, at.clock(), viewer.user_id, "team-changed", id)
        return _team(session, team)


@router.delete("/teams/{id}", status_code=204, responses=WRITE)
def delete_team(id: SlugInPath, at: AtSite, viewer: Somebody) -> None:
    """Take a team away that never took part in anything."""
    access.require(viewer, Action.MANAGE_TEAMS)
    _delete(at, viewer, Team, id)


@router.get("/users", responses=READ)
def list_users(at: AtSite, viewer: Somebody, cursor: Cursor = None, limit: Limit = 50) -> Page[UserOut]:
    """All accounts."""
    access.require(viewer, Action.MANAGE_PEOPLE)
    with reading(at.sessions) as session:
        return by_key(session, select(User), User.id, cursor, limit, _user)


@router.post("/users", status_code=201, responses=WRITE)
def make_user(wanted: UserIn, at: AtSite, viewer: Somebody, key: Key = None) -> UserOut:
    """A new account."""
    access.require(viewer, Action.MANAGE_PEOPLE)
    now = at.clock()
    with at.sessions.begin() as session:

        def work() -> UserOut:
            user = accounts.add_user(session, wanted.login, wanted.name, wanted.role, now, password=wanted.password)
            audit.record(session, now, viewer.user_id, "user-made", user.id, {"role": wanted.role})
            return _user(user)

        request = f"users {wanted.model_dump_json()}"
        return once(session, text_id(viewer), key, request, now, UserOut, work)


@router.patch("/users/{id}", responses=WRITE)
def change_user(id: UserId, wanted: UserChange, at: AtSite, viewer: Somebody) -> UserOut:
    """Change an account; a new password or role, or disabling it, ends its sessions."""
    access.require(viewer, Action.MANAGE_PEOPLE)
    now = at.clock()
    with at.sessions.begin() as session:
        user = accounts.change_user(session, id, now, **wanted.model_dump(exclude_unset=True))
        audit.record(session, now, viewer.user_id, "user-changed", id, {"fields": sorted(wanted.model_fields_set)})
        return _user(user)


@router.delete("/users/{id}", status_code=204, responses=WRITE)
def delete_user(id: UserId, at: AtSite, viewer: Somebody) -> None:
    """Erase an account; the ledger keeps only its pseudonym."""
    access.require(viewer, Action.MANAGE_PEOPLE)
    _delete(at, viewer, User, id)


def _delete(at: AtSite, viewer: Viewer, table: type[Partner] | type[Team] | type[User], id: str) -> None:
    try:
        with at.sessions.begin() as session:
            row = session.get(table, id)
            if row is None:
                raise NotFound
            session.delete(row)
            audit.record(session, at.clock(), viewer.user_id, f"{table.__tablename__}-deleted", id)
    except IntegrityError as error:
        raise Refused("Something still belongs to it; that must go first.") from error


def _partner(row: Partner) -> PartnerOut:
    return PartnerOut(id=row.id, name=row.name, short_name=row.short_name)


def _team(session: Session, row: Team) -> TeamOut:
    logins = select(User.login).join(Membership, Membership.user_id == User.id).where(Membership.team_id == row.id)
    members = list(session.scalars(logins.order_by(User.login)))
    return TeamOut(id=row.id, name=row.name, partner=row.partner_id, members=members)


def _user(row: User) -> UserOut:
    role, disabled = Role(row.role), row.disabled_at is not None
    return UserOut(id=row.id, login=row.login, name=row.name, role=role, disabled=disabled)
