"""Who may see and do what: one place, used by every door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal
from urllib.parse import urlsplit

from sqlalchemy import and_, bindparam, false, or_, select, union_all
from sqlalchemy.orm import Session, aliased
from starlette.responses import Response

from ncr.config import Settings
from ncr.errors import Forbidden, NotFound, SignedOut
from ncr.exercise.tables import Exercise, Participant
from ncr.people.roles import Role
from ncr.people.signin import fingerprint
from ncr.people.tables import Membership, SignIn, Token, User
from ncr.scoring.prepared import Prepared, to_wall

STAFF = frozenset({Role.OBSERVER, Role.INSTRUCTOR, Role.ADMIN})
COOKIE_S = 12 * 3600


class Action(StrEnum):
    """What somebody wants to do, apart from seeing an exercise (that is `audience`)."""

    PLAN = "plan"  # plan exercises, see the list of all of them
    RUN = "run"  # turn an exercise's clock, reset, fire, adjust
    INSPECT = "inspect"  # read everything in an exercise: ledger, journal, environments
    PRACTISE = "practise"  # the catalogue, and own practice runs
    WATCH = "watch"  # look over a team's shoulder
    JOIN = "join"  # type in a team's terminal beside it
    MANAGE_TEAMS = "manage-teams"
    MANAGE_PEOPLE = "manage-people"


ALLOWED: Mapping[Action, frozenset[Role]] = {
    Action.PLAN: frozenset({Role.INSTRUCTOR, Role.ADMIN}),
    Action.RUN: frozenset({Role.INSTRUCTOR, Role.ADMIN}),
    Action.INSPECT: STAFF,
    Action.PRACTISE: frozenset({Role.STUDENT, Role.PARTICIPANT, Role.INSTRUCTOR, Role.ADMIN}),
    Action.WATCH: STAFF,
    Action.JOIN: frozenset({Role.INSTRUCTOR, Role.ADMIN}),
    Action.MANAGE_TEAMS: frozenset({Role.INSTRUCTOR, Role.ADMIN}),
    Action.MANAGE_PEOPLE: frozenset({Role.ADMIN}),
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. Nobody signed in: everything None. `via` says how they proved it."""

    user_id: str | None = None
    role: Role | None = None
    login: str | None = None
    name: str = ""
    language: str | None = None
    pseudonym: str | None = None
    teams: frozenset[str] = field(default_factory=frozenset)
    form_token: str | None = None
    via: Literal["cookie", "token", "none"] = "none"


@dataclass(frozen=True, slots=True)
class Audience:
    """What a viewer sees of one exercise; `participant` is set for members of a team in it."""

    kind: Literal["public", "team", "staff"]
    participant: str | None = None


NOBODY = Viewer()


def identify(session: Session, cookie: str | None, bearer: str | None, now: datetime) -> Viewer:
    """Who holds this session cookie or this token; nobody without either. A token that is wrong is SignedOut."""
    if bearer is not None:
        return _by_token(session, bearer, now)
    if not cookie:
        return NOBODY
    asked = select(User, SignIn.form_token).join(SignIn, SignIn.user_id == User.id)
    live = (SignIn.id == fingerprint(cookie), SignIn.expires_at > now, User.disabled_at.is_(None))
    found = session.execute(asked.where(*live)).one_or_none()
    if found is None:
        return NOBODY
    user, form_token = found
    return _viewer(session, user, Role(user.role), "cookie", form_token)


def present(session: Session, user_id: str, now: datetime) -> Viewer | None:
    """The user, while they may sign in and are signed in somewhere; for what outlives the request that began it."""
    user = session.get(User, user_id)
    if user is None or user.disabled_at is not None:
        return None
    for proof in (SignIn, Token):
        live = select(proof.id).where(proof.user_id == user_id, proof.expires_at > now)
        if session.scalars(live.limit(1)).first() is not None:
            return _viewer(session, user, Role(user.role), "none", None)
    return None


