"""Rooms of an account."""

import pytest
from pydantic import ValidationError

from config.conference import Conference


def test_a_room_is_open_to_everybody_by_default_and_its_pins_are_hidden() -> None:
    room = Conference()
    assert room.pin is None and room.chimes and not room.wait_for_moderator
    assert "4711" not in repr(Conference(pin="4711"))


@pytest.mark.parametrize("fields", [{"pin": "12"}, {"pin": "12a4"}, {"pin": "123", "moderator_pin": "123"}])
def test_pins_are_digits_and_tell_moderators_from_others(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Conference(**fields)  # type: ignore[arg-type]


def test_a_room_for_one_is_none() -> None:
    with pytest.raises(ValidationError):
        Conference(max_members=1)
