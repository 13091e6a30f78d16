"""What injects hold in an environment, as data."""

from ncr.exercise import held
from ncr.exercise.addressees import reaches

HELD = {
    "cut": {"service": "hmi", "network": "plant", "until_t": 60.0},
    "gone": {"service": "hmi", "network": "office", "until_t": None},
    "kill": {"service": "shop"},
}


def test_what_is_stopped_and_what_is_cut_off_are_told_apart() -> None:
    assert held.stopped(HELD) == {"shop"}
    assert held.cuts(HELD) == {("hmi", "plant"), ("hmi", "office")}


def test_a_cut_is_over_at_its_second_and_one_for_good_never() -> None:
    assert held.over(HELD, 59.9) == set()
    assert held.over(HELD, 60.0) == {"cut"}
    assert held.over(HELD, 1e9) == {"cut"}


def test_starting_a_service_ends_what_keeps_it_stopped_and_nothing_else() -> None:
    assert held.started(HELD, "shop") == {"cut": HELD["cut"], "gone": HELD["gone"]}
    assert held.started(HELD, "hmi") == HELD
    assert held.without(HELD, {"cut", "kill"}) == {"gone": HELD["gone"]}


def test_what_is_said_reaches_those_it_is_to() -> None:
    assert not reaches(["staff"], None)
    assert not reaches([], None)
    assert reaches(["staff", "teams"], "technical")
    assert reaches(["technical"], "technical")
    assert reaches(["technical", "staff"], None)
    assert not reaches(["technical", "staff"], "management")
