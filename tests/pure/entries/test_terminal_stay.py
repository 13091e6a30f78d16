"""A terminal waits half a minute for somebody who is away, and as long as it takes while it is held."""

from ncr.entries.terminal_stay import AWAY_S, ENDED, HELD, Stay
from ncr.exercise.openness import CLOSED


def test_it_is_over_when_nobody_came_back_in_time() -> None:
    stay = Stay(0.0)
    stay.arrive()
    assert not stay.is_over(1000)
    stay.leave(1000)
    assert not stay.is_over(1000 + AWAY_S)
    assert stay.is_over(1001 + AWAY_S)


def test_one_that_nobody_ever_sat_at_is_over_too() -> None:
    assert Stay(5.0).is_over(6 + AWAY_S)


def test_coming_back_any_number_of_times_keeps_it() -> None:
    stay = Stay(0.0)
    for time in range(0, 1000, int(AWAY_S)):
        assert not stay.is_over(time)
        stay.arrive()
        assert stay.away_s(time + 10) == 0
        stay.leave(time + 1)


def test_nobody_is_missed_while_it_is_held() -> None:
    stay = Stay(0.0)
    stay.leave(10)
    assert stay.hold("paused")
    assert not stay.hold("paused"), "no news"
    assert stay.hold("building")
    assert not stay.is_over(5000)
    assert stay.release(5000)
    assert not stay.release(5000), "no news"
    assert not stay.is_over(5000 + AWAY_S)
    assert stay.is_over(5001 + AWAY_S)


def test_every_reason_why_an_environment_is_closed_holds_or_ends_a_terminal() -> None:
    assert HELD | set(ENDED) == set(CLOSED)
    assert not HELD & set(ENDED)
