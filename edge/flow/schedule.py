"""Open, closed or holiday at a moment, by a schedule of the account (S004-27).

Dates beat weekly hours. An interval past midnight belongs to the day on which it began: what opened on
Friday night is still open at 01:00 of a Saturday that is a holiday. What cannot be evaluated is open.
"""

import enum
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from config.schedule import DAYS, Holiday, Schedule

_DAY = 24 * 60


class Hours(enum.Enum):
    OPEN = "in_hours"
    CLOSED = "out_of_hours"
    HOLIDAY = "holiday"


def hours_at(schedule: Schedule, timezone: str, wall: int) -> Hours:
    """Args: timezone: for a schedule without its own; wall: [ms UTC]."""
    if schedule.force is not None:
        return Hours.OPEN if schedule.force == "open" else Hours.CLOSED
    try:
        local = datetime.fromtimestamp(wall / 1000, UTC).astimezone(ZoneInfo(schedule.timezone or timezone))
    except (LookupError, ValueError, OSError, OverflowError):
        return Hours.OPEN
    today, minute = local.date(), local.hour * 60 + local.minute
    for day, at in ((today, minute), (today - timedelta(days=1), minute + _DAY)):
        if any(start <= at < end for start, end in _intervals(schedule, day)):
            return Hours.OPEN
    return Hours.CLOSED if _holiday(schedule, today) is None else Hours.HOLIDAY


def _intervals(schedule: Schedule, day: date) -> Iterator[tuple[int, int]]:
    """Minutes since the midnight of `day`; the end may lie beyond the next one."""
    holiday = _holiday(schedule, day)
    if holiday is not None:
        if holiday.open is not None and holiday.close is not None:
            yield _interval(holiday.open, holiday.close)
        return
    for hours in schedule.weekly:
        if day.weekday() in _weekdays(hours.days):
            yield _interval(hours.open, hours.close)


def _holiday(schedule: Schedule, day: date) -> Holiday | None:
    for holiday in schedule.holidays:
        first, last = holiday.date, holiday.until or holiday.date
        text = day.isoformat()[-len(first) :]
        # `12-24` until `01-02` passes the end of the year.
        if (first <= text <= last) if first <= last else (text >= first or text <= last):
            return holiday
    return None


@lru_cache(maxsize=10_000)
def _interval(open: str, close: str) -> tuple[int, int]:
    start, end = (int(text[:2]) * 60 + int(text[3:]) for text in (open, close))
    return start, end if end > start else end + _DAY


@lru_cache(maxsize=10_000)
def _weekdays(days: str) -> frozenset[int]:
    """`mon-fri`, `sat,sun`, `fri-mon` → 0 for Monday."""
    found: set[int] = set()
    for part in days.split(","):
        first, _, last = (word.strip() for word in part.partition("-"))
        start, end = DAYS.index(first), DAYS.index(last or first)
        found |= {number % 7 for number in range(start, end + 1 if end >= start else end + 8)}
    return frozenset(found)
