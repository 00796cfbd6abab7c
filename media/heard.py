"""What each leg hears from its peer, frame by frame: jitter buffer → concealed audio → listeners.

Listeners are voice activity, the agent, the recording and, for keys, `digits.py`. The frames
themselves go on to `outbound.py`, as bytes in the codec that they came in: an echo or a bridge of
one codec passes them unchanged, and only what had to be concealed is coded anew. Wideband legs
are decoded by `wideband.py` and join the columns at 8 kHz.
"""

from collections.abc import Callable
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from media.codec.table import FIRST_WIDE, LAWS, SILENCE, TO_OTHER, ULAW, decode, encode
from media.columns import LONG_GAP
from media.dsp.comfort import comfort
from media.dsp.fade import fade_in, fade_out, ramped
from media.frame import FRAME_SAMPLES, Frames, Mask, Pcm, Rows, Slots
from media.leg import LegTable
from media.plan import EMPTY, Plan
from media.port import Event, SpeechStarted, SpeechStopped
from media.record import Recorder
from media.rtp.jitter import JitterBuffer, Taken
from media.wideband import NOTHING, Sound, Wideband

CONCEAL_FRAMES: Final = 8
"Missing frames in a row that are concealed; a longer gap is silence."
LEVEL_EVERY: Final = 4
"Rounds of a group between two measurements of the level; of four groups one has it in each round."
QUIET: Final = 200.0**2
"Mean square of a pause: −44 dBov, background noise of a telephone included."
NONE: Final = Sound(
    np.zeros((0, FRAME_SAMPLES), np.uint8),
    np.zeros((0, FRAME_SAMPLES), np.int16),
    NOTHING,
    np.zeros(0, np.bool_),
)
_FADE_IN: Final = np.linspace(0.0, 1.0, FRAME_SAMPLES, dtype=np.float32)


class Conceals(Protocol):
    def process(self, rows: Slots, pcm: Pcm, missing: Mask) -> Pcm: ...
    def patch(self, slot: int, pcm: Pcm, there: Mask) -> Pcm: ...
    def past(self, slot: int) -> Pcm: ...


class DetectsVoice(Protocol):
    @property
    def onset(self) -> NDArray[np.float64]: ...
    def process(self, rows: Slots, pcm: Pcm, now: float) -> tuple[Slots, Slots]: ...


class Listens(Protocol):
    def hear(self, rows: Slots, pcm: Pcm, ulaw: Frames, now: float, wide: Pcm | None = None) -> None: ...
    def speech(self, started: Slots, stopped: Slots, now: float) -> None: ...


class HearsTones(Protocol):
    def listen(self, rows: Slots, pcm: Pcm) -> tuple[Mask, Mask] | None: ...


