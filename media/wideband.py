"""Legs of 16 kHz audio in an engine of 8 kHz columns: G.722, Opus, L16.

::

    jitter ─▶ decode, leg by leg ─▶ conceal ─▶ 16 kHz ─▶ agents, other wideband codecs
                                                  ╰────▶ 8 kHz ─▶ columns: G.711, prompts, voice activity
    8 kHz of G.711, tones ─▶ 16 kHz ─▶ encode, leg by leg ─▶ payloads

Two legs of one codec pass their payloads on as they came; what was lost on the way in stays lost
on the way out, since the far decoder knows best what to put in its place. Where nobody else listens,
nothing is decoded but a frame now and then, whose level is measured.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from config.value import dataclass
from media.codec.coders import Coders
from media.codec.table import FIRST_WIDE, Wide, wide
from media.columns import LegColumns
from media.dsp.conceal import Concealer
from media.dsp.resample import Resampler
from media.frame import FRAME_SAMPLES, Frames, Mask, Pcm, Rows, Slots
from media.leg import LegTable
from media.plan import Plan, WidePlan
from media.rtp.jitter import Taken
from media.splice import Splices

RATE: Final = 16_000
"[Hz]"
SAMPLES: Final = 320
"Of one frame."
BRIEF: Final = 8
"Missing frames in a row that are left out of a relay; after that it sends silence."
NOTHING: Final[Pcm] = np.zeros((0, SAMPLES), np.int16)
_FADE_IN: Final = np.linspace(0.0, 1.0, SAMPLES, dtype=np.float32)
_SILENCE: Final = np.zeros(SAMPLES, np.int16)


@dataclass(frozen=True, slots=True)
class Sound:
    """What the legs of a plan's `take` gave in one tick."""

    frames: Frames
    "Shape (k, 160), each row in its leg's codec; a ticket or concealed audio where that is wideband."
    pcm: Pcm
    "Shape (k, 160), 8 kHz."
    wide: Pcm
    "Shape (w, 320), 16 kHz, of the rows in `plan.wide`."
    have: Mask
    "Shape (k,): rows whose frame came."
    holes: frozenset[int] = frozenset()
    "Rows whose frame came in part."
    merged: tuple[tuple[int, Frames], ...] = ()
    "Row and the frame behind its own, (160,), of those that skip one."


