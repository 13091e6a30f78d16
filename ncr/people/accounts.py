"""Accounts, partners, teams and tokens: made, changed and taken away, with everything wrong said at once."""

import secrets
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ncr.errors import Invalid, NotFound, Problem, Refused
from ncr.people import names
from ncr.people.passwords import hash_password
from ncr.people.roles import Role
from ncr.people.signin import fingerprint
from ncr.people.tables import Membership, Partner, SignIn, Team, Token, User

RANK = (Role.PARTICIPANT, Role.STUDENT, Role.OBSERVER, Role.INSTRUCTOR, Role.ADMIN)
SHORTEST = 10


def add_user(
    session: Session,
    login: str,
    name: str,
    role: Role,
    now: datetime,
    *,
    password: str | None = None,
    email: str | None = None,
    language: str | None = None,
) -> User:
    """A new account; Refused when the user name is taken. Without a password it cannot sign in here."""
    login = names.login(login)
    if session.scalars(select(User.id).where(User.login == login)).first():
        raise Refused(f"the user name {login} is taken")
    user = User(id=uuid.uuid4().hex, login=login, name=names.name(name), email=email, role=role, language=language)
    user.pseudonym, user.created_at = secrets.token_hex(8), now
    user.password_hash = hash_password(_long_enough(password)) if password is not None else None
    session.add(user)
    session.flush()
    return user


def change_user(
    session: Session,
    user_id: str,
    now: datetime,
    *,
    name: str | None = None,
    role: Role | None = None,
    password: str | None = None,
    disabled: bool | None = None,
) -> User:
    """Change what is given. A new password, another role or disabling ends the account's sessions and tokens."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFound(f"there is no user {user_id}")
    if name is not None:
        user.name = names.name(name)
    if role is not None:
        user.role = role
    if password is not None:
        user.password_hash = hash_password(_long_enough(password))
    if disabled is not None:
        user.disabled_at = now if disabled else None
    if password is not None or role is not None or disabled:
        session.execute(delete(SignIn).where(SignIn.user_id == user_id))
        session.execute(delete(Token).where(Token.user_id == user_id))
    session.flush()
    return user


def add_partner(session: Session, id_: str, name: str, short_name: str | None = None) -> Partner:
    """A new partner."""
    if session.get(Partner, names.slug(id_)):
        raise Refused(f"there is a partner {id_} already")
    clean = names.name(name)
    if session.scalars(select(Partner.id).where(Partner.name == clean)).first():
        raise Refused(f"there is a partner named {clean} already")
    partner = Partner(id=id_, name=clean, short_name=names.name(short_name or clean[:20], "short_name", 20))
    session.add(partner)
    session.flush()
    return partner


def add_team(session: Session, id_: str, name: str, partner: str | None = None, members: Iterable[str] = ()) -> Team:
    """A new team of a partner, with its members' user names."""
    if session.get(Team, names.slug(id_)):
        raise Refused(f"there is a team {id_} already")
    clean = names.name(name)
    if session.scalars(select(Team.id).where(Team.name == clean)).first():
        raise Refused(f"there is a team named {clean} already")
    if partner is not None and session.get(Partner, partner) is None:
        raise Invalid(problems=[Problem("partner", f"there is no partner {partner}")])
    team = Team(id=id_, name=clean, partner_id=partner)
    session.add(team)
    session.flush()
    set_members(session, team.id, members)
    return team


def rename_partner(session: Session, id_: str, name: str) -> Partner:
    """Give a partner another name."""
    partner = session.get(Partner, id_)
    if partner is None:
        raise NotFound(f"there is no partner {id_}")
    clean = names.name(name)
    if session.scalars(select(Partner.id).where(Partner.name == clean, Partner.id != id_)).first():
        raise Refused(f"there is a partner named {clean} already")
    partner.name = clean
    session.flush()
    return partner


def change_team(session: Session, id_: str, name: str | None, members: Iterable[str] | None) -> Team:
    """Give a team another name, or other members; what is None stays."""
    team = session.get(Team, id_)
    if team is None:
        raise NotFound(f"there is no team {id_}")
    if name is not None:
        clean = names.name(name)
        if session.scalars(select(Team.id).where(Team.name == clean, Team.id != id_)).first():
            raise Refused(f"there is a team named {clean} already")
        team.name = clean
    if members is not None:
        set_members(session, id_, members)
    session.flush()
    return team


def set_members(session: Session, team_id: str, logins: Iterable[str]) -> None:
    """Make these, by user name, the team's members; Invalid names every one there is no account for."""
    wanted = list(dict.fromkeys(names.login(login, "members") for login in logins))
    found = {login: id_ for login, id_ in session.execute(select(User.login, User.id).where(User.login.in_(wanted)))}
    unknown = [login for login in wanted if login not in found]
    if unknown:
        raise Invalid(problems=[Problem("members", f"there is no user {login}") for login in unknown])
    # Who stays keeps the room they sit in.
    mine, users = Membership.team_id == team_id, set(found.values())
    session.execute(delete(Membership).where(mine, Membership.user_id.not_in(users)))
    there = set(session.scalars(select(Membership.user_id).where(mine)))
    session.add_all(Membership(team_id=team_id, user_id=id_) for id_ in users - there)
    session.flush()


def issue_token(session: Session, user: User, name: str, role: Role, lasts: timedelta, now: datetime) -> str:
    """A new token `ncr_…`, shown this once; its role is at most the account's own."""
    require_at_most(role, Role(user.role))
    secret = f"ncr_{secrets.token_urlsafe(32)}"
    row = Token(id=fingerprint(secret), user_id=user.id, name=names.name(name), role=role, created_at=now)
    row.expires_at = now + lasts
    session.add(row)
    session.flush()
    return secret


def require_at_most(role: Role, limit: Role | None) -> None:
    """Invalid when `role` may do more than `limit`."""
    if limit is None or RANK.index(role) > RANK.index(limit):
        raise Invalid(problems=[Problem("role", f"can be at most {limit}")])


def revoke_token(session: Session, token_id: str) -> None:
    """Take a token away; one that is gone already is fine."""
    session.execute(delete(Token).where(Token.id == token_id))


def _long_enough(password: str) -> str:
    if not SHORTEST <= len(password) <= 200:
        raise Invalid(problems=[Problem("password", f"must be {SHORTEST} to 200 characters")])
    return password