def _by_token(session: Session, bearer: str, now: datetime) -> Viewer:
    asked = select(User, Token.role).join(Token, Token.user_id == User.id)
    live = (Token.id == fingerprint(bearer), Token.expires_at > now, User.disabled_at.is_(None))
    found = session.execute(asked.where(*live)).one_or_none()
    if found is None:
        raise SignedOut("the token is not valid, or no longer")
    user, role = found
    return _viewer(session, user, Role(role), "token", None)


def _viewer(
    session: Session, user: User, role: Role, via: Literal["cookie", "token", "none"], form_token: str | None
) -> Viewer:
    teams = session.scalars(select(Membership.team_id).where(Membership.user_id == user.id))
    return Viewer(
        user.id, role, user.login, user.name, user.language, user.pseudonym, frozenset(teams), form_token, via
    )


def may(viewer: Viewer, action: Action, exercise: Exercise | None = None) -> bool:
    """Whether the viewer may do `action`; with an exercise, an instructor only in their own."""
    if viewer.role is None or viewer.role not in ALLOWED[action]:
        return False
    return exercise is None or viewer.role is not Role.INSTRUCTOR or exercise.created_by == viewer.user_id


def require(viewer: Viewer, action: Action, exercise: Exercise | None = None) -> None:
    """Raise SignedOut or Forbidden unless the viewer may."""
    if viewer.user_id is None:
        raise SignedOut
    if not may(viewer, action, exercise):
        raise Forbidden


def audience(session: Session, viewer: Viewer, exercise: Exercise) -> Audience:
    """How the viewer sees the exercise. NotFound where even its existence is not theirs to know.

    A practice run is its student's, and staff's without exercises of their own to see to; the pool is nobody's.
    """
    if exercise.mode == "pool":
        raise SignedOut if viewer.user_id is None else NotFound
    is_staff, is_practice = may(viewer, Action.INSPECT, exercise), exercise.mode == "practice"
    # Whoever practises is a player in the own run, an instructor too.
    if is_staff and not is_practice:
        return Audience("staff")
    # A draft is its planner's own: teams and times may still change.
    participant = participant_of(session, viewer, exercise.id) if exercise.state != "draft" else None
    if participant is not None:
        return Audience("team", participant)
    if is_staff:
        return Audience("staff")
    if exercise.mode == "exercise" and exercise.visibility == "public" and exercise.state not in ("draft", "cancelled"):
        return Audience("public")
    if viewer.user_id is None:
        raise SignedOut
    raise NotFound


def participant_of(session: Session, viewer: Viewer, exercise_id: str) -> str | None:
    """The participant the viewer plays as in this exercise, if any."""
    if viewer.user_id is None:
        return None
    mine = or_(Participant.team_id.in_(viewer.teams), Participant.user_id == viewer.user_id)
    asked = select(Participant.id).where(Participant.exercise_id == exercise_id, mine)
    return session.scalars(asked.order_by(Participant.name).limit(1)).one_or_none()


def _plays(proof: type[SignIn] | type[Token]) -> Prepared:
    entered = aliased(Participant)
    here = entered.exercise_id == bindparam("exercise")
    teams = select(Membership.team_id).where(Membership.user_id == User.id)
    # A union, because each half is then one search in an index, however many take part.
    mine = union_all(
        select(entered.id).where(entered.team_id.in_(teams.correlate(User)), here).correlate(User),
        select(entered.id).where(entered.user_id == User.id, here).correlate(User),
    )
    live = (proof.id == bindparam("proof"), proof.expires_at > bindparam("now"), User.disabled_at.is_(None))
    return Prepared(
        select(Participant.id, User.id, User.pseudonym)
        .select_from(proof)
        .join(User, proof.user_id == User.id)
        .join(Participant, Participant.id.in_(mine))
        .join(Exercise, Participant.exercise_id == Exercise.id)
        .where(*live, Exercise.state != "draft")
        .order_by(Participant.name)
        .limit(1)
    )


_BY_COOKIE, _BY_TOKEN = _plays(SignIn), _plays(Token)


