"""Digits of all legs: told to the edge and the agent, passed on over bridges, and sent.

::

    RTP events ─╮
    SIP INFO ───┼─▶ one press each ─▶ `Digit`, the leg's agent, the leg's peer
    tones ──────╯
"""

from collections.abc import Callable
from typing import Final, Protocol

from config.schema import MediaLimits
from media.dsp.goertzel import FREQUENCIES, ToneKeys
from media.frame import FRAME_MS, Pcm, Rows, Slots
from media.leg import Leg, LegTable
from media.port import Digit, DigitsSent, Event
from media.prompter import sounded
from media.rtp.telephone_event import DIGITS, MAX_MS, MIN_MS, Press

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

    def reset(self, slots: Rows) -> None:
        """The slots get new legs."""
        self._tones.reset(slots)

    def listen(self, rows: Slots, pcm: Pcm) -> None:
        """Look for keys in one frame of the legs in `rows`, (k, 160) at 8 kHz."""
        for press in self._tones.process(rows, pcm):
            leg = self._table.at(int(rows[press.row]))
            self.pressed(leg, Press(press.key, press.frames * FRAME_MS), "inband")

    def pressed(self, leg: Leg, press: Press, method: str = "rfc4733") -> None:
        """The leg's peer has pressed a key; unknown keys and presses that were told are passed over."""
        known = len(press.digit) == 1 and press.digit in DIGITS
        lasted = press.duration_ms / 1000
        if not known or not leg.presses.is_new(press.digit, method, self._monotonic(), lasted):
            return
        self._emit(Digit(leg.id, press.digit, method, press.duration_ms))
        if self._table.columns.agent[leg.slot]:
            self._agents.digit(leg.slot, press.digit, press.duration_ms)
        # A tone is in the audio that the peer hears already.
        if leg.peer is not None and leg.relays_digits and method != "inband":
            self.dial(leg.peer, press.digit, press.duration_ms, 0, report=False)

    def dial(self, leg: Leg, digits: str, duration_ms: int, gap_ms: int, *, report: bool) -> None:
        """Send digits to the leg's peer: as telephone events, or as tones where it has agreed on none."""
        if leg.connect is None:
            if report:
                self._emit(DigitsSent(leg.id, ""))
            return
        if leg.connect.dtmf is None:
            self._sound(leg, digits, duration_ms, gap_ms, report=report)
            return
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
