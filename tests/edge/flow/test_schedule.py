"""Open, closed or holiday (S004-27; weekly, date and overnight rules)."""

from datetime import UTC, datetime

import pytest

from config.schedule import Schedule
from edge.flow.schedule import Hours, hours_at

OFFICE = {"weekly": [{"days": "mon-fri", "open": "09:00", "close": "17:00"}]}


def at(schedule: dict[str, object], moment: str, zone: str = "UTC") -> Hours:
    wall = int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1000)
    return hours_at(Schedule.model_validate(schedule), zone, wall)


def test_hours_begin_with_the_first_minute_and_end_before_the_last() -> None:
    moments = (
        "2026-01-05T08:59",
        "2026-01-05T09:00",
        "2026-01-05T16:59",
        "2026-01-05T17:00",
        "2026-01-04T12:00",
    )
    found = [at(OFFICE, moment) for moment in moments]
    assert found == [Hours.CLOSED, Hours.OPEN, Hours.OPEN, Hours.CLOSED, Hours.CLOSED]


def test_hours_are_those_of_the_zone_summer_time_included() -> None:
    """17:30 UTC is 12:30 in New York in winter and 13:30 in summer."""
    lunch = {"weekly": [{"days": "mon-sun", "open": "13:00", "close": "14:00"}]}
    assert at(lunch, "2026-01-05T17:30", "America/New_York") is Hours.CLOSED
    assert at(lunch, "2026-07-06T17:30", "America/New_York") is Hours.OPEN
    assert at({**lunch, "timezone": "UTC"}, "2026-07-06T13:30", "America/New_York") is Hours.OPEN


def test_a_night_belongs_to_the_day_on_which_it_began() -> None:
    bar = {"weekly": [{"days": "fri", "open": "20:00", "close": "03:00"}]}
    assert at(bar, "2026-01-09T23:00") is Hours.OPEN
    assert at(bar, "2026-01-10T02:59") is Hours.OPEN
    assert at(bar, "2026-01-10T03:00") is Hours.CLOSED
    assert at(bar, "2026-01-09T02:00") is Hours.CLOSED


def test_a_date_beats_the_weekly_hours() -> None:
    schedule = {
        **OFFICE,
        "holidays": [{"date": "2026-01-05"}, {"date": "12-24", "open": "09:00", "close": "12:00"}],
    }
    assert at(schedule, "2026-01-05T12:00") is Hours.HOLIDAY
    assert at(schedule, "2027-01-05T12:00") is Hours.OPEN
    assert at(schedule, "2026-12-24T11:00") is Hours.OPEN
    assert at(schedule, "2027-12-24T13:00") is Hours.HOLIDAY


def test_holidays_may_pass_the_end_of_the_year() -> None:
    schedule = {**OFFICE, "holidays": [{"date": "12-24", "until": "01-02"}]}
    assert at(schedule, "2026-12-31T12:00") is at(schedule, "2027-01-01T12:00") is Hours.HOLIDAY
    assert at(schedule, "2026-12-23T12:00") is Hours.OPEN


def test_the_switch_overrules_everything() -> None:
    assert at({**OFFICE, "force": "open"}, "2026-01-04T03:00") is Hours.OPEN
    assert at({**OFFICE, "force": "closed"}, "2026-01-05T12:00") is Hours.CLOSED


def test_days_may_pass_the_end_of_the_week() -> None:
    weekend = {"weekly": [{"days": "fri-mon", "open": "00:00", "close": "24:00"}]}
    found = [at(weekend, f"2026-01-{day:02}T12:00") for day in range(5, 12)]  # Monday to Sunday
    assert [hours is Hours.OPEN for hours in found] == [True, False, False, False, True, True, True]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd"])
def test_what_cannot_be_evaluated_is_open(zone: str) -> None:
    assert at(OFFICE, "2026-01-04T03:00", zone) is Hours.OPEN
    assert hours_at(Schedule.model_validate(OFFICE), "UTC", 10**18) is Hours.OPEN
