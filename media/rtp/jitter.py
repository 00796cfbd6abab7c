"""Jitter buffer of all legs: frames in arrival order → frames in play-out order, in columns.

Frames carry extended numbers (`statistics.py` or `reframe.py` make them), 16 per leg, where
number & 15 is the place and a tag says which frame lies there.

- Nothing newer is buffered: the play pointer holds and the frame is late, not lost. Else a
  leg whose phase is marginal would be late for ever.
- Something newer is buffered: the missing frame is given up and concealed.
- What comes after a hold tells whether the frames waited for were lost: their time is over then, and
  they are left out, so that loss leaves no delay behind. What is left of the hold was lateness.
- A frame that comes after it was given up, or after such lateness while its followers are on time, is a
  strike. The second within 10 s deepens the leg by one frame (at most `MAX_TARGET`); 10 s without one take
  it back. When the followers are as late, the hold was all that it needed: the peer's clock is slow, or
  the way has become longer.
- More frames waiting than the target for a whole second: one is merged into its successor. More than
  `HASTE` too many for a fifth of one, as after a gap whose packets then come all at once: of every `PACE`
  frames one is merged, until at most one is too many; so no word is cut out. Neither a faster clock of the
  peer nor a burst leaves delay behind. A single one waits for a pause in what the peer says, 10 s at the
  most.
- Of a frame that came in part (packets of 10 or 30 ms) that part is played, as soon as something newer than
  what is missing has come, or when nothing was late for a second. Else the rest may be on its way.
- What begins after silence on purpose (the marker) waits as much as is meant to wait, before it is played.
- A void number (telephone-event, comfort noise) takes no play-out time.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from config.value import dataclass
from media.blank import Blank
from media.frame import FRAME_SAMPLES, Frames, Mask, Rows
from media.rtp.reframe import Part

DEPTH: Final = 16
"Frames that a leg can hold."
MAX_TARGET: Final = 10
WINDOW_FRAMES: Final = 50
"How long the buffer must stay too deep before it shrinks."
CALM_WINDOWS: Final = 10
HASTE: Final = 3
HASTE_FRAMES: Final = 10
"How long it must be deeper by more than that."
PACE: Final = 3
PAUSE_FRAMES: Final = 2
"A marker after less silence says nothing of a pause: some set it on every packet."
MOVED_FRAMES: Final = 5
"The same after the leg has moved to another tick."
PATIENCE: Final = 10
"Windows in a row after which a single frame too many is merged however loud it is."

_PLACE: Final = DEPTH - 1
_UNSEEN: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Taken:
    """The frames due now, one for each row asked."""

    frames: Frames
    "Shape (k, 160); rows not in `have` hold stale bytes."
    numbers: NDArray[np.int64]
    have: Mask
    merged: tuple[tuple[int, Frames], ...]
    "Position in `frames` and the following frame (160,), for each row that skips one frame now."
    holes: tuple[tuple[int, Mask], ...] = ()
    "Position in `frames` and which of its samples have come, (160,), for each row of which some have not."


class JitterBuffer:
    def __init__(self, slots: int) -> None:
        self.late = np.zeros(slots, np.int64)
        self.duplicates = np.zeros(slots, np.int64)
        self.target = np.zeros(slots, np.int64)
        "Frames meant to be waiting after each one played."
        self.quiet = np.ones(slots, np.bool_)
        "Whether what was heard last is so soft that nobody misses a frame of it."
        self.silent: set[int] = set()
        "Slots whose latest hold was silence on purpose, and no loss."
        self._frames = np.zeros((slots, DEPTH, FRAME_SAMPLES), np.uint8)
        self._tag = np.full((slots, DEPTH), -1, np.int64)
        self._void = np.zeros((slots, DEPTH), np.bool_)
        self._voids = 0
        self._play = np.zeros(slots, np.int64)
        self._newest = np.full(slots, -1, np.int64)
        self._held = np.zeros(slots, np.int64)
        self._owed = np.zeros(slots, np.int64)
        self._owing = 0
        self._awaited = np.zeros(slots, np.bool_)
        "A frame has come that a hold waited for."
        self._awaiting = 0
        self._lowest = np.full(slots, _UNSEEN, np.int64)
        self._window = np.zeros(slots, np.int64)
        self._haste = np.full(slots, HASTE, np.int64)
        "Of more frames too many than this, one is merged soon."
        self._calm = np.zeros(slots, np.int64)
        self._kept = np.zeros(slots, np.int64)
        "Windows in a row in which a single frame too many was let be."
        self._struck = np.zeros(slots, np.bool_)
        self._steady = np.zeros(slots, np.int64)
        "Of legs in `_parts`: frames played since one was late."
        self._parts: dict[int, Mapping[int, Part]] = {}
        "By slot: frames that have come in part."
        self._blank = Blank(vars(self), vars(self).keys() - {"_frames"})

    def reset(self, slots: Rows) -> None:
        """Forget everything: the slots get new legs."""
        for slot in slots.tolist():
            self._settle(slot)
        self._blank.reset(slots)

    def restart(self, slot: int, number: int, parts: Mapping[int, Part] | None = None) -> None:
        """Empty the leg's buffer; `number` will be the first frame of a new stream.

        Args:
            parts: frames of that stream that have come in part, as they are from now on.
        """
        self._settle(slot)
        if parts is not None:
            self._parts[slot] = parts
            self._steady[slot] = 0
        self._tag[slot] = -1
        self._play[slot] = number
        self._newest[slot] = number - 1
        self._held[slot] = self._owed[slot] = self._window[slot] = 0
        self._lowest[slot] = _UNSEEN

    def delay(self, slot: int) -> int:
        """Frames that wait after one was played, now, and never less than is meant to."""
        return max(int(self.target[slot]), self.waiting(slot))

    def waiting(self, slot: int) -> int:
        """Frames between the play pointer and the newest, missing ones included."""
        return int(self._newest[slot] - self._play[slot]) + 1

    def holds(self, rows: Rows) -> bool:
        """Whether one of them waits for its next frame."""
        return bool(self._held[rows].any())

    def insert(self, rows: Rows, number: NDArray[np.int64], frames: Frames, marker: Mask) -> None:
        """Put in one frame of each row; `frames` is copied, `marker` as in `insert_one`."""
        ahead = number - self._play[rows]
        place = number & _PLACE
        plain = (ahead >= 0) & (ahead < DEPTH) & (self._tag[rows, place] != number) & (self._held[rows] == 0)
        if not plain.all():
            for position in np.flatnonzero(~plain).tolist():
                self.insert_one(
                    int(rows[position]),
                    int(number[position]),
                    frames[position],
                    marker=bool(marker[position]),
                )
            rows, number, place, frames = rows[plain], number[plain], place[plain], frames[plain]
        if self._voids:
            self._voids -= int(np.count_nonzero(self._void[rows, place]))
            self._void[rows, place] = False
        self._frames[rows, place] = frames
        self._tag[rows, place] = number
        self._newest[rows] = np.maximum(self._newest[rows], number)

    def insert_one(self, slot: int, number: int, frame: Frames, *, marker: bool = False) -> None:
        """Put in one frame (160,); `marker` says that silence went before it on purpose."""
        place = number & _PLACE
        if self._tag[slot, place] == number:
            self.duplicates[slot] += 1
            return
        ahead = number - int(self._play[slot])
        if ahead < 0:
            self.late[slot] += 1
            self._steady[slot] = 0
            if ahead > -DEPTH and self._strike(slot):
                self._owe(slot, 1)
            return
        if ahead >= DEPTH:
            # A burst after a stall, or a gap in a timestamp-numbered stream: the newest counts.
            self._play[slot] = number - int(self.target[slot])
            if not self._held[slot]:
                self._owe(slot, 1)  # what is made up joins the two ends
            elif marker and slot in self._parts:
                self.silent.add(slot)
        elif before := self._held[slot]:
            held = self._leave_lost(slot, number)
            if before > HASTE and not marker:
                self._window[slot], self._lowest[slot] = 0, _UNSEEN
            # Numbers that are made of timestamps go on in a pause.
            timed = slot in self._parts
            if marker and (before if timed else held) >= PAUSE_FRAMES:
                self._owe(slot, int(self.target[slot]))
                if held == before or timed:
                    self.silent.add(slot)
            elif 0 < held < DEPTH and not marker:
                self._awaiting += not self._awaited[slot]
                self._awaited[slot] = True
                self._steady[slot] = 0
        self._held[slot] = 0
        self._voids -= int(self._void[slot, place])
        self._void[slot, place] = False
        self._frames[slot, place] = frame
        self._tag[slot, place] = number
        self._newest[slot] = max(int(self._newest[slot]), number)

    def void(self, slot: int, number: int) -> None:
        """Let the play pointer pass over `number` in no time."""
        place = number & _PLACE
        ahead = number - int(self._play[slot])
        if not 0 <= ahead < DEPTH or self._tag[slot, place] == number:
            return
        self._tag[slot, place] = number
        self._newest[slot] = max(int(self._newest[slot]), number)
        if not self._void[slot, place]:
            self._void[slot, place] = True
            self._voids += 1

    def recode(self, slot: int, table: Frames) -> None:
        """Put every buffered byte of the leg through `table` (256,): its codec has changed."""
        self._frames[slot] = table[self._frames[slot]]
        for frame, _ in self._parts.get(slot, {}).values():
            frame[:] = table[frame]

    def take(self, rows: Rows) -> Taken:
        """Play one frame of each row."""
        if self._voids:
            self._pass_voids(rows)
        play = self._play[rows]
        place = play & _PLACE
        have: Mask = self._tag[rows, place] == play
        frames = self._frames[rows, place]
        due = play.copy()
        newest = self._newest[rows]
        holes = self._take_parts(rows, play, newest, have, frames) if self._parts else ()
        if have.all() and not self._owing:
            play += 1
        else:
            advance: Mask = have | (newest > play)
            held = np.where(advance, 0, self._held[rows] + 1)
            if self._owing:
                paid = self._owed[rows] > 0
                have &= ~paid
                advance &= ~paid
                self._owed[rows] -= paid
                self._owing -= int(np.count_nonzero(paid & (self._owed[rows] == 0)))
                # Nobody is late while it waits on purpose.
                held[paid] = 0
            play += advance
            self._held[rows] = held
        self._play[rows] = play
        if self._awaiting:
            self._judge_holds(rows, newest - play)
        low = np.minimum(self._lowest[rows], newest - play + 1)
        self._lowest[rows] = low
        window = self._window[rows] + 1
        self._window[rows] = window
        full = window >= WINDOW_FRAMES
        if (low > 1).any():
            full |= (window >= HASTE_FRAMES) & (low > self.target[rows] + self._haste[rows])
        merged = self._close_windows(rows, np.flatnonzero(full), have) if full.any() else ()
        return Taken(frames, due, have, merged, tuple(hole for hole in holes if have[hole[0]]))

    def upcoming(self, slot: int) -> Frames | None:
        """The frame that will be played next, if it has come."""
        play = int(self._play[slot])
        place = play & _PLACE
        there = self._tag[slot, place] == play and not self._void[slot, place]
        return self._frames[slot, place] if there else None

    def moved(self, slot: int) -> None:
        """The leg is played at another time from now on: what waits longer for that is soon left out."""
        self._window[slot] = WINDOW_FRAMES - MOVED_FRAMES
        self._lowest[slot] = _UNSEEN
        self._kept[slot] = PATIENCE

    def all_moved(self) -> None:
        """Every leg is played later than before."""
        self._window[:] = WINDOW_FRAMES - MOVED_FRAMES
        self._lowest[:] = _UNSEEN
        self._kept[:] = PATIENCE

    def join(self, slot: int) -> None:
        """Let the next frame wait for one that is made up, which joins it to audio of another kind."""
        self._owe(slot, 1)

    def skip_to_newest(self) -> None:
        """After a stall of the engine: leave what piled up unplayed, but for what is meant to wait."""
        newest = self._newest + 1
        # Of packets of other times several frames come at once, and wait.
        newest[list(self._parts)] -= 1
        np.maximum(self._play, newest - self.target, out=self._play)

    def _owe(self, slot: int, frames: int) -> None:
        """Let so many frames wait from now on."""
        self._owing += int(not self._owed[slot] and frames > 0)
        self._owed[slot] = max(frames, int(self._owed[slot]))

    def _settle(self, slot: int) -> None:
        """Take the leg out of what is counted over all."""
        self._parts.pop(slot, None)
        if self._voids:
            self._voids -= int(self._void[slot].sum())
            self._void[slot] = False
        if self._owing:
            self._owing -= int(self._owed[slot] > 0)
        if self._awaiting:
            self._awaiting -= int(self._awaited[slot])
            self._awaited[slot] = False

    def _take_parts(
        self, rows: Rows, play: NDArray[np.int64], newest: NDArray[np.int64], have: Mask, frames: Frames
    ) -> tuple[tuple[int, Mask], ...]:
        """Put what has come of frames that are due into `have` and `frames`; `Taken.holes`."""
        holes: list[tuple[int, Mask]] = []
        for position in np.flatnonzero(~have).tolist():
            slot, due = int(rows[position]), int(play[position])
            parts = self._parts.get(slot, {})
            if due not in parts:
                continue
            frame, there = parts[due]
            follows = newest[position] > due or there[-1] or max(parts) > due
            if follows or self._steady[slot] >= WINDOW_FRAMES:
                frames[position], have[position] = frame, True
                self._newest[slot] = newest[position] = max(int(newest[position]), due)
                holes.append((position, there.copy()))
        self._steady[rows] += have
        return tuple(holes)

    def _leave_lost(self, slot: int, number: int) -> int:
        """Pass over what a hold has waited for in vain, now that `number` came; frames held beyond that."""
        play, held = int(self._play[slot]), int(self._held[slot])
        while held and play < number and self._tag[slot, play & _PLACE] != play:
            play += 1
            held -= 1
        self._play[slot] = play
        return held

    def _judge_holds(self, rows: Rows, behind: NDArray[np.int64]) -> None:
        """Of legs that play again after a hold, those in which more waits were held up by one late frame."""
        awaited = self._awaited[rows]
        self._awaited[rows] = False
        self._awaiting -= int(np.count_nonzero(awaited))
        for slot in rows[awaited & (behind >= 0)].tolist():
            self._strike(slot)

    def _strike(self, slot: int) -> bool:
        """A frame came too late; whether the buffer has become deeper for it."""
        self._calm[slot] = 0
        deepens = bool(self._struck[slot]) and int(self.target[slot]) < MAX_TARGET
        self._struck[slot] = True
        self.target[slot] += deepens
        return deepens

    def _pass_voids(self, rows: Rows) -> None:
        for _ in range(DEPTH):
            play = self._play[rows]
            place = play & _PLACE
            passed = self._void[rows, place] & (self._tag[rows, place] == play)
            if not passed.any():
                break
            self._play[rows] = play + passed
            self._void[rows[passed], place[passed]] = False
            self._voids -= int(np.count_nonzero(passed))

    def _close_windows(self, rows: Rows, positions: Rows, have: Mask) -> tuple[tuple[int, Frames], ...]:
        merged: list[tuple[int, Frames]] = []
        for position in positions.tolist():
            slot = int(rows[position])
            spare = int(self._lowest[slot]) - int(self.target[slot])
            hurries = self._window[slot] < WINDOW_FRAMES
            self._window[slot] = HASTE_FRAMES - PACE if hurries else 0
            self._haste[slot] = 1 if hurries else HASTE
            self._lowest[slot] = _UNSEEN
            self._calm[slot] += not hurries
            if self._calm[slot] >= CALM_WINDOWS:
                self._calm[slot] = 0
                self.target[slot] = max(0, int(self.target[slot]) - 1)
                self._struck[slot] = False
            keeps = spare == 1 and not self.quiet[slot] and self._kept[slot] < PATIENCE
            self._kept[slot] = self._kept[slot] + 1 if keeps else 0
            play = int(self._play[slot])
            place = play & _PLACE
            if (
                spare > 0
                and not keeps
                and have[position]
                and self._tag[slot, place] == play
                and not self._void[slot, place]
            ):
                merged.append((position, self._frames[slot, place].copy()))
                self._play[slot] = play + 1
        return tuple(merged)
