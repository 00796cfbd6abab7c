"""timeCondition: which way a schedule says (S004-27)."""

from config.schedule import Schedule
from tests.support.flow import MONDAY_NOON, Walk, node, program

OFFICE = Schedule.model_validate(
    {
        "weekly": [{"days": "mon-fri", "open": "09:00", "close": "17:00"}],
        "holidays": [{"date": "01-06"}],
    }
)
HOUR = 3_600_000


def went(hours_later: int, *exits: str) -> str:
    made = program(node("kind: timeCondition\nscheduleId: office", *exits), schedules={"office": OFFICE})
    return Walk(made, wall=MONDAY_NOON + hours_later * HOUR).at


def test_it_goes_by_the_schedule() -> None:
    exits = ("in_hours", "out_of_hours", "holiday")
    assert (went(0, *exits), went(8, *exits), went(24, *exits)) == exits


def test_a_holiday_without_an_edge_is_out_of_hours() -> None:
    """F-S6."""
    assert went(24, "in_hours", "out_of_hours") == "out_of_hours"


def test_a_schedule_that_is_not_there_is_open() -> None:
    """S004-27."""
    assert Walk(node("kind: timeCondition\nschedule: nothing", "in_hours", "out_of_hours")).at == "in_hours"