class Wideband:
    def __init__(self, slots: int, table: LegTable) -> None:
        self._table = table
        self._concealer = Concealer(slots, RATE)
        self._down = Resampler(slots, RATE, 8_000)
        self._up = Resampler(slots, 8_000, RATE)
        self._taping = Resampler(slots, RATE, 8_000)
        self._sent: dict[int, Pcm] = {}
        "What taped legs were sent last, by slot; 16 kHz."
        self._used: set[int] = set()
        "Slots that have left something here."
        self.joining: list[int] = []
        """Rows of the latest tick whose decoder has just begun, in the midst of what came by G.711: they are
        made up once, and what comes next is joined to that."""
        self._crossed: dict[int, tuple[int, int]] = {}
        "By slot that was sent wideband audio of another leg: that one's slot, and the frame's timestamp."
        self._unheard = np.zeros(slots, np.bool_)
        "Of whose frames some were not decoded: nobody wanted them."

    def reset(self, slots: Rows) -> None:
        """The slots get new legs."""
        for slot in self._table.joining.keys() & set(slots.tolist()):
            del self._table.joining[slot]
        for slot in self._used.intersection(slots.tolist()) if self._used else ():
            self._used.discard(slot)
            self._unheard[slot] = False
            self._concealer.reset(np.array([slot]))
            self._sent.pop(slot, None)
            self._crossed.pop(slot, None)
            for resampler in (self._down, self._up, self._taping):
                resampler.reset(slot)

    def hear(
        self,
        plan: Plan,
        taken: Taken,
        missing: Mask,
        upcoming: Callable[[int], Frames | None],
        past: Callable[[int], Pcm],
        *,
        measured: bool,
    ) -> tuple[Pcm, Pcm]:
        """The frames of `plan.wide` as (w, 320) at 16 kHz and (w, 160) at 8 kHz.

        Args:
            missing: rows of `plan.take` that are to be concealed; what cannot be decoded is, too.
            upcoming: a slot → the frame that will be played next, if it has come.
            past: a slot → the latest two frames that were heard of it, (2, 160) at 8 kHz.
            measured: the level of all is; else the samples of those that nobody hears are left 0.
        """
        slots, listened = plan.wide_slots, plan.wide_heard
        self.joining.clear()
        self._used.update(slots.tolist())
        if self._table.joining:
            listened = np.union1d(listened, np.flatnonzero(np.isin(slots, list(self._table.joining))))
        everyone = len(listened) == len(slots)
        self._wake(slots[listened])
        if not everyone:
            unheard = np.delete(np.arange(len(slots)), listened)
            self._unheard[slots[unheard]] = True
            if not measured:
                self._pass_by(slots[unheard], missing[plan.wide[unheard]], upcoming)
        if everyone or measured:
            return self._hear(plan, np.arange(len(slots)), taken, missing, upcoming, past)
        pcm = np.zeros((len(slots), SAMPLES), np.int16)
        narrow = np.zeros((len(slots), FRAME_SAMPLES), np.int16)
        if len(listened):
            heard = self._hear(plan, listened, taken, missing, upcoming, past)
            pcm[listened], narrow[listened] = heard
        return pcm, narrow

    def _wake(self, slots: Slots) -> None:
        """Begin anew with those that somebody hears from now on: they fade in within a frame or two."""
        for slot in slots[self._unheard[slots]].tolist():
            self._unheard[slot] = False
            if slot in self._table.joining:
                continue
            self._table.at(slot).coders.begin()
            self._concealer.reset(np.array([slot]))
            self._down.reset(slot)

    def _pass_by(self, slots: Slots, missing: Mask, upcoming: Callable[[int], Frames | None]) -> None:
        """Nobody wants samples of these: what the next packet restores is not lost to the far decoder."""
        for slot in slots[missing].tolist():
            codec = wide(int(self._table.columns.law_in[slot]))
            if self._table.at(slot).coders.restores(codec, upcoming(slot)):
                self._table.columns.concealed[slot] -= FRAME_SAMPLES

    def _hear(
        self,
        plan: Plan,
        places: Rows,
        taken: Taken,
        missing: Mask,
        upcoming: Callable[[int], Frames | None],
        past: Callable[[int], Pcm],
    ) -> tuple[Pcm, Pcm]:
        """The frames of some `places` in `plan.wide`."""
        columns, slots, rows = self._table.columns, plan.wide_slots[places], plan.wide[places]
        pcm = np.zeros((len(slots), SAMPLES), np.int16)
        lost = missing[rows]
        laws, have = columns.law_in[slots].tolist(), taken.have[rows].tolist()
        frames, holes, numbers = taken.frames[rows], dict(taken.holes), taken.numbers[rows].tolist()
        for index, (slot, law, came) in enumerate(zip(slots.tolist(), laws, have, strict=True)):
            coders = self._table.at(slot).coders
            if not came:
                filled = coders.conceal(wide(law), numbers[index], upcoming(slot)) if lost[index] else None
                if filled is not None:
                    pcm[index], lost[index] = filled[0], False
                    columns.concealed[slot] -= FRAME_SAMPLES * filled[1]
                coders.skip()
                continue
            there = holes.get(int(rows[index])) if holes else None
            decoded = coders.decode(wide(law), frames[index], numbers[index], there)
            if self._table.joining:
                self._count(slot)
            if coders.joins is not None:
                self.joining.append(int(rows[index]))
                if coders.joins < FIRST_WIDE:
                    self._concealer.recall(slot, _risen(past(slot)))
                lost[index], coders.joins = True, None
            if decoded is None:
                lost[index] = True
            elif there is not None:
                finer = there.repeat(2)
                pcm[index, finer] = decoded
                pcm[index] = self._concealer.patch(slot, pcm[index], finer)
            else:
                pcm[index] = decoded
        if taken.merged:
            self._merge(slots, rows, taken, pcm)
        pcm = self._concealer.process(slots, pcm, lost)
        return pcm, self._down.process(slots, pcm)

    def _count(self, slot: int) -> None:
        """Of what begins in the midst of a word, one frame is made up, and the next one joined to that."""
        joining = self._table.joining
        played = joining.get(slot)
        if played == 2:
            del joining[slot]
        elif played is not None:
            joining[slot] = played + 1

    def _merge(self, slots: Slots, rows: Rows, taken: Taken, pcm: Pcm) -> None:
        """Cross-fade two frames into one where the jitter buffer skips."""
        places = {position: index for index, position in enumerate(rows.tolist())}
        for position, following in taken.merged:
            index = places.get(position)
            if index is None:
                continue
            slot = int(slots[index])
            codec = wide(int(self._table.columns.law_in[slot]))
            after = self._table.at(slot).coders.decode(codec, following, int(taken.numbers[position]) + 1)
            if after is None:
                continue
            pcm[index] = pcm[index] * (1.0 - _FADE_IN) + after * _FADE_IN

    def send(
        self,
        plan: WidePlan,
        sound: Sound,
        spoken: Pcm,
        played: Pcm,
        fuller: Pcm,
        fine: dict[int, Pcm],
        splices: Splices,
        spliced: frozenset[int],
    ) -> list[tuple[int, bytes | None]]:
        """Payloads for the plan's sends, as (position, payload); None: nothing is sent this time.

        Args:
            spoken: shape (k, 320), 16 kHz, what agents say to `plan.spoken`.
            played: shape (k, 160), 8 kHz, what is played to `plan.playing`, then what rooms give.
            fuller: shape (m, 320), 16 kHz, what rooms give beside that, where they do.
            fine: shape (320,), 16 kHz, by position: what is played instead, silent in `played`.
            spliced: positions at which something else is heard than before.
        """
        columns, table = self._table.columns, self._table
        payloads: list[tuple[int, bytes | None]] = []
        rising = frozenset(plan.rising).difference(fine) if spliced or plan.rising else frozenset()

        def encode(position: int, slot: int, pcm: Pcm, narrow: Pcm | None = None) -> None:
            codec = wide(plan.laws[position])
            fitted = splices.fit_wide(slot, pcm, spliced=position in spliced, rises=position in rising)
            # What had to be fitted at 16 kHz goes out so.
            least = fitted if fitted is not pcm or narrow is None or not codec.narrows else narrow
            pcm = fitted
            payloads.append((position, table.at(slot).coders.encode(codec, least)))
            if slot in plan.taped:
                self._used.add(slot)
                self._sent[slot] = pcm

        for position, slot, row, source in plan.passing:
            leg = table.at(source)
            self._crossed[slot] = source, int(columns.timestamp[slot])
            if slot in plan.taped:
                self._used.add(slot)
                self._sent[slot] = sound.wide[plan.index_of[row]]
            cuts = not wide(int(columns.law_in[source])).parcels
            if cuts and row in sound.holes and columns.may_receive[source]:
                payloads.append((position, None))
            elif sound.have[row] and columns.may_receive[source]:
                codec = wide(int(columns.law_in[source]))
                payload = leg.coders.payload(codec, sound.frames[row])
                if sound.merged and payload is not None and codec.parcels and codec.cuts:
                    payload = _merged(codec, leg.coders, row, payload, sound)
                if payload is not None and source not in table.joining:
                    payloads.append((position, payload))
                else:
                    encode(position, slot, sound.wide[plan.index_of[row]])
            elif _is_brief(columns, source):
                payloads.append((position, None))
            else:
                encode(position, slot, _SILENCE)
        for position, slot, row in plan.crossing:
            self._crossed[slot] = int(columns.source[slot]), int(columns.timestamp[slot])
            encode(position, slot, sound.wide[plan.index_of[row]])
        if len(plan.rising):
            self._used.update(plan.rising_slots.tolist())
            narrow = np.concatenate((sound.pcm[plan.rising_rows], played))
            for slot in splices.fit_rising(plan.rising_slots, plan.rising, spliced, narrow):
                self._up.reset(slot)
            risen = self._up.process(plan.rising_slots, narrow)
            if self._crossed:
                self._fall(plan, risen)
            if len(fuller):
                whole = risen[-len(fuller) :].astype(np.int32) + fuller
                risen[-len(fuller) :] = np.clip(whole, -32768, 32767)
            # Rooms are last, where there are any.
            plain = len(risen) - len(fuller)
            for index, (position, slot) in enumerate(
                zip(plan.rising, plan.rising_slots.tolist(), strict=True)
            ):
                if position in fine or index >= plain:
                    encode(position, slot, fine.get(position, risen[index]))
                else:
                    encode(position, slot, risen[index], narrow[index])
        for (position, slot), pcm in zip(plan.spoken, spoken, strict=True):
            encode(position, slot, pcm)
        for position, slot in plan.silent:
            encode(position, slot, _SILENCE)
        return payloads

    def _fall(self, plan: WidePlan, risen: Pcm) -> None:
        """Whose source spoke a wideband codec until now is led from that to what was 8 kHz; in place."""
        columns = self._table.columns
        for index, slot in enumerate(plan.rising_slots[: len(plan.rising_rows)].tolist()):
            source, stamp = self._crossed.pop(slot, (-1, 0))
            step = wide(int(columns.law_out[slot])).step
            if (
                source != columns.source[slot]
                or columns.timestamp[slot] != stamp + step
                or self._unheard[source]
            ):
                continue
            whole = np.ones(1, np.bool_)
            made = self._concealer.process(np.array([source], np.int32), _SILENCE[None, :], whole)[0]
            risen[index] = made * (1.0 - _FADE_IN) + risen[index] * _FADE_IN

    def sent(self, slot: int) -> tuple[Pcm, Pcm]:
        """What a taped leg was sent in this tick, (160,) at 8 kHz and (320,) at 16 kHz."""
        self._used.add(slot)
        pcm = self._sent.get(slot, _SILENCE)
        narrow: Pcm = self._taping.process(np.array([slot], np.int32), pcm[None, :])[0]
        return narrow, pcm


def _risen(past: Pcm) -> Pcm:
    """Two frames at 8 kHz, (2, 160) → (2, 320) at 16 kHz."""
    resampler, row = Resampler(1, 8_000, RATE), np.zeros(1, np.int32)
    return np.concatenate([resampler.process(row, frame[None, :]) for frame in past])


def _merged(codec: Wide, coders: Coders, row: int, payload: bytes, sound: Sound) -> bytes:
    """What goes on as it came, of a codec without memory: cross-faded where the jitter buffer skips."""
    following = dict(sound.merged).get(row)
    after = None if following is None else coders.payload(codec, following)
    if after is None:
        return payload
    here, there = codec.decoder().decode(payload), codec.decoder().decode(after)
    return codec.encoder().encode((here * (1.0 - _FADE_IN) + there * _FADE_IN).astype(np.int16))


def _is_brief(columns: LegColumns, slot: int) -> bool:
    """The peer's audio is missing, not silent: the far end conceals that better than we do."""
    return bool(0 < columns.gap[slot] <= BRIEF and columns.may_receive[slot] and not columns.hushed[slot])
