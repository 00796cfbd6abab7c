"""Playout queue of agent audio: pieces of any length in, 20 ms frames of many slots out, exact to the sample.

::

    push(slot, bytes) ─▶ ring of 64 frames per slot ─▶ take(rows) ─▶ frames (k, n)
                     ╰─▶ spill (bytes beyond 1.28 s) ─╯

Two numbers say all, in samples since `open`: `accepted` (pushed and not refused) and `position` (handed
out or dropped). A mark sits at the `accepted` of its arrival and is due when `position` reaches it.

*Starting.* A queue that ran dry plays again as soon as a frame is whole; one that runs dry again inside an
utterance waits for 2, then 3 frames. A sender that stuttered begins its next utterances with that margin,
until it has gone `FORGET` without a gap: a jittery sender stutters once or twice, not in every sentence.
*A last piece* shorter than a frame waits one tick for its continuation while pieces keep coming, and is
padded with silence else. *Delay.* A sender at real time loses quiet frames while it is behind (`backlog.py`):
what came late does not become a permanent delay. Bursts (a whole sentence at once) are left alone.

Rows in none of these conditions cost a few column operations; the rest (`_attend`) is seen to one by one.
"""

from collections import deque
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from config.value import dataclass
from media.agent.backlog import Backlog
from media.agent.contract import Buffer, Encoding
from media.agent.margin import Margins
from media.agent.pause import Pause, Pauses

Rows = NDArray[np.int32]
FRAMES: Final = 64  # of the ring; a power of two
HALF: Final = FRAMES // 2
NEVER: Final = 1 << 62
FLOWING: Final = 0.12
"A piece that came within this [s] announces another."
QUIET: Final = 128
"A frame whose samples stay below this magnitude can be left out unheard."
QUIET_ULAW: Final = 0x0F
"The same in µ-law codes without sign, inverted."


@dataclass(frozen=True, slots=True)
class Taken:
    """One tick of playout; index arrays point into the `rows` that were asked for."""

    frames: NDArray[Any]
    "Shape (k, samples of 20 ms): int16, or uint8 µ-law; silence where nothing plays."
    play: NDArray[np.bool_]
    "Rows that play."
    was: NDArray[np.bool_]
    "Rows that played one tick ago."
    fading: list[int]
    "Rows whose frame is the last of a cleared or paused queue: fade it out over 10 ms."
    rising: list[int]
    "Rows that go on after a pause: fade their frame in over 10 ms."
    due: list[int]
    "Rows with a mark to return."


@dataclass(slots=True)
class Starvation:
    """What went wrong on one slot since `open`."""

    gaps: int = 0
    "Times that the queue ran dry inside an utterance."
    trimmed: int = 0
    "Quiet frames left out to win back delay."
    refused: int = 0
    "Samples that found the queue full."