def plays(
    session: Session, cookie: str | None, bearer: str | None, exercise_id: str, now: datetime
) -> tuple[str, str, str] | None:
    """Participant, user and pseudonym of who holds this cookie or token and is in a team of the exercise.

    `identify`, `audience` and `participant_of` in one query, for the route that all teams call at once. None says only
    that one of them has something to object.
    """
    secret = cookie if bearer is None else bearer
    if not secret:
        return None
    connection = session.connection()
    asked = {"proof": fingerprint(secret), "exercise": exercise_id, "now": to_wall(connection, now)}
    found = (_BY_COOKIE if bearer is None else _BY_TOKEN).rows(connection, asked)
    return tuple(found[0]) if found else None


def sees_board(audience: Audience, exercise: Exercise) -> bool:
    """Whether this audience may see everybody's standings: `staff` and `off` keep them from teams and the public."""
    allowed = {
        "public": ("public", "team", "staff"),
        "teams": ("team", "staff"),
        "staff": ("staff",),
        "off": ("staff",),
    }
    return audience.kind in allowed[exercise.visibility]


def visible_exercises(session: Session, viewer: Viewer) -> Sequence[Exercise]:
    """The exercises the viewer has to do with, newest first."""
    asked = select(Exercise).where(Exercise.mode == "exercise").order_by(Exercise.created_at.desc(), Exercise.id)
    if viewer.role in (Role.ADMIN, Role.OBSERVER):
        return session.scalars(asked).all()
    mine = or_(Participant.team_id.in_(viewer.teams), Participant.user_id == viewer.user_id)
    theirs = and_(Exercise.id.in_(select(Participant.exercise_id).where(mine)), Exercise.state != "draft")
    planned = Exercise.created_by == viewer.user_id if viewer.role in ALLOWED[Action.PLAN] else false()
    return session.scalars(asked.where(or_(planned, theirs))).all()


def origin_allowed(headers: Mapping[str, str], settings: Settings, host: str | None) -> bool:
    """Whether an unsafe request, or a WebSocket, comes from our own pages: by Origin, and by Sec-Fetch-Site where sent.

    A request without an Origin is allowed only when the browser itself says it is same-origin.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    if origin is None:
        return site in ("same-origin", "none")
    allowed = {settings.origin}
    if not settings.public_url and host and _is_local(host):
        allowed.add(f"http://{host}")
    return origin in allowed


def is_own_page(origin: str, settings: Settings, host: str | None) -> bool:
    """Whether a browser's Origin is one of our pages, asked by a process that may be reached at another port."""
    if origin == settings.origin:
        return True
    if settings.public_url or not host:
        return False
    try:
        return _is_local(host) and urlsplit(origin).hostname == urlsplit(f"//{host}").hostname
    except ValueError:
        return False


def _is_local(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    return name in ("localhost", "127.0.0.1", "::1") or name.endswith(".localhost")


def cookie_name(settings: Settings) -> str:
    """`__Host-` where browsers accept it: behind TLS or on localhost."""
    return "__Host-ncr" if _may_prefix(settings) else "ncr"


def _may_prefix(settings: Settings) -> bool:
    # Browsers take Secure cookies over plain HTTP from localhost only; an address like 127.0.0.1 is not enough for all.
    parts = urlsplit(settings.origin)
    return parts.scheme == "https" or parts.hostname == "localhost"


def cookie_of(cookies: Mapping[str, str], settings: Settings) -> str | None:
    """The session secret a browser sent; behind TLS only under the name that no other page can set."""
    return cookies.get(cookie_name(settings))


def set_cookie(response: Response, secret: str, settings: Settings) -> None:
    """Give the browser its session."""
    response.set_cookie(
        cookie_name(settings),
        secret,
        max_age=COOKIE_S,
        path="/",
        httponly=True,
        samesite="lax",
        secure=_may_prefix(settings),
    )


def clear_cookie(response: Response, settings: Settings) -> None:
    """Take the browser's session away."""
    response.delete_cookie(cookie_name(settings), path="/", httponly=True, secure=_may_prefix(settings))
