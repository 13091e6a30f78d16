"""The demo's cast: partners, teams, their members, an instructor and a student, with fresh passwords each time."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ncr import db, migrations
from ncr.clock import utcnow
from ncr.config import Settings
from ncr.people import accounts
from ncr.people.roles import Role
from ncr.people.tables import Team, User

PARTNERS = (
    ("cyfor", "Cyberforsvaret", "Cyfor"),
    ("telenor", "Telenor", "Telenor"),
    ("evry", "EVRY", "EVRY"),
    ("norsis", "NorSIS", "NorSIS"),
    ("sivilforsvaret", "Sivilforsvaret", "SF"),
    ("ntnu", "NTNU", "NTNU"),
)
SYLLABLES = ("fjell", "vind", "bjork", "elv", "hauk", "lyng", "skog", "torsk", "varde", "viddene", "ravn", "tind")
LASTS = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Person:
    """An account of the demo, with what it signs in with."""

    login: str
    password: str
    token: str

    @property
    def words(self) -> str:
        """User name and password, to be shown."""
        return f"{self.login} / {self.password}"


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody: `members[n]` plays for `teams[n]`."""

    instructor: Person
    student: Person
    teams: tuple[Team, ...]
    members: tuple[Person, ...]


def hire(settings: Settings) -> Cast:
    """Make the database and everybody in it."""
    settings.data.mkdir(parents=True, exist_ok=True)
    migrations.upgrade(settings.url)
    engine = db.connect(settings.url)
    with db.sessions(engine).begin() as session:
        now = utcnow()
        instructor = _person(session, "leder", "Øvingsleder", Role.INSTRUCTOR, now)
        student = _person(session, "student", "Student", Role.STUDENT, now)
        teams, members = [], []
        for slug, name, short in PARTNERS:
            accounts.add_partner(session, slug, name, short)
            members.append(_person(session, slug, f"Spiller {name}", Role.PARTICIPANT, now))
            teams.append(accounts.add_team(session, f"{slug}-1", f"Lag {name}", slug, [slug]))
        cast = Cast(instructor, student, tuple(teams), tuple(members))
    engine.dispose()
    return cast


def _person(session: Session, login: str, name: str, role: Role, now: datetime) -> Person:
    password = "-".join([*(secrets.choice(SYLLABLES) for _ in range(2)), f"{secrets.randbelow(10_000):04}"])
    user: User = accounts.add_user(session, login, name, role, now, password=password)
    token = accounts.issue_token(session, user, "demo", role, LASTS, now)
    return Person(login, password, token)