class Heard:
    def __init__(
        self,
        table: LegTable,
        jitter: JitterBuffer,
        concealer: Conceals,
        voice: DetectsVoice,
        talkers: DetectsVoice,
        wideband: Wideband,
        agents: Listens,
        recorder: Recorder,
        emit: Callable[[Event], None],
        digits: HearsTones,
    ) -> None:
        self._table = table
        self._jitter = jitter
        self._concealer = concealer
        self._voice = voice
        self._talkers = talkers
        self._wideband = wideband
        self._agents = agents
        self._recorder = recorder
        self._emit = emit
        self._digits = digits
        self._round = 0
        self._made_up = np.zeros(len(table.columns.connected), np.int64)
        "Frames concealed in the gap that is going on."

    def play(self, plan: Plan, group: int, now: float) -> Sound:
        """Play the frames of `plan.take`."""
        columns, rows = self._table.columns, plan.take
        self._round += group == 0
        if not len(rows):
            return NONE
        taken = self._jitter.take(rows)
        if self._jitter.silent:
            self._forgive(self._jitter.silent)
        frames = taken.frames
        law = columns.law_in[rows]
        if len(plan.wide):
            # Tickets and the bytes of other codecs are overwritten, once decoded.
            law = np.where(law < FIRST_WIDE, law, ULAW)
        whole = bool(taken.have.all())
        if not whole:
            frames[~taken.have] = SILENCE[law[~taken.have]][:, None]
        pcm = decode(frames, law)
        if taken.merged:
            self._merge(taken, rows, pcm)
        missing, changed, risen = self._gaps(rows, taken.have, whole)
        wide, measured = NOTHING, (self._round + group) % LEVEL_EVERY == 0
        if len(plan.wide):
            wide, pcm[plan.wide] = self._wideband.hear(
                plan, taken, missing, self._jitter.upcoming, self._concealer.past, measured=measured
            )
            missing[plan.wide] = False
            missing[self._wideband.joining] = True
            changed = changed[columns.law_in[rows[changed]] < FIRST_WIDE]
        if taken.holes:
            changed = np.concatenate((changed, self._patch(rows, taken, pcm)))
        pcm = self._concealer.process(plan.take_slots, pcm, missing)
        if len(risen):
            pcm[risen] = fade_in(pcm[risen])
            places = np.flatnonzero(np.isin(plan.wide, risen))
            wide[places] = fade_in(wide[places])
        if not whole:
            noisy = np.flatnonzero(~taken.have & columns.hushed[rows] & (columns.noise[rows] > 0))
            if len(noisy):
                pcm[noisy] = comfort(rows[noisy], columns.noise[rows[noisy]], self._round)
                changed = np.concatenate((changed, noisy[columns.law_in[rows[noisy]] < FIRST_WIDE]))
        if len(changed):
            frames[changed] = encode(pcm[changed], law[changed])
        if len(plan.muted):
            pcm[plan.muted] = 0
            wide[plan.wide_muted] = 0
            frames[plan.muted] = SILENCE[law[plan.muted]][:, None]
        if measured:
            self._measure(rows, pcm)
        if len(plan.inband):
            hushed = self._digits.listen(plan.inband_slots, _rows_of(pcm, plan.inband))
            if hushed is not None:
                self._hush(plan, *hushed, pcm, wide, frames, law)
        if len(plan.scaled):
            self._scale(plan, pcm, wide, frames, law)
        if len(plan.listened):
            started, stopped = self._detect(self._voice, plan.listened_slots, plan.listened, pcm, now)
            agent = columns.agent
            if len(started) or len(stopped):
                self._agents.speech(started[agent[started]], stopped[agent[stopped]], now)
        if len(plan.noticed):
            self._detect(self._talkers, plan.noticed_slots, plan.noticed, pcm, now)
        if len(plan.agents):
            self._tell_agents(plan, pcm, frames, law, now)
        if len(plan.wide_agents):
            narrow = pcm[plan.wide_agents]
            ulaw = LAWS[ULAW].from_linear[narrow.view(np.uint16)]
            self._agents.hear(plan.wide_agent_slots, narrow, ulaw, now, wide[plan.wide_agent_places])
        for position, slot in plan.recorded:
            recording = self._table.at(slot).recording
            if recording is not None:
                place = int(plan.wide.searchsorted(position))
                broad = place < len(plan.wide) and plan.wide[place] == position
                self._recorder.heard(recording, pcm[position], now, wide[place] if broad else None)
        holes = frozenset(position for position, _ in taken.holes)
        return Sound(frames, pcm, wide, taken.have, holes, taken.merged)

    def _gaps(self, rows: Rows, have: Mask, whole: bool) -> tuple[Mask, Rows, Rows]:
        """Rows that are to be concealed, positions whose audio changes, and those that rise from silence."""
        columns = self._table.columns
        before = columns.gap[rows]
        if whole and not before.any():
            return ~have, EMPTY, EMPTY
        gap = np.where(have, 0, before + 1)
        columns.gap[rows] = gap
        missing: Mask = ~have & (gap <= CONCEAL_FRAMES) & ~columns.hushed[rows]
        columns.concealed[rows] += missing * FRAME_SAMPLES
        self._made_up[rows] = np.where(have, 0, self._made_up[rows] + missing)
        columns.gaps[rows] += missing & (gap == 1)
        # The first frame after a gap is joined to what stood in for it, or to silence.
        joined = have & (before > 0) & (before < LONG_GAP)
        return missing, np.flatnonzero(missing | joined), np.flatnonzero(joined & (before > CONCEAL_FRAMES))

    def _forgive(self, silent: set[int]) -> None:
        """What was made up in a pause of the peer's was nothing lost (RFC 3551 §4.1)."""
        columns = self._table.columns
        for slot in silent:
            columns.concealed[slot] -= self._made_up[slot] * FRAME_SAMPLES
            columns.gaps[slot] -= self._made_up[slot] > 0
            self._made_up[slot] = 0
        silent.clear()

    def _patch(self, rows: Rows, taken: Taken, pcm: Pcm) -> Rows:
        """Fill frames that came in part; the positions of those that are not wideband."""
        columns = self._table.columns
        narrow: list[int] = []
        for position, there in taken.holes:
            slot = int(rows[position])
            columns.concealed[slot] += FRAME_SAMPLES - np.count_nonzero(there)
            columns.gaps[slot] += 1
            if columns.law_in[slot] < FIRST_WIDE:
                pcm[position] = self._concealer.patch(slot, pcm[position], there)
                narrow.append(position)
        return np.array(narrow, np.intp)

    def _merge(self, taken: Taken, rows: Rows, pcm: Pcm) -> None:
        """Cross-fade two frames into one where the jitter buffer skips."""
        for position, following in taken.merged:
            law = int(self._table.columns.law_in[rows[position]])
            if law >= FIRST_WIDE:
                continue
            coder = LAWS[law]
            after = coder.to_linear[following]
            mixed = pcm[position] * (1.0 - _FADE_IN) + after * _FADE_IN
            pcm[position] = mixed
            taken.frames[position] = coder.from_linear[pcm[position].view(np.uint16)]

    def _measure(self, rows: Rows, pcm: Pcm) -> None:
        columns = self._table.columns
        samples = pcm.astype(np.float32)
        energy = np.einsum("ij,ij->i", samples, samples) * (1 / FRAME_SAMPLES)
        columns.energy[rows] += energy
        columns.energy_frames[rows] += 1
        self._jitter.quiet[rows] = energy < QUIET

    def _scale(self, plan: Plan, pcm: Pcm, wide: Pcm, frames: Frames, law: NDArray[np.uint8]) -> None:
        """Make legs louder, softer or mute; a change takes one frame."""
        columns, slots = self._table.columns, plan.take[plan.scaled]
        before, after = columns.volume[slots], columns.volume_to[slots]
        pcm[plan.scaled] = ramped(pcm[plan.scaled], before, after)
        frames[plan.scaled] = encode(pcm[plan.scaled], law[plan.scaled])
        broad = np.flatnonzero(columns.law_in[slots] >= FIRST_WIDE)
        if len(broad):
            places = np.searchsorted(plan.wide, plan.scaled[broad])
            wide[places] = ramped(wide[places], before[broad], after[broad])
        if (before != after).any():
            columns.volume[slots] = after
            columns.scaled[slots] = after != 1
            self._table.changed()

    def _hush(
        self,
        plan: Plan,
        before: Mask,
        after: Mask,
        pcm: Pcm,
        wide: Pcm,
        frames: Frames,
        law: NDArray[np.uint8],
    ) -> None:
        """Take tones out of the audio of `plan.inband`, fading; before, after: whether each row is silent."""
        broad = {int(position): place for place, position in enumerate(plan.wide)}
        for row in np.flatnonzero(before | after).tolist():
            position = int(plan.inband[row])
            faded = fade_in if not after[row] else fade_out
            silent = before[row] and after[row]
            for audio, at in ((pcm, position), (wide, broad.get(position, -1))):
                if at >= 0:
                    audio[at] = 0 if silent else faded(audio[at : at + 1])[0]
            frames[position] = encode(pcm[position : position + 1], law[position : position + 1])[0]

    def _detect(
        self, detector: DetectsVoice, slots: Slots, positions: Rows, pcm: Pcm, now: float
    ) -> tuple[Slots, Slots]:
        """Tell who has begun to speak and who has ended, and return both."""
        started, stopped = detector.process(slots, _rows_of(pcm, positions), now)
        for slot in started.tolist():
            self._emit(SpeechStarted(self._table.at(slot).id, float(detector.onset[slot])))
        for slot in stopped.tolist():
            self._emit(SpeechStopped(self._table.at(slot).id, now))
        return started, stopped

    def _tell_agents(self, plan: Plan, pcm: Pcm, frames: Frames, law: NDArray[np.uint8], now: float) -> None:
        ulaw = frames[plan.agents]
        other = np.flatnonzero(law[plan.agents] != ULAW)
        if len(other):
            ulaw[other] = TO_OTHER[1 - ULAW][ulaw[other]]
        self._agents.hear(plan.agent_slots, pcm[plan.agents], ulaw, now)


def _rows_of(pcm: Pcm, positions: Rows) -> Pcm:
    """Of different positions in ascending order: all of them need no copy."""
    return pcm if len(positions) == len(pcm) else pcm[positions]
