"""Durations in words, in both languages."""

import pytest

from ncr.web.catalogue import words
from ncr.web.durations import length, roughly


@pytest.mark.parametrize(
    ("seconds", "nb", "en"),
    [
        (0, "0 sekunder", "0 seconds"),
        (1, "1 sekund", "1 second"),
        (59.4, "59 sekunder", "59 seconds"),
        (60, "1 minutt", "1 minute"),
        (2700, "45 minutter", "45 minutes"),
        (3600, "1 time", "1 hour"),
        (5400, "1 time og 30 minutter", "1 hour and 30 minutes"),
        (7260, "2 timer og 1 minutt", "2 hours and 1 minute"),
        (7199, "2 timer", "2 hours"),
    ],
)
def test_a_length_is_said_in_hours_and_minutes(seconds: float, nb: str, en: str) -> None:
    assert (length(seconds, words("nb")), length(seconds, words("en"))) == (nb, en)


@pytest.mark.parametrize(
    ("seconds", "nb", "en"),
    [
        (0, "noen få sekunder", "a few seconds"),
        (7.9, "noen få sekunder", "a few seconds"),
        (8, "omtrent 10 sekunder", "about 10 seconds"),
        (42, "omtrent 40 sekunder", "about 40 seconds"),
        (88, "omtrent 1 minutt", "about 1 minute"),
        (95, "omtrent 2 minutter", "about 2 minutes"),
        (740, "omtrent 12 minutter", "about 12 minutes"),
        (4_100, "omtrent 1 time og 10 minutter", "about 1 hour and 10 minutes"),
        (9_500, "omtrent 2 timer og 45 minutter", "about 2 hours and 45 minutes"),
    ],
)
def test_an_estimate_is_no_finer_than_it_can_be_true(seconds: float, nb: str, en: str) -> None:
    assert (roughly(seconds, words("nb")), roughly(seconds, words("en"))) == (nb, en)
