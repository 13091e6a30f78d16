"""Task value curves: what a task is worth after k eligible solves; exact where the formula is, pure."""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

from ncr.scenario import model

Points = int | Fraction
Curve = Callable[[int, int], Points]
"""(k eligible solves, T eligible teams) -> the task's value."""


def exact(number: float | Fraction | str) -> Points:
    """The number as it was written, without binary error: 0.1 is one tenth; whole numbers are ints."""
    if isinstance(number, int):
        return number
    fraction = number if isinstance(number, Fraction) else Fraction(str(number))
    return fraction.numerator if fraction.denominator == 1 else fraction


def linear(initial: int, minimum: int, decay: float, k: int) -> Points:
    """max(minimum, ceil(initial - decay * max(k-1, 0)))."""
    return max(minimum, math.ceil(initial - exact(decay) * max(k - 1, 0)))


def parabolic(initial: int, minimum: int, decay: float, k: int) -> Points:
    """max(minimum, ceil((minimum-initial)/decay² * n² + initial)) with n = max(k-1, 0); CTFd's "logarithmic"."""
    n, d = max(k - 1, 0), exact(decay) or 1
    return max(minimum, math.ceil(Fraction((minimum - initial) * n * n) / (d * d) + initial))


def exponential(initial: int, minimum: int, difficulty: float, k: int) -> Points:
    """initial for k ≤ 1, else floor(initial * (r + (1-r) * e^((1-k)/difficulty))), r = minimum/initial; GZCTF's."""
    if k <= 1 or initial == 0:
        return initial
    r = minimum / initial
    return math.floor(initial * (r + (1 - r) * math.exp((1 - k) / difficulty)))


def proportional(initial: int, minimum: int, k: int, teams: int) -> Points:
    """ECSC 2023's: falls evenly with the share of the eligible teams that solved it, from one team to 3/4 and one."""
    if k <= 1 or teams < 1:
        return initial
    x, first = Fraction(k, teams), Fraction(1, teams)
    if x >= Fraction(3, 4) + first:
        return minimum
    return exact(initial - (initial - minimum) * (x - first) / Fraction(3, 4))


_C0, _C1 = -math.atanh(0.7), math.atanh(0.96)


def _a(x: float) -> float:
    return (1 - math.tanh(x)) / 2


def tanh(high: int, low: int, solves: int, k: int) -> Points:
    """rCTF's: a piece of a hyperbolic tangent from `high` down to `low` at `solves` solves."""
    s = max(1, solves)

    def f(count: int) -> float:
        share = (_a((_C1 - _C0) * (count / s) + _C0) - _a(_C1)) / (_a(_C0) - _a(_C1))
        return low + (high - low) * share

    return math.floor(max(f(k), f(s)) + 0.5)


def curve(points: int | model.Curve) -> Curve:
    """The curve a scenario asks for; values are remembered. ValueError when a field the curve needs is missing."""
    return lru_cache(maxsize=4096)(_curve(points))


def _curve(points: int | model.Curve) -> Curve:
    if isinstance(points, int):
        return lambda k, teams: points
    i, m = points.initial, points.minimum
    if points.curve == "linear":
        decay = _needed(points.decay, "decay")
        return lambda k, teams: linear(i, m, decay, k)
    if points.curve == "parabolic":
        decay = _needed(points.decay, "decay")
        return lambda k, teams: parabolic(i, m, decay, k)
    if points.curve == "exponential":
        difficulty = _needed(points.difficulty, "difficulty")
        return lambda k, teams: exponential(i, m, difficulty, k)
    if points.curve == "tanh":
        solves = int(_needed(points.solves, "solves"))
        return lambda k, teams: tanh(i, m, solves, k)
    return lambda k, teams: proportional(i, m, k, teams)


def bonus(share: Points, value: Points) -> int:
    """A first solver's bonus: a share (1/20 for 5%) of the value at that moment, rounded half to even."""
    return round(Fraction(share) * value)


def _needed(value: float | None, name: str) -> float:
    if value is None:
        raise ValueError(f"this curve needs {name}")
    return value
