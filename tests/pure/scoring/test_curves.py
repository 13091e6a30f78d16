"""Task values: the worked numbers of every curve."""

from fractions import Fraction

import pytest

from ncr.scenario import model
from ncr.scoring import curves


@pytest.mark.parametrize(("k", "value"), [(0, 500), (1, 500), (2, 475), (5, 400), (17, 100), (40, 100)])
def test_linear(k: int, value: int) -> None:
    assert curves.linear(500, 100, 25, k) == value


@pytest.mark.parametrize(("k", "value"), [(0, 500), (1, 500), (5, 484), (11, 400), (21, 100), (99, 100)])
def test_parabolic(k: int, value: int) -> None:
    assert curves.parabolic(500, 100, 20, k) == value


def test_parabolic_reads_a_decay_of_zero_as_one() -> None:
    assert [curves.parabolic(500, 100, 0, k) for k in (1, 2, 3)] == [500, 100, 100]


@pytest.mark.parametrize(("k", "value"), [(0, 1000), (1, 1000), (2, 864), (5, 586), (20, 266)])
def test_exponential(k: int, value: int) -> None:
    assert curves.exponential(1000, 250, 5, k) == value


@pytest.mark.parametrize(("k", "value"), [(0, 1000), (1, 1000), (2, 960), (8, 720), (15, 440), (16, 400), (20, 400)])
def test_proportional(k: int, value: int) -> None:
    assert curves.proportional(1000, 400, k, 20) == value


def test_proportional_is_exact() -> None:
    assert curves.proportional(1000, 401, 2, 7) == 1000 - Fraction(599) * Fraction(1, 7) / Fraction(3, 4)


@pytest.mark.parametrize(("k", "value"), [(1, 496), (25, 370), (100, 100), (200, 100)])
def test_tanh(k: int, value: int) -> None:
    assert curves.tanh(500, 100, 100, k) == value


def test_first_solve_bonuses_are_rounded_half_to_even() -> None:
    shares = [curves.exact("5") / Fraction(100), Fraction(3, 100), Fraction(1, 100)]
    assert [500 + curves.bonus(share, 500) for share in shares] == [525, 515, 505]
    assert [250 + curves.bonus(share, 250) for share in shares] == [262, 258, 252]


def test_a_scenario_names_its_curve() -> None:
    named = model.Curve(curve="exponential", initial=1000, minimum=250, difficulty=5)
    assert curves.curve(named)(5, 0) == 586
    assert curves.curve(70)(12, 0) == 70


@pytest.mark.parametrize("name", ["linear", "parabolic", "exponential", "tanh"])
def test_a_curve_without_its_field_is_refused(name: str) -> None:
    incomplete = model.Curve.model_validate({"curve": name, "initial": 500, "minimum": 100})
    with pytest.raises(ValueError, match="needs"):
        curves.curve(incomplete)