class Playout:
    """Queues of all slots whose agents speak `encoding`."""

    def __init__(self, slots: int, encoding: Encoding, marks: int) -> None:
        self._samples = encoding.frame_samples
        self._width = encoding.sample_bytes
        self._bytes = encoding.frame_bytes
        self._size = FRAMES * self._bytes
        self._silence = 0xFF if encoding is Encoding.ULAW_8000 else 0
        dtype = np.uint8 if encoding is Encoding.ULAW_8000 else np.dtype("<i2")
        # Zeroed pages come from the kernel when a slot is first used.
        self._ring: NDArray[Any] = np.zeros((slots, FRAMES, self._samples), dtype)
        self._flat = self._ring.data.cast("B")
        self._limit_marks = marks
        # Columns of the tick.
        self._filled = np.zeros(slots, np.int64)  # whole frames written
        self._read = np.zeros(slots, np.int64)  # frames taken
        self._position = np.zeros(slots, np.int64)
        self._accepted = np.zeros(slots, np.int64)
        # The same columns for what is done slot by slot: an item of a memoryview costs a third of an array's.
        self._fills, self._reads, self._positions = self._filled.data, self._read.data, self._position.data
        self._accepts = self._accepted.data
        self._due = np.full(slots, NEVER, np.int64)  # position of the next mark
        self._playing = np.zeros(slots, np.bool_)
        self._attention = np.zeros(slots, np.bool_)
        self._held = np.zeros(slots, np.bool_)
        self._backlog = Backlog(slots, self._samples)
        # What pushing touches, one by one.
        self._end = [0] * slots  # bytes written, padding included
        self._dropped = [0] * slots  # samples accepted and never heard
        self._limit = [0] * slots  # samples that may wait
        self._spill: list[bytearray | None] = [None] * slots
        self._arrival = [0.0] * slots
        self._margins = Margins(slots)
        self._pauses = Pauses(slots)
        self._short: dict[int, int] = {}  # samples of silence at the end of this tick's frames
        self._fading = [False] * slots
        # `open` gives each slot its own.
        self._marks: list[deque[tuple[int, str]]] = [deque()] * slots
        self.starvation = [Starvation()] * slots

    def open(self, slot: int, max_queue: float, now: float) -> None:
        """Begin with an empty queue that holds at most `max_queue` seconds."""
        for column in (self._filled, self._read, self._position, self._accepted):
            column[slot] = 0
        self._due[slot] = NEVER
        self._playing[slot] = self._attention[slot] = self._held[slot] = False
        self._backlog.reset(slot, now)
        self._end[slot] = self._dropped[slot] = 0
        self._limit[slot] = int(max_queue * 50) * self._samples
        self._spill[slot] = None
        self._margins.reset(slot)
        self._pauses.reset(slot)
        self._fading[slot] = False
        self._marks[slot] = deque()
        self.starvation[slot] = Starvation()

    def push(self, slot: int, audio: Buffer, now: float) -> int:
        """Queue whole samples; returns how many found no room and were dropped."""
        size = len(audio)
        refused = 0
        accepted = self._accepts[slot]
        count = size // self._width
        if (over := accepted - self._positions[slot] + count - self._limit[slot]) > 0:
            refused = min(over, count)
            count -= refused
            size = count * self._width
            audio = memoryview(audio)[:size]
            self.starvation[slot].refused += refused
        self._accepts[slot] = accepted + count
        self._arrival[slot] = now
        self._margins.arrived(slot, count // self._samples)
        spill = self._spill[slot]
        end = self._end[slot]
        if spill is None:
            room = self._size - end + self._reads[slot] * self._bytes
            if size > room:
                audio = memoryview(audio)
                self._spill[slot] = bytearray(audio[room:])
                self._attention[slot] = True
                audio = audio[:room]
            end = self._write(slot, end, audio)
            if end % self._bytes or (self._margins.start[slot] > 1 and not self._playing[slot]):
                self._attention[slot] = True
        else:
            spill += audio
        return refused

    def _write(self, slot: int, end: int, audio: Buffer) -> int:
        base = slot * self._size
        start = end % self._size
        stop = start + len(audio)
        if stop <= self._size:
            self._flat[base + start : base + stop] = audio
        else:
            split = self._size - start
            view = memoryview(audio)
            self._flat[base + start : base + self._size] = view[:split]
            self._flat[base : base + stop - self._size] = view[split:]
        end += stop - start
        self._end[slot] = end
        self._fills[slot] = end // self._bytes
        return end

    def queued(self, slot: int) -> int:
        """Samples waiting."""
        return self._accepts[slot] - self._positions[slot]

    def empty(self, slot: int) -> bool:
        """Nothing waits, not even the fade-out of a cleared queue."""
        return self.queued(slot) <= 0 and not self._fading[slot]

    def playing(self, slot: int) -> bool:
        """The last tick played a frame of this slot."""
        return bool(self._playing[slot])

    def heard(self, slot: int) -> int:
        """Samples really handed out since `open`."""
        return self._positions[slot] - self._dropped[slot]

    def heard_before(self, slot: int) -> int:
        """`heard` as it was before the frame that the latest `take` played."""
        return self.heard(slot) - self._samples + self._short.get(slot, 0)

    def position(self, slot: int) -> int:
        return self._positions[slot]

    def accepted(self, slot: int) -> int:
        return self._accepts[slot]

    def mark(self, slot: int, name: str) -> bool:
        """Set a mark behind what is queued; False when none is needed (nothing queued) or too many wait."""
        marks = self._marks[slot]
        accepted = self._accepts[slot]
        if accepted <= int(self._position[slot]) or len(marks) >= self._limit_marks:
            return False
        if not marks:
            self._due[slot] = accepted
        marks.append((accepted, name))
        return True

    def reached(self, slot: int) -> list[str]:
        """Take the marks that playout has passed, oldest first."""
        marks = self._marks[slot]
        position = int(self._position[slot])
        names = []
        while marks and marks[0][0] <= position:
            names.append(marks.popleft()[1])
        self._due[slot] = marks[0][0] if marks else NEVER
        return names

    def clear(self, slot: int) -> tuple[int, list[str]]:
        """Drop the queue but for 10 ms of fade-out, which count as heard.

        Returns: samples dropped, and the names of all marks that waited.
        """
        waiting = self.queued(slot)
        half = min(waiting, self._samples // 2)
        faded = half if self._playing[slot] and not self._fading[slot] else 0
        read = int(self._read[slot])
        if self._pauses.reset(slot):
            faded = half  # that was heard when the pause began
            self._filled[slot] = read
        elif faded:
            # The frame at the head stays, as the only one.
            if self._filled[slot] == read:
                self._pad(slot)
            self._filled[slot] = read + 1
            self._fading[slot] = self._attention[slot] = True
        elif self._fading[slot]:
            self._filled[slot] = read + 1
        else:
            self._filled[slot] = read
        self._end[slot] = int(self._filled[slot]) * self._bytes
        self._spill[slot] = None
        self._backlog.spare[slot] = 0
        self._margins.drop(slot)
        self._position[slot] = self._accepted[slot]
        self._dropped[slot] += waiting - faded
        names = [name for _, name in self._marks[slot]]
        self._marks[slot].clear()
        self._due[slot] = NEVER
        return waiting - faded, names

    def pause(self, slot: int) -> None:
        """Fall silent within one frame; what is queued waits, and what comes meanwhile behind it."""
        if self._pauses.begin(slot, sounding=bool(self._playing[slot])):
            self._attention[slot] = True

    def resume(self, slot: int) -> None:
        """Go on with the very frame at which the pause began."""
        if self._pauses.end(slot):
            self._attention[slot] = True

    def paused(self, slot: int) -> bool:
        return self._pauses.holds(slot)

    def take(self, rows: Rows, now: float) -> Taken:
        """Take one frame of every row that has one."""
        fading: list[int] = []
        rising: list[int] = []
        kept: list[int] = []  # slots whose frame is heard, and stays
        self._short.clear()
        attention = self._attention[rows]
        if attention.any():
            for index in np.flatnonzero(attention).tolist():
                slot = int(rows[index])
                if self._pauses.active(slot):
                    pause = self._attend_pause(slot)
                    if pause is Pause.FADING:
                        fading.append(index)
                        kept.append(slot)
                    elif pause is Pause.RISING:
                        rising.append(index)
                elif self._attend(slot, now):
                    fading.append(index)
        read = self._read[rows]
        play = self._filled[rows] > read
        play &= ~self._held[rows]
        frames = self._ring[rows, read & (FRAMES - 1)]
        if not play.all():
            frames[~play] = self._silence
        self._read[rows] = read + play
        for slot in kept:
            self._read[slot] -= 1
        position = self._position[rows] + play * self._samples
        self._position[rows] = position
        was = self._playing[rows]
        changed = play != was
        if changed.any():
            self._playing[rows] = play
            for index in np.flatnonzero(changed).tolist():
                self._turn_over(int(rows[index]), bool(play[index]), now)
        due = position >= self._due[rows]
        for slot in self._backlog.watch(rows, self._accepted[rows] - position, now):
            if self._backlog.judge(slot, now, playing=bool(self._playing[slot])):
                self._attention[slot] = True
        return Taken(frames, play, was, fading, rising, np.flatnonzero(due).tolist() if due.any() else [])

    # The rare conditions, one slot at a time.

    def _attend_pause(self, slot: int) -> Pause:
        """Prepare a slot that pauses, or goes on after it."""
        pause = self._pauses.step(slot, waits=bool(self._filled[slot] > self._read[slot]))
        self._held[slot] = pause is Pause.PAUSED
        self._margins.excuse(slot)
        self._backlog.excuse(slot)
        if pause is Pause.FADING:
            self._position[slot] -= self._samples
        return pause

    def _attend(self, slot: int, now: float) -> bool:
        """Prepare a slot for this tick; True when its frame is to be faded out."""
        read = int(self._read[slot])
        waiting = int(self._filled[slot]) - read
        self._held[slot] = False
        if self._fading[slot]:
            self._fading[slot] = False
            # The fade was counted by `clear` already.
            self._position[slot] -= self._samples
            return True
        spill = self._spill[slot]
        if spill is not None and waiting < HALF:
            room = self._size - self._end[slot] + read * self._bytes
            self._write(slot, self._end[slot], bytes(memoryview(spill)[:room]))
            del spill[:room]
            if not spill:
                spill = self._spill[slot] = None
            waiting = int(self._filled[slot]) - read
        spare = self._backlog.spare
        if spare[slot] and waiting > 1 and self._quiet(slot, read):
            self._backlog.leave_out(slot)
            self._read[slot] = read + 1
            self._position[slot] += self._samples
            self._dropped[slot] += self._samples
            self.starvation[slot].trimmed += 1
            waiting -= 1
        partial = self._end[slot] % self._bytes
        if waiting == 0 and partial:
            if self._margins.waited[slot] == 0 and now - self._arrival[slot] <= FLOWING:
                self._margins.waited[slot] = 1
            else:
                if self._margins.waited[slot]:
                    self._margins.excuse(slot)
                missing = (self._bytes - partial) // self._width
                self._pad(slot)
                self._short[slot] = missing
                self._position[slot] -= missing
                self._margins.waited[slot] = partial = 0
        elif waiting > 0 and not self._playing[slot] and self._margins.waits(slot, waiting, now):
            self._margins.waited[slot] += 1
            self._held[slot] = True
        else:
            self._margins.waited[slot] = 0
        self._attention[slot] = bool(partial or spill or spare[slot] or self._held[slot])
        return False

    def _turn_over(self, slot: int, playing: bool, now: float) -> None:
        """The slot ran dry, or plays again."""
        if not self._pauses.active(slot) and self._margins.turn_over(slot, playing, now):
            self.starvation[slot].gaps += 1

    def _quiet(self, slot: int, read: int) -> bool:
        frame = self._ring[slot, read & (FRAMES - 1)]
        if self._width == 1:
            return bool((~frame & 0x7F).max() <= QUIET_ULAW)
        return int(frame.max()) < QUIET and int(frame.min()) > -QUIET

    def _pad(self, slot: int) -> None:
        """Make the piece at the end a whole frame."""
        missing = -self._end[slot] % self._bytes
        self._write(slot, self._end[slot], bytes([self._silence]) * missing)
