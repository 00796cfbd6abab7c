"""Business hours: weekly hours, dates that are different, and a switch that overrules both (S004-27)."""

import re
from datetime import date
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from config.section import Section, refusal

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ROW_MAX: Final = 183
"Days of a holiday that comes every year: more are two dates in the wrong order."
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")


_LONG: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT: Final = dict(zip(_LONG, DAYS, strict=True))


def _days(value: object) -> str:
    """`[mon, wed]`, `Monday-Friday` and `mon-fri,sun` → the last of these forms."""
    parts = value if isinstance(value, list) else [value]
    words = [word for part in parts for word in str(part).lower().split(",")]
    found = ["-".join(_SHORT.get(day.strip(), day.strip()) for day in word.split("-", 1)) for word in words]
    if not found or any(day not in DAYS for word in found for day in word.split("-")):
        raise refusal("not days of the week", "write mon-fri, sat,sun or [mon, wed]")
    return ",".join(found)


def _clock(value: str) -> str:
    if _CLOCK.fullmatch(value) is None:
        raise refusal("not a time of day", 'write it as "09:00", in quotes')
    return value


def _date(value: str) -> str:
    try:
        # 2028 has a 29th of February.
        date.fromisoformat(f"2028-{value}" if len(value) == 5 else value)
    except ValueError:
        raise refusal("not a date", 'write "2026-12-25", or "12-25" for every year') from None
    return value


def timezone(value: str) -> str:
    """Raises a refusal when the zone is not in the IANA database."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # not found, malformed, a folder of the database
        raise refusal(f"no such time zone: {value}", "write one such as Europe/Berlin") from None
    return value


def _days_of(first: str, last: str) -> int:
    """From one day of a year to the next such day, both counted."""
    begin, end = (date.fromisoformat(f"2028-{day}") for day in (first, last))
    return (end - begin).days % 366 + 1


Clock = Annotated[str, AfterValidator(_clock)]
Date = Annotated[str, AfterValidator(_date)]
"`2026-12-25`, or `12-25` for every year."
Zone = Annotated[str, AfterValidator(timezone)]
"IANA name."


class Hours(Section):
    """Open on `days` from `open` to `close`; a close that is not after the open is on the next day."""

    days: Annotated[str, BeforeValidator(_days)]
    "`mon-fri`, `sat,sun`, or a list of such."
    open: Clock
    close: Clock

    @model_validator(mode="after")
    def _some(self) -> "Hours":
        if self.open == self.close:
            raise refusal("opens and closes at the same time", 'write "00:00" to "24:00" for the whole day')
        return self


class Holiday(Section):
    """One date, or several in a row, that beat the weekly hours; closed unless it has hours of its own."""

    name: str = Field(default="", max_length=64)
    date: Date
    until: Date | None = None
    "Last day; the same one when omitted."
    open: Clock | None = None
    close: Clock | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Holiday":
        if (self.open is None) != (self.close is None):
            raise refusal("open and close go together", "give both or neither")
        if self.until is not None:
            if len(self.until) != len(self.date):
                raise refusal("one date has a year and the other has none", "write both alike")
            if len(self.date) == 10 and self.until < self.date:
                raise refusal("ends before it begins", "swap date and until")
            if len(self.date) == 5 and _days_of(self.date, self.until) > _ROW_MAX:
                raise refusal(
                    "lasts for most of the year", "swap date and until, or write them with their year"
                )
        return self


class Schedule(Section):
    timezone: Zone | None = None
    "The account's when omitted."
    weekly: tuple[Hours, ...] = Field(default=(), max_length=100)
    holidays: tuple[Holiday, ...] = Field(default=(), max_length=1_000)
    force: Literal["open", "closed"] | None = None
    "Overrules everything else, for a day when the office is shut at short notice."
