"""Local times across the two nights when clocks change."""

from datetime import UTC, datetime

import pytest

from ncr.errors import Invalid
from ncr.exercise import localtime

OSLO = "Europe/Oslo"


def test_a_plain_local_time_is_one_point_in_time():
    assert localtime.to_utc(datetime(2026, 7, 1, 9), OSLO) == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert localtime.to_utc(datetime(2026, 12, 1, 9), OSLO) == datetime(2026, 12, 1, 8, tzinfo=UTC)


def test_a_time_the_clocks_are_set_forward_over_is_refused():
    with pytest.raises(Invalid, match="2027-03-28 02:30 does not exist in Europe/Oslo"):
        localtime.to_utc(datetime(2027, 3, 28, 2, 30), OSLO)


def test_a_time_that_comes_twice_is_asked_about():
    with pytest.raises(Invalid, match="2026-10-25 02:30 comes twice in Europe/Oslo"):
        localtime.to_utc(datetime(2026, 10, 25, 2, 30), OSLO)


def test_the_answer_to_which_of_the_two_is_heeded():
    local = datetime(2026, 10, 25, 2, 30)
    assert localtime.to_utc(local, OSLO, fold=0) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert localtime.to_utc(local, OSLO, fold=1) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", ["Europe/Olso", "", "../etc/passwd", "/etc/passwd"])
def test_an_unknown_zone_is_refused(name: str):
    with pytest.raises(Invalid, match="is not a time zone"):
        localtime.zone(name)
