"""Signing in and out for programs and scripts in the browser, and who I am."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from ncr import access
from ncr.api.caller import AtSite, Caller, Somebody, require_own_page, text_id
from ncr.api.problems import documented
from ncr.people import accounts, audit, signin
from ncr.people.roles import Role
from ncr.people.tables import User

router = APIRouter(prefix="/auth", tags=["auth"])


class Credentials(BaseModel):
    """A user name and its password."""

    login: Annotated[str, Field(min_length=1, max_length=200)]
    password: Annotated[str, Field(min_length=1, max_length=1000)]


class Me(BaseModel):
    """Who the caller is."""

    id: str
    login: str
    name: str
    role: Role
    teams: list[str]


class TokenWanted(BaseModel):
    """A token for a program: its role is at most one's own."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    role: Role
    days: Annotated[int, Field(ge=1, le=365)] = 30


class TokenMade(BaseModel):
    """The token, shown this once."""

    token: str


@router.post("/sign-in", status_code=204, responses=documented(401, 403, 422, 429))
def sign_in(credentials: Credentials, request: Request, response: Response, at: AtSite) -> None:
    """Sign in; the session comes as a cookie."""
    headers = request.headers
    if "origin" in headers or "sec-fetch-site" in headers:
        require_own_page(request, at)
    earlier = access.cookie_of(request.cookies, at.settings)
    secret = signin.sign_in(at.sessions, credentials.login, credentials.password, at.clock(), earlier)
    access.set_cookie(response, secret, at.settings)


@router.post("/sign-out", status_code=204, responses=documented(403))
def sign_out(request: Request, response: Response, at: AtSite, viewer: Caller) -> None:
    """End the browser's session."""
    signin.sign_out(at.sessions, access.cookie_of(request.cookies, at.settings))
    access.clear_cookie(response, at.settings)


@router.get("/me", responses=documented(401))
def me(viewer: Somebody) -> Me:
    """Who I am."""
    teams = sorted(viewer.teams)
    return Me.model_validate(
        {"id": viewer.user_id, "login": viewer.login, "name": viewer.name, "role": viewer.role, "teams": teams}
    )


@router.post("/tokens", status_code=201, responses=documented(401, 403, 422))
def make_token(wanted: TokenWanted, at: AtSite, viewer: Somebody) -> TokenMade:
    """A token of my own for a program."""
    now = at.clock()
    with at.sessions.begin() as session:
        user = session.get_one(User, text_id(viewer))
        # A token must not make a stronger one than itself.
        accounts.require_at_most(wanted.role, viewer.role)
        secret = accounts.issue_token(session, user, wanted.name, wanted.role, timedelta(days=wanted.days), now)
        audit.record(session, now, user.id, "token", user.id, {"name": wanted.name, "role": wanted.role})
    return TokenMade(token=secret)
