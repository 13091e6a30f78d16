"""Accounts, partners, teams and tokens: what is wrong is said, and a token never does more than its owner."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ncr import access, db
from ncr.access import Action
from ncr.clock import FrozenClock, utcnow
from ncr.errors import Invalid, NotFound, Refused, SignedOut
from ncr.people import accounts
from ncr.people.roles import Role
from ncr.people.tables import Membership, Token, User


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(utcnow())


@pytest.fixture
def session(database_url: str) -> Iterator[Session]:
    engine = db.connect(database_url)
    with db.sessions(engine)() as session:
        yield session
    engine.dispose()


def test_names_are_unique_and_normalised(session: Session, clock: FrozenClock) -> None:
    accounts.add_partner(session, "ntnu", "NTNU")
    accounts.add_team(session, "blaa", "Bl\u0061\u030a", "ntnu")
    for again in (
        lambda: accounts.add_partner(session, "ntnu", "Annet"),
        lambda: accounts.add_partner(session, "annet", "NTNU\u200b"),
        lambda: accounts.add_team(session, "blaa", "Annet"),
        lambda: accounts.add_team(session, "annet", "Blå"),
        lambda: accounts.rename_partner(session, accounts.add_partner(session, "to", "To").id, "NTNU"),
    ):
        with pytest.raises(Refused):
            again()


def test_every_unknown_member_is_named_and_nothing_changes(session: Session, clock: FrozenClock) -> None:
    accounts.add_user(session, "kari", "Kari", Role.PARTICIPANT, clock())
    team = accounts.add_team(session, "blaa", "Blå", None, ["kari"])
    with pytest.raises(Invalid) as refusal:
        accounts.set_members(session, team.id, ["per", "kari", "ola"])
    assert [problem.message for problem in refusal.value.problems] == ["there is no user per", "there is no user ola"]
    assert len(session.scalars(select(Membership)).all()) == 1


def test_a_member_named_twice_is_one(session: Session, clock: FrozenClock) -> None:
    accounts.add_user(session, "kari", "Kari", Role.PARTICIPANT, clock())
    accounts.add_team(session, "blaa", "Blå", None, ["kari", "Kari", "kari"])
    assert len(session.scalars(select(Membership)).all()) == 1


@pytest.mark.parametrize("members", [["a\x00b"], ["\ud800"], ["x" * 500], ["'; --"]])
def test_members_of_any_spelling_are_answered(session: Session, members: list[str]) -> None:
    accounts.add_team(session, "blaa", "Blå")
    with pytest.raises(Invalid):
        accounts.set_members(session, "blaa", members)


def test_a_team_of_a_partner_that_is_not_there_is_refused(session: Session) -> None:
    with pytest.raises(Invalid):
        accounts.add_team(session, "blaa", "Blå", "ingen")


@pytest.mark.parametrize("password", ["", "kort", "x" * 201])
def test_a_password_too_short_or_too_long_is_refused(session: Session, clock: FrozenClock, password: str) -> None:
    with pytest.raises(Invalid):
        accounts.add_user(session, "kari", "Kari", Role.STUDENT, clock(), password=password)


def test_what_is_not_there_cannot_be_changed(session: Session, clock: FrozenClock) -> None:
    for change in (
        lambda: accounts.change_user(session, "nobody", clock(), name="X"),
        lambda: accounts.rename_partner(session, "nobody", "X"),
        lambda: accounts.change_team(session, "nobody", "X", None),
    ):
        with pytest.raises(NotFound):
            change()


@pytest.mark.parametrize("role", list(Role))
def test_a_token_does_at_most_what_its_owner_may(session: Session, clock: FrozenClock, role: Role) -> None:
    kari = accounts.add_user(session, "kari", "Kari", Role.INSTRUCTOR, clock())
    if role is Role.ADMIN:
        with pytest.raises(Invalid):
            accounts.issue_token(session, kari, "t", role, timedelta(days=1), clock())
        return
    secret = accounts.issue_token(session, kari, "t", role, timedelta(days=1), clock())
    viewer = access.identify(session, None, secret, clock())
    assert (viewer.login, viewer.role, viewer.via) == ("kari", role, "token")
    assert access.may(viewer, Action.RUN) is (role is Role.INSTRUCTOR)


def test_a_token_ends_when_it_expires_or_is_revoked(session: Session, clock: FrozenClock) -> None:
    kari = accounts.add_user(session, "kari", "Kari", Role.STUDENT, clock())
    short, long = (
        accounts.issue_token(session, kari, "t", Role.STUDENT, timedelta(days=days), clock()) for days in (1, 2)
    )
    clock.advance(86401)
    with pytest.raises(SignedOut):
        access.identify(session, None, short, clock())
    assert access.identify(session, None, long, clock()).login == "kari"
    for token in session.scalars(select(Token.id)).all():
        accounts.revoke_token(session, token)
        accounts.revoke_token(session, token)
    with pytest.raises(SignedOut):
        access.identify(session, None, long, clock())


def test_only_the_hash_of_a_token_is_kept(session: Session, clock: FrozenClock) -> None:
    kari = accounts.add_user(session, "kari", "Kari", Role.STUDENT, clock())
    secret = accounts.issue_token(session, kari, "t", Role.STUDENT, timedelta(days=1), clock())
    assert secret.startswith("ncr_")
    assert len(secret) >= 40
    assert secret not in str([vars(row) for row in session.scalars(select(Token))])


def test_pseudonyms_tell_nothing_of_the_person(session: Session, clock: FrozenClock) -> None:
    people = [accounts.add_user(session, f"kari{n}", "Kari", Role.STUDENT, clock()) for n in range(3)]
    found = session.scalars(select(User.pseudonym)).all()
    assert len(set(found)) == len(people)
    assert not any("kari" in pseudonym for pseudonym in found)
