"""Signing in: the same answer for every wrong pair, five tries a minute, a fresh secret, and only its hash is kept."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from ncr import access, db
from ncr.clock import FrozenClock, utcnow
from ncr.db import Sessions
from ncr.errors import SignedOut, TooMany
from ncr.people import accounts, passwords, signin
from ncr.people.roles import Role
from ncr.people.tables import Attempt, SignIn, Token, User

PASSWORD = "riktig hest batteri"


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(utcnow())


@pytest.fixture
def sessions(database_url: str, clock: FrozenClock) -> Iterator[Sessions]:
    engine = db.connect(database_url)
    sessions = db.sessions(engine)
    with sessions.begin() as session:
        accounts.add_user(session, "kari", "Kari", Role.INSTRUCTOR, clock(), password=PASSWORD)
        accounts.add_user(session, "uten", "Uten passord", Role.STUDENT, clock())
    yield sessions
    engine.dispose()


def enter(sessions: Sessions, clock: FrozenClock, login: str = "kari", password: str = PASSWORD) -> str:
    return signin.sign_in(sessions, login, password, clock())


def who(sessions: Sessions, clock: FrozenClock, secret: str) -> str | None:
    with sessions() as session:
        return access.identify(session, secret, None, clock()).login


def test_the_right_pair_opens_a_session_until_it_expires(sessions: Sessions, clock: FrozenClock) -> None:
    secret = enter(sessions, clock, " KARI ")
    assert who(sessions, clock, secret) == "kari"
    clock.advance(signin.LASTS.total_seconds() - 1)
    assert who(sessions, clock, secret) == "kari"
    clock.advance(2)
    assert who(sessions, clock, secret) is None


def test_every_wrong_pair_gets_the_same_answer(sessions: Sessions, clock: FrozenClock) -> None:
    with sessions.begin() as session:
        id_ = accounts.add_user(session, "borte", "Borte", Role.ADMIN, clock(), password=PASSWORD).id
        accounts.change_user(session, id_, clock(), disabled=True)
    told = set()
    for login, password in (("kari", "feil"), ("ingen", PASSWORD), ("uten", ""), ("borte", PASSWORD)):
        with pytest.raises(SignedOut) as refusal:
            enter(sessions, clock, login, password)
        told.add(str(refusal.value))
    assert len(told) == 1


@pytest.mark.parametrize("nonsense", ["\x00", "\ud800", "å" * 5000, "' OR 1=1 --", ""])
def test_nonsense_is_a_wrong_pair_like_any_other(sessions: Sessions, clock: FrozenClock, nonsense: str) -> None:
    for login, password in ((nonsense, PASSWORD), ("kari", nonsense), (f"kari{nonsense or '?'}", PASSWORD)):
        with pytest.raises(SignedOut):
            enter(sessions, clock, login, password)


def test_a_sixth_try_within_a_minute_waits_even_with_the_right_password(sessions: Sessions, clock: FrozenClock) -> None:
    for login in ("kari", "finnes-ikke"):
        for _ in range(5):
            with pytest.raises(SignedOut):
                enter(sessions, clock, login, "feil")
        with pytest.raises(TooMany) as refusal:
            enter(sessions, clock, login)
        assert 59 <= refusal.value.retry_after_s <= 60
    clock.advance(61)
    assert who(sessions, clock, enter(sessions, clock)) == "kari"


def test_twenty_tries_at_once_are_five_tries(sessions: Sessions, clock: FrozenClock) -> None:
    def tried(_: int) -> str:
        try:
            enter(sessions, clock, password="feil")
        except (SignedOut, TooMany) as refusal:
            return refusal.slug
        return "in"

    with ThreadPoolExecutor(20) as pool:
        told = list(pool.map(tried, range(20)))
    assert (told.count("signed-out"), told.count("too-many")) == (5, 15)


def test_old_tries_are_not_kept(sessions: Sessions, clock: FrozenClock) -> None:
    for number in range(10):
        with pytest.raises(SignedOut):
            enter(sessions, clock, f"navn{number}", "feil")
    clock.advance(61)
    enter(sessions, clock)
    with sessions() as session:
        assert session.scalars(select(Attempt.subject)).all() == ["kari"]


def test_every_sign_in_has_its_own_secret_and_only_hashes_are_kept(sessions: Sessions, clock: FrozenClock) -> None:
    first, second = enter(sessions, clock), enter(sessions, clock)
    assert first != second
    with sessions() as session:
        kept = session.scalars(select(SignIn.id)).all()
        hashed = session.scalars(select(User.password_hash).where(User.login == "kari")).one()
    assert not {first, second} & set(kept)
    assert hashed is not None
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_signed_out_session_is_over_and_others_are_not(sessions: Sessions, clock: FrozenClock) -> None:
    first, second = enter(sessions, clock), enter(sessions, clock)
    signin.sign_out(sessions, first)
    signin.sign_out(sessions, first)
    assert (who(sessions, clock, first), who(sessions, clock, second)) == (None, "kari")


@pytest.mark.parametrize("change", [{"password": "et nytt passord"}, {"role": Role.STUDENT}, {"disabled": True}])
def test_what_changes_an_account_ends_its_sessions_and_tokens(
    sessions: Sessions, clock: FrozenClock, change: dict[str, object]
) -> None:
    secret = enter(sessions, clock)
    with sessions.begin() as session:
        kari = session.scalars(select(User).where(User.login == "kari")).one()
        token = accounts.issue_token(session, kari, "t", Role.OBSERVER, timedelta(days=1), clock())
    with sessions.begin() as session:
        accounts.change_user(session, kari.id, clock(), **change)  # type: ignore[arg-type]
    assert who(sessions, clock, secret) is None
    with sessions() as session:
        with pytest.raises(SignedOut):
            access.identify(session, None, token, clock())
        assert session.scalars(select(Token.id)).all() == []


def test_an_unknown_account_is_judged_as_long_and_only_two_at_once(sessions: Sessions, clock: FrozenClock) -> None:
    with ThreadPoolExecutor(1) as pool:
        with passwords._at_once, passwords._at_once:
            waiting = pool.submit(enter, sessions, clock, "finnes-ikke", "feil")
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
        with pytest.raises(SignedOut):
            waiting.result(timeout=20)
