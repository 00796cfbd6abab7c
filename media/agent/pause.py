"""Playout that waits while it is not sure whether the caller interrupts: out with a fade, in where it
stopped.

::

    NONE ─ pause ─▶ FADING ─ one frame ─▶ PAUSED ─ resume ─▶ RISING ─ one frame ─▶ NONE

The frame that fades out stays in the queue: nothing of it is lost when it is heard again from its beginning.
"""

import enum


class Pause(enum.Enum):
    NONE = enum.auto()
    FADING = enum.auto()
    "The frame at the head is heard for its first 10 ms."
    PAUSED = enum.auto()
    RISING = enum.auto()
    "The same frame comes again, faded in."


class Pauses:
    """Those of all slots."""

    def __init__(self, slots: int) -> None:
        self._state = [Pause.NONE] * slots
        self._half = [False] * slots  # 10 ms of the frame at the head have been heard

    def reset(self, slot: int) -> bool:
        """No pause any more; returns whether 10 ms of the frame at the head have been heard."""
        half = self._half[slot] and self._state[slot] in (Pause.PAUSED, Pause.RISING)
        self._state[slot] = Pause.NONE
        self._half[slot] = False
        return half

    def begin(self, slot: int, *, sounding: bool) -> bool:
        """Pause; False: it was paused already. Args: sounding: a frame waits in a queue that plays."""
        if self.holds(slot):
            return False
        rising = self._state[slot] is Pause.RISING
        self._state[slot] = Pause.FADING if sounding and not rising else Pause.PAUSED
        return True

    def end(self, slot: int) -> bool:
        """Go on; False: there was no pause."""
        if not self.holds(slot):
            return False
        fading = self._state[slot] is Pause.FADING
        self._state[slot] = Pause.NONE if fading else Pause.RISING
        return True

    def holds(self, slot: int) -> bool:
        """Paused, or about to be."""
        return self._state[slot] in (Pause.FADING, Pause.PAUSED)

    def active(self, slot: int) -> bool:
        """The next frame is not an ordinary one."""
        return self._state[slot] is not Pause.NONE

    def step(self, slot: int, *, waits: bool) -> Pause:
        """What the next frame is, PAUSED for none. Args: waits: there is one."""
        state = self._state[slot]
        if state is Pause.RISING:
            self._state[slot] = Pause.NONE
            self._half[slot] = False
            return Pause.RISING if waits else Pause.PAUSED
        self._state[slot] = Pause.PAUSED
        if state is Pause.FADING and waits:
            self._half[slot] = True
            return Pause.FADING
        return Pause.PAUSED
