"""Local times made points in time: those that never come are refused, those that come twice asked about; pure."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ncr.errors import Invalid, Problem


def zone(name: str) -> ZoneInfo:
    """The time zone called `name`; Invalid when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid(problems=[Problem("time_zone", f"{name!r} is not a time zone; write Europe/Oslo")]) from error


def exists(local: datetime, where: ZoneInfo) -> bool:
    """Whether the naive `local` is ever shown by a clock in the zone."""
    return _shown(local, where, 0) == local


def is_ambiguous(local: datetime, where: ZoneInfo) -> bool:
    """Whether the naive `local` is shown twice, because clocks were set back."""
    offsets = [local.replace(tzinfo=where, fold=fold).utcoffset() for fold in (0, 1)]
    return exists(local, where) and offsets[0] != offsets[1]


def to_utc(local: datetime, name: str, fold: int | None = None) -> datetime:
    """The point in time when clocks in the zone `name` show the naive `local`.

    Raises Invalid when they never do (clocks are set forward), and when they do twice and `fold` does not say which:
    0 the first time, 1 the second.
    """
    where = zone(name)
    if not exists(local, where):
        text = f"{local:%Y-%m-%d %H:%M} does not exist in {name}: clocks are set forward over it; choose another time"
        raise Invalid(problems=[Problem("starts_at", text)])
    if fold is None and is_ambiguous(local, where):
        text = f"{local:%Y-%m-%d %H:%M} comes twice in {name}: say with fold 0 the first time, with fold 1 the second"
        raise Invalid(problems=[Problem("fold", text)])
    return local.replace(tzinfo=where, fold=fold or 0).astimezone(UTC)


def _shown(local: datetime, where: ZoneInfo, fold: int) -> datetime:
    back = local.replace(tzinfo=where, fold=fold).astimezone(UTC).astimezone(where)
    return back.replace(tzinfo=None, fold=0)
