"""Conference rooms of an account: who may come in, and what holds there."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field, model_validator

from config.section import Count, Section, refusal

_PIN: Final = re.compile(r"[0-9]{3,16}")


def _pin(value: str) -> str:
    if _PIN.fullmatch(value) is None:
        raise refusal("not a PIN", 'write 3 to 16 digits in quotes, such as "4711"')
    return value


Pin = Annotated[str, AfterValidator(_pin)]


class Conference(Section):
    """One room; a room that is not configured has what stands here as defaults."""

    pin: Pin | None = Field(default=None, repr=False)
    "Asked of everybody; omitted: nobody is asked."
    moderator_pin: Pin | None = Field(default=None, repr=False)
    "Who gives this one moderates."
    max_members: Count | None = Field(default=None, ge=2)
    "At most `limits.sip.room_members`."
    wait_for_moderator: bool = False
    "Until one is there, everybody hears music."
    end_with_moderator: bool = False
    "When the last one has left, everybody has to."
    chimes: bool = True
    "Members hear others come and go."
    muted: bool = False
    "Who comes in is mute at first, moderators apart; *6 changes that."

    @model_validator(mode="after")
    def _told_apart(self) -> "Conference":
        if self.moderator_pin is not None and self.moderator_pin == self.pin:
            raise refusal("pin and moderator_pin are the same", "give moderators one of their own")
        return self
