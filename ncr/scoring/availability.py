"""Availability: what service states over the ticks are worth, by the model the scenario chose; exact and pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from ncr.scoring.curves import Points, exact

HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Ticks:
    """One service's ticks by result; what its checker or the platform spoiled, and what is excused, is in none."""

    up: int = 0
    degraded: int = 0
    recovering: int = 0
    down: int = 0

    @property
    def counted(self) -> int:
        """How many ticks were judged."""
        return self.up + self.degraded + self.recovering + self.down

    @property
    def good(self) -> Points:
        """Ticks up, those degraded or recovering counting half."""
        return exact(self.up + HALF * (self.degraded + self.recovering))


def plain(points: Points, ticks: Ticks) -> Points:
    """`points` for every tick up, half when degraded or recovering, none when down."""
    return exact(Fraction(points * ticks.good))


def share(services: Iterable[tuple[Points, Ticks]]) -> Points | None:
    """The weighted share of judged ticks that were good, over (weight, ticks); None when no tick was judged."""
    judged = [(weight, ticks) for weight, ticks in services if ticks.counted > 0]
    total = sum(weight for weight, _ in judged)
    if total == 0:
        return None
    return exact(Fraction(sum(weight * Fraction(ticks.good) / ticks.counted for weight, ticks in judged)) / total)


def penalty(
    misses: int,
    threshold: int,
    points: Points,
    cap: Points,
    form: Literal["additive", "flat", "exponential"] = "additive",
) -> Points:
    """What `misses` ticks down in a row cost, at most `cap`: nothing below the threshold."""
    over = misses - threshold
    if over < 0:
        return 0
    factors = {"additive": over + 1, "flat": over, "exponential": 1 << over}
    return min(cap, factors[form] * points)


def composite(parts: Iterable[tuple[Points, Points, Points]]) -> Points:
    """100 * Σ weight * clamp(got / most, 0, 1) / Σ weight over (weight, got, most); 0 when nothing has weight."""
    counted = [(weight, got, most) for weight, got, most in parts if weight > 0]
    total = sum(weight for weight, _, _ in counted)
    if not counted:
        return 0
    reached = (w * min(max(Fraction(got) / most, Fraction(0)), Fraction(1)) for w, got, most in counted if most > 0)
    return exact(Fraction(100 * sum(reached)) / total)
