"""Recurring plans: a cron-like rule in a time zone; every occurrence becomes an exercise of its own."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from ncr.errors import Invalid, Problem
from ncr.exercise import localtime

# APScheduler counts weekdays from Monday, cron from Sunday: names mean the same to both.
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


def check(rule: str, time_zone: str) -> None:
    """Raise Invalid unless `rule` is five cron fields and `time_zone` is one."""
    _trigger(rule)
    localtime.zone(time_zone)


def next_start(rule: str, time_zone: str, after: datetime) -> datetime | None:
    """The first start later than `after`; None when there is none.

    The rule is read on the wall clock: an hour that comes twice counts the first time only, and a time that clocks are
    set forward over is held as much after midnight as on other days (RFC 5545, 3.3.5).
    """
    where = localtime.zone(time_zone)
    # Asked in UTC of a zone without changes, the rule gives plain local times, each exactly once.
    local = after.astimezone(where).replace(tzinfo=UTC, fold=0) - timedelta(hours=2)
    for _ in range(1000):
        found: datetime | None = _trigger(rule).get_next_fire_time(None, local)
        if found is None:
            return None
        start = _instant(found.replace(tzinfo=None), where)
        if start > after:
            return start
        local = found + timedelta(seconds=1)
    return None


def _instant(local: datetime, where: ZoneInfo) -> datetime:
    # fold 0 is the first of two; in a gap it reads the time with the offset from before the change.
    return local.replace(tzinfo=where, fold=0).astimezone(UTC)


def _trigger(rule: str) -> CronTrigger:
    fields = rule.split()
    if len(fields) == 5:
        fields[4] = re.sub(r"(?<![/\d])[0-7](?!\d)", lambda day: _WEEKDAYS[int(day[0])], fields[4])
    try:
        return CronTrigger.from_crontab(" ".join(fields), timezone=UTC)
    except (ValueError, TypeError) as error:
        text = f"{rule!r} is not a rule; write five cron fields, such as 0 9 * * mon for Mondays at nine"
        raise Invalid(problems=[Problem("recurrence", text)]) from error
