"""Digits of all legs: told to the edge and the agent, passed on over bridges, and sent.

A peer is sent keys in one way: as RTP events where it has agreed on them, by SIP INFO (which the edge sends)
where its `Connect` says so, else as tones. Tones of the other side of its bridge that would be heard beside
those are taken out of the audio, but for what sounds before they are sure: 15 ms, which is no key to anybody
(ITU-T Q.24).

::

    RTP events ─╮
    SIP INFO ───┼─▶ one press each ─▶ `Digit`, the leg's agent, the leg's peer
    tones ──────╯
"""

from collections.abc import Callable
from typing import Final, Protocol

import numpy as np

from config.schema import MediaLimits
from media.codec.table import FIRST_WIDE
from media.dsp.goertzel import FREQUENCIES, KEYS, ToneKeys
from media.frame import FRAME_MS, Mask, Pcm, Rows, Slots
from media.leg import Leg, LegTable
from media.port import Digit, DigitsSent, Event, Flash
from media.press import SAME
from media.prompter import sounded
from media.rtp.telephone_event import DIGITS, EVENTS, FLASH, MAX_MS, MIN_MS, Press

GAP_MS: Final = 60
"Silence behind the tones of a key at least."


class HearsDigits(Protocol):
    def digit(self, slot: int, digit: str, duration_ms: int) -> None: ...


class Digits:
    """
    Args:
        monotonic: the exact time.
    """

    def __init__(
        self,
        slots: int,
        table: LegTable,
        agents: HearsDigits,
        monotonic: Callable[[], float],
        emit: Callable[[Event], None],
        limits: MediaLimits,
    ) -> None:
        self._table = table
        self._limit = limits.digits_queue
        self._agents = agents
        self._monotonic = monotonic
        self._emit = emit
        self._tones = ToneKeys(slots)
        self._hushed = np.zeros(slots, np.bool_)
        "Slots whose latest frame was taken out."

    def reset(self, slots: Rows) -> None:
        """The slots get new legs."""
        self._tones.reset(slots)
        self._hushed[slots] = False

    def listen(self, rows: Slots, pcm: Pcm) -> tuple[Mask, Mask] | None:
        """Look for keys in one frame of the legs in `rows`, (k, 160) at 8 kHz.

        Returns:
            Whether the frame before was to be taken out of each leg's audio, and whether this one is; None:
            neither, of any.
        """
        for press in self._tones.process(rows, pcm):
            leg = self._table.at(int(rows[press.row]))
            self.pressed(leg, Press(press.key, press.frames * FRAME_MS), "inband")
        sounding, before = self._tones.sounding(rows), self._hushed[rows]
        after = sounding >= 0
        if not after.any() and not before.any():
            return None
        for row in np.flatnonzero(after).tolist():
            after[row] = self._takes_out(self._table.at(int(rows[row])), KEYS[sounding[row]])
        self._hushed[rows] = after
        return before, after

    def pressed(self, leg: Leg, press: Press, method: str = "rfc4733") -> None:
        """The leg's peer has pressed a key; unknown keys and presses that were told are passed over."""
        known = len(press.digit) == 1 and press.digit in EVENTS
        lasted = press.duration_ms / 1000
        if not known or not leg.presses.is_new(press.digit, method, self._monotonic(), lasted):
            return
        if press.digit == FLASH:
            self._emit(Flash(leg.id, method, press.duration_ms))
        else:
            self._emit(Digit(leg.id, press.digit, method, press.duration_ms))
            if self._table.columns.agent[leg.slot]:
                self._agents.digit(leg.slot, press.digit, press.duration_ms)
        if leg.peer is None or not leg.relays_digits:
            return
        sounds = method == "inband" or self._tones.hears(leg.slot, press.digit)
        if sounds and not self._takes_out(leg, press.digit):
            return  # the peer hears it
        if method == "info":
            leg.informed = press.digit, self._monotonic()
        self.dial(leg.peer, press.digit, press.duration_ms, 0, report=False)

    def _takes_out(self, leg: Leg, key: str) -> bool:
        """Whether who hears the leg is not to hear the tones of this key, as it is told in another way."""
        peer, columns = leg.peer, self._table.columns
        if peer is None or peer.connect is None or not leg.relays_digits:
            return False
        law = columns.law_in[leg.slot]
        if law >= FIRST_WIDE and law == columns.law_out[peer.slot]:
            return False  # it goes on as it was coded
        told, at = leg.informed
        tones = peer.connect.dtmf is None and not peer.connect.info
        return not tones or (told == key and self._monotonic() - at <= SAME)

    def dial(
        self, leg: Leg, digits: str, duration_ms: int, gap_ms: int, *, report: bool, tones: bool = False
    ) -> None:
        """Send digits to the leg's peer. Args: tones: in its audio, whatever it takes."""
        connect = leg.connect
        if connect is None:
            if report:
                self._emit(DigitsSent(leg.id, ""))
            return
        if tones or (connect.dtmf is None and not connect.info):
            self._sound(leg, digits, duration_ms, gap_ms, report=report)
            return
        if connect.dtmf is not None and not connect.flash:
            digits = digits.replace(FLASH, "")
        leg.digits_out.send(digits, duration_ms, gap_ms, report=report)
        self._table.columns.dialling[leg.slot] = not leg.digits_out.is_idle()
        self._table.changed()

    def _sound(self, leg: Leg, digits: str, duration_ms: int, gap_ms: int, *, report: bool) -> None:
        keys = "".join(key for key in digits.upper() if key in DIGITS)[: self._limit - leg.playback.keys]
        if not keys:
            if report:
                self._emit(DigitsSent(leg.id, ""))
            return
        rhythm = tuple(
            min(max(ms, least), MAX_MS) / 1000 for ms, least in ((duration_ms, MIN_MS), (gap_ms, GAP_MS))
        )
        tones = [sounded(FREQUENCIES[key], ((rhythm[0], rhythm[1]),), ()) for key in keys]
        leg.playback.dial(tones, keys if report else None)
        self._table.changed()
