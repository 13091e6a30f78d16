"""Durations in words: how long something takes exactly, and how long it will take, roughly."""

from ncr.web.catalogue import Words

MINUTE_S = 60
HOUR_S = 3600
FEW_S = 8


def length(seconds: float, told: Words) -> str:
    """A duration in hours and minutes: «2 timer», «1 time og 30 minutter»; under a minute in seconds."""
    whole = max(0, round(seconds))
    if whole < MINUTE_S:
        return told("%(n)s sekunder", n=whole) if whole != 1 else told("1 sekund")
    hours, minutes = divmod(round(whole / MINUTE_S), 60)
    if hours and minutes:
        return told("%(hours)s og %(minutes)s", hours=_hours(hours, told), minutes=_minutes(minutes, told))
    return _hours(hours, told) if hours else _minutes(minutes, told)


def roughly(seconds: float, told: Words) -> str:
    """An estimate, no finer than it can be true: «omtrent 40 sekunder», «omtrent 12 minutter»."""
    if seconds < FEW_S:
        return told("noen få sekunder")
    return told("omtrent %(time)s", time=length(_rounded(seconds), told))


def _rounded(seconds: float) -> float:
    for below, step in ((30, 5), (55, 10), (20 * MINUTE_S, MINUTE_S), (2 * HOUR_S, 5 * MINUTE_S)):
        if seconds < below:
            return round(seconds / step) * step
    return round(seconds / (15 * MINUTE_S)) * 15 * MINUTE_S


def _hours(n: int, told: Words) -> str:
    return told("1 time") if n == 1 else told("%(n)s timer", n=n)


def _minutes(n: int, told: Words) -> str:
    return told("1 minutt") if n == 1 else told("%(n)s minutter", n=n)
