"""`ncr people`: partners, teams, users and tokens."""

from datetime import timedelta
from typing import Annotated

import typer
from sqlalchemy import select

from ncr.cli.told import Json, database, one, table
from ncr.clock import utcnow
from ncr.config import Settings
from ncr.errors import NotFound
from ncr.people import accounts, audit
from ncr.people.roles import Role
from ncr.people.tables import Membership, Partner, Team, Token, User

app = typer.Typer(help="Partners, teams, users and tokens.", no_args_is_help=True)
partner = typer.Typer(help="The organisations behind teams.", no_args_is_help=True)
team = typer.Typer(help="Teams and their members.", no_args_is_help=True)
user = typer.Typer(help="Accounts.", no_args_is_help=True)
token = typer.Typer(help="Keys for programs.", no_args_is_help=True)
for name, group in (("partner", partner), ("team", team), ("user", user), ("token", token)):
    app.add_typer(group, name=name)

Members = Annotated[list[str] | None, typer.Option("--member", help="A member's user name; may be given again.")]


@partner.command("add")
def add_partner(
    id: str, name: Annotated[str, typer.Option(help="Its full name.")], short: str | None = None, as_json: Json = False
) -> None:
    """Add a partner."""
    with database(Settings()) as sessions, sessions.begin() as session:
        made = accounts.add_partner(session, id, name, short)
        audit.record(session, utcnow(), None, "partner-made", id)
        one({"id": made.id, "name": made.name, "short_name": made.short_name}, as_json)


@partner.command("list")
def list_partners(as_json: Json = False) -> None:
    """All partners."""
    with database(Settings()) as sessions, sessions() as session:
        rows = session.scalars(select(Partner).order_by(Partner.id))
        table([{"id": row.id, "name": row.name, "short_name": row.short_name} for row in rows], as_json, "no partners")


@team.command("add")
def add_team(
    id: str,
    name: Annotated[str, typer.Option(help="What people call it.")],
    of: Annotated[str | None, typer.Option("--partner", help="The partner's id.")] = None,
    members: Members = None,
    as_json: Json = False,
) -> None:
    """Add a team."""
    with database(Settings()) as sessions, sessions.begin() as session:
        made = accounts.add_team(session, id, name, of, members or [])
        audit.record(session, utcnow(), None, "team-made", id)
        one({"id": made.id, "name": made.name, "partner": made.partner_id, "members": members or []}, as_json)


@team.command("members")
def set_members(id: str, members: Members = None, as_json: Json = False) -> None:
    """Make these the team's members."""
    with database(Settings()) as sessions, sessions.begin() as session:
        made = accounts.change_team(session, id, None, members or [])
        audit.record(session, utcnow(), None, "team-changed", id)
        one({"id": made.id, "members": members or []}, as_json)


@team.command("list")
def list_teams(as_json: Json = False) -> None:
    """All teams with their members."""
    with database(Settings()) as sessions, sessions() as session:
        found = []
        for row in session.scalars(select(Team).order_by(Team.id)):
            logins = select(User.login).join(Membership, Membership.user_id == User.id)
            members = session.scalars(logins.where(Membership.team_id == row.id).order_by(User.login)).all()
            found.append({"id": row.id, "name": row.name, "partner": row.partner_id, "members": " ".join(members)})
        table(found, as_json, "no teams")


@user.command("add")
def add_user(
    login: str,
    name: Annotated[str | None, typer.Option(help="The person's name; the user name when left out.")] = None,
    role: Annotated[Role, typer.Option(help="What the account is for.")] = Role.PARTICIPANT,
    password: Annotated[str | None, typer.Option(help="Asked for when left out; - reads a line of input.")] = None,
    as_json: Json = False,
) -> None:
    """Add an account."""
    if password is None:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    elif password == "-":  # noqa: S105 - a dash means standard input
        password = typer.get_text_stream("stdin").readline().rstrip("\n")
    with database(Settings()) as sessions, sessions.begin() as session:
        made = accounts.add_user(session, login, name or login, role, utcnow(), password=password)
        audit.record(session, utcnow(), None, "user-made", made.id, {"role": role})
        one({"id": made.id, "login": made.login, "name": made.name, "role": made.role}, as_json)


@user.command("disable")
def disable_user(login: str, as_json: Json = False) -> None:
    """Close an account and end its sessions; it can be opened again by the administrator's page or API."""
    with database(Settings()) as sessions, sessions.begin() as session:
        found = session.scalars(select(User).where(User.login == login)).one_or_none()
        if found is None:
            raise NotFound(f"there is no user {login}")
        accounts.change_user(session, found.id, utcnow(), disabled=True)
        audit.record(session, utcnow(), None, "user-changed", found.id, {"fields": ["disabled"]})
        one({"login": login, "disabled": True}, as_json)


@user.command("list")
def list_users(as_json: Json = False) -> None:
    """All accounts."""
    with database(Settings()) as sessions, sessions() as session:
        rows = session.scalars(select(User).order_by(User.login))
        found = [
            {"login": row.login, "name": row.name, "role": row.role, "disabled": bool(row.disabled_at)} for row in rows
        ]
        table(found, as_json, "no users")


@token.command("add")
def add_token(
    login: str,
    name: Annotated[str, typer.Option(help="What it is for.")],
    role: Annotated[Role | None, typer.Option(help="At most the account's own, which it is when left out.")] = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="How long it lasts.")] = 30,
    as_json: Json = False,
) -> None:
    """Make a token for an account; it is shown this once."""
    now = utcnow()
    with database(Settings()) as sessions, sessions.begin() as session:
        found = session.scalars(select(User).where(User.login == login)).one_or_none()
        if found is None:
            raise NotFound(f"there is no user {login}")
        secret = accounts.issue_token(session, found, name, role or Role(found.role), timedelta(days=days), now)
        audit.record(session, now, None, "token", found.id, {"name": name})
        one({"token": secret}, as_json)


@token.command("list")
def list_tokens(as_json: Json = False) -> None:
    """All tokens, by the beginning of what is kept of them."""
    with database(Settings()) as sessions, sessions() as session:
        rows = session.execute(select(Token, User.login).join(User, Token.user_id == User.id).order_by(User.login))
        found = [
            {"id": row.id[:12], "login": login, "name": row.name, "role": row.role, "expires_at": row.expires_at}
            for row, login in rows
        ]
        table(found, as_json, "no tokens")
