"""Recurring plans across the two nights when clocks change."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from ncr.errors import Invalid
from ncr.exercise import recurrence

OSLO = "Europe/Oslo"


def starts(rule: str, after: datetime, count: int) -> list[datetime]:
    found = []
    for _ in range(count):
        start = recurrence.next_start(rule, OSLO, after)
        assert start is not None
        found.append(start)
        after = start
    return found


def test_nine_o_clock_stays_nine_o_clock_in_winter():
    found = starts("0 9 * * mon", datetime(2026, 10, 18, tzinfo=UTC), 3)
    assert found == [datetime(2026, 10, day, hour, tzinfo=UTC) for day, hour in ((19, 7), (26, 8))] + [
        datetime(2026, 11, 2, 8, tzinfo=UTC)
    ]


def test_half_past_two_comes_once_in_the_night_that_has_it_twice():
    found = starts("30 2 * * *", datetime(2026, 10, 24, 12, tzinfo=UTC), 2)
    assert found == [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 26, 1, 30, tzinfo=UTC)]


def test_half_past_two_is_held_at_half_past_three_in_the_night_that_lacks_it():
    found = starts("30 2 * * *", datetime(2027, 3, 27, 12, tzinfo=UTC), 2)
    assert found == [datetime(2027, 3, 28, 1, 30, tzinfo=UTC), datetime(2027, 3, 29, 0, 30, tzinfo=UTC)]


@pytest.mark.parametrize("night", [datetime(2026, 10, 24, tzinfo=UTC), datetime(2027, 3, 27, tzinfo=UTC)])
def test_occurrences_only_ever_move_forward(night: datetime):
    found = starts("*/15 * * * *", night, 200)
    assert all(later - earlier >= timedelta(minutes=15) for earlier, later in pairwise(found))


def test_weekdays_by_number_are_crons_not_the_schedulers():
    assert starts("0 9 * * 1", datetime(2026, 9, 1, tzinfo=UTC), 1)[0].strftime("%A") == "Monday"
    assert starts("0 9 * * 0", datetime(2026, 9, 1, tzinfo=UTC), 1)[0].strftime("%A") == "Sunday"


@pytest.mark.parametrize("rule", ["", "weekly", "0 9 * *", "61 9 * * *", "0 9 * * mon extra", "0 9 * * 8"])
def test_a_rule_that_is_none_is_refused(rule: str):
    with pytest.raises(Invalid, match="is not a rule"):
        recurrence.check(rule, OSLO)
