"""Availability: the worked numbers of every model."""

import pytest

from ncr.scoring.availability import Ticks, composite, penalty, plain, share


def test_plain_gives_half_for_degraded_and_recovering_and_nothing_for_down() -> None:
    assert plain(5, Ticks(up=3, degraded=1, recovering=2, down=4)) == 22.5


def test_share_weighs_services() -> None:
    services = [
        (5, Ticks(up=95, down=5)),
        (3, Ticks(up=80, degraded=10, down=10)),
        (1, Ticks(down=100)),
    ]
    assert float(share(services)) == pytest.approx(0.811111, abs=5e-7)


def test_share_leaves_out_services_never_judged() -> None:
    assert share([(5, Ticks(up=1)), (3, Ticks())]) == 1
    assert share([(3, Ticks())]) is None


@pytest.mark.parametrize(
    ("form", "costs"), [("additive", [10, 20, 30]), ("flat", [0, 10, 20]), ("exponential", [10, 20, 40])]
)
def test_penalty(form: str, costs: list[int]) -> None:
    assert [penalty(misses, 5, 10, 50, form) for misses in (5, 6, 7)] == costs


def test_penalty_is_capped_and_starts_at_the_threshold() -> None:
    assert penalty(4, 5, 10, 50) == 0
    assert penalty(40, 5, 10, 50, "exponential") == 50


def test_composite() -> None:
    from_parts = [(40, 95, 100), (40, 310, 400), (20, 15, 20)]
    assert composite(from_parts) == 84
    assert composite([(1, 7, 5), (1, -3, 5)]) == 50
