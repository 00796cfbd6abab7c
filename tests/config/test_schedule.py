"""Business hours as they are written."""

import pytest
from pydantic import ValidationError

from config.schedule import Schedule


def test_a_schedule_has_weekly_hours_dates_of_its_own_and_a_switch() -> None:
    schedule = Schedule.model_validate(
        {
            "timezone": "Europe/Berlin",
            "weekly": [{"days": "fri,sat", "open": "22:00", "close": "04:00"}],
            "holidays": [{"date": "12-24", "until": "01-02"}, {"date": "2026-05-01", "name": "Labour Day"}],
            "force": "closed",
        }
    )
    assert schedule.weekly[0].close == "04:00" and schedule.holidays[0].until == "01-02"


@pytest.mark.parametrize(
    "wrong",
    [
        {"timezone": "Mars/Olympus"},
        {"weekly": [{"days": "mon", "open": "09:00", "close": "09:00"}]},
        {"weekly": [{"days": "mo", "open": "09:00", "close": "17:00"}]},
        {"weekly": [{"days": "mon", "open": "9:00", "close": "17:00"}]},
        {"holidays": [{"date": "02-30"}]},
        {"holidays": [{"date": "2026-12-25", "until": "12-26"}]},
        {"holidays": [{"date": "2026-12-25", "until": "2026-12-24"}]},
        {"holidays": [{"date": "12-24", "open": "09:00"}]},
        {"holidays": [{"date": "12-26", "until": "12-25"}]},
        {"weekly": [{"days": [], "open": "09:00", "close": "17:00"}]},
        {"weekly": [{"days": "montag", "open": "09:00", "close": "17:00"}]},
        {"force": "maybe"},
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Schedule.model_validate(wrong)


def test_the_29th_of_february_is_a_date_of_every_year() -> None:
    assert Schedule.model_validate({"holidays": [{"date": "02-29"}]}).holidays[0].date == "02-29"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["mon", "wed"], "mon,wed"),
        ("Monday-Friday", "mon-fri"),
        (["mon-thu", "Sat"], "mon-thu,sat"),
        ("mon-thu, sat", "mon-thu,sat"),
    ],
)
def test_days_are_written_as_people_write_them(written: object, meant: str) -> None:
    hours = {"days": written, "open": "09:00", "close": "17:00"}
    assert Schedule.model_validate({"weekly": [hours]}).weekly[0].days == meant
