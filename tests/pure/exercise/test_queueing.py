"""Turns, promises and idleness, on plain data."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ncr.exercise import queueing
from ncr.exercise.capacity import Amount
from ncr.exercise.queueing import Claim, Room

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
ONE = Amount(100, 1, 1)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def claim(start: float, end: float, runs: int = 1, times: int = 1) -> Claim:
    return Claim(at(start), at(end), ONE.times(times), runs)


def room(environments: int = 10, runs: int = 10, parallel: int = 2) -> Room:
    return Room(ONE.times(environments), runs, parallel)


def turn(claims: list[Claim], has: Room, minutes: float = 60) -> datetime | None:
    return queueing.turn(claims, ONE, minutes * 60, has, NOON)


@pytest.mark.parametrize(
    ("claims", "has", "expected"),
    [
        ([], room(), 0),
        ([], room(environments=0), None),
        ([], room(runs=0), None),
        ([claim(-30, 30)], room(runs=1), 30),
        ([claim(-30, 30), claim(-10, 50)], room(runs=2), 30),
        ([claim(-30, 30), claim(-10, 50)], room(environments=1), 50),
        # A planned exercise that needs all the room within the run's time: after it.
        ([claim(45, 90, runs=0, times=10)], room(), 90),
        # And one that leaves just enough.
        ([claim(45, 90, runs=0, times=9)], room(), 0),
        # What ends before it begins does not count beside it.
        ([claim(-60, 45, runs=0, times=9), claim(45, 90, runs=0, times=9)], room(), 0),
        # Exercises take no practice run.
        ([claim(-10, 90, runs=0, times=3)], room(runs=1), 0),
    ],
)
def test_the_turn_comes_when_all_of_the_run_fits(claims: list[Claim], has: Room, expected: float | None) -> None:
    assert turn(claims, has) == (None if expected is None else at(expected))


spans = st.tuples(st.integers(-60, 120), st.integers(1, 120), st.integers(0, 1), st.integers(1, 4))


@given(st.lists(spans, max_size=8), st.integers(1, 6), st.integers(1, 4))
def test_at_its_turn_it_fits_and_never_before(found: list[tuple[int, int, int, int]], size: int, runs: int) -> None:
    claims = [claim(start, start + length, run, times) for start, length, run, times in found]
    has = room(size, runs)
    when = turn(claims, has)
    length = timedelta(minutes=60)
    assert when is not None
    assert queueing.fits(claims, Claim(when, when + length, ONE, 1), has)
    for minute in range(int((when - NOON).total_seconds() // 60)):
        assert not queueing.fits(claims, Claim(at(minute), at(minute) + length, ONE, 1), has)


def test_builds_are_promised_some_at_a_time() -> None:
    promised: list[datetime] = []
    for _ in range(5):
        promised.append(queueing.ready(NOON, 10, promised, 2))
    assert [(each - NOON).total_seconds() for each in promised] == [12, 12, 24, 24, 36]
    assert queueing.ready(at(1), 10, promised[:2], 2) == at(1) + timedelta(seconds=12)


def test_what_builds_beside_others_took_is_shared_between_them() -> None:
    assert queueing.alone_s(8, 1, 2) == 8
    assert queueing.alone_s(8, 2, 2) == 8
    assert queueing.alone_s(8, 8, 2) == 2
    assert queueing.typical_s([]) is None
    assert queueing.typical_s([1, 9, 2]) == 2


def test_an_estimate_shrinks_and_ends_in_a_moment() -> None:
    assert queueing.estimate_s(None, NOON) is None
    assert [queueing.estimate_s(at(1), at(minute)) for minute in (0, 0.5, 1, 2)] == [62, 32, 2, 2]


def test_the_idle_are_warned_ten_minutes_before_and_half_a_short_limit_before() -> None:
    assert queueing.warning_s(3600) == 600
    assert queueing.warning_s(1200) == 600
    assert queueing.warning_s(600) == 300


@pytest.mark.parametrize(
    ("minutes", "warned", "turn"),
    [
        (0, None, "leave"),
        (49, None, "leave"),
        (50, None, "warn"),
        (55, 50, "leave"),
        (60, 50, "close"),
        # Warned late, because no director ran: it still has its ten minutes.
        (90, None, "warn"),
        (95, 90, "leave"),
        (100, 90, "close"),
        # Warned before it was last touched: that warning is over.
        (50, -5, "warn"),
    ],
)
def test_nobody_is_closed_without_having_been_warned(minutes: int, warned: int | None, turn: str) -> None:
    warned_at = None if warned is None else at(warned)
    assert queueing.idle_turn(NOON, warned_at, 3600, at(minutes)) == turn
