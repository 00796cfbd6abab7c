"""Prompts and tones waiting to be heard on one leg, played frame by frame without gaps.

`StopPlay` lets one more frame out: the next one of the prompt, faded to silence within 10 ms.
A prompt that is still being loaded holds up those behind it, never the audio of the leg.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from media.codec.table import LAWS
from media.dsp.fade import fade_out
from media.frame import FRAME_MS, FRAME_SAMPLES, Frames
from media.port import LegId, Played


@dataclass(slots=True, eq=False)
class Item:
    """One prompt or tone of the queue."""

    play: str
    loop: bool
    frames: tuple[memoryview, ...] | None = None
    "By codec number: companded bytes, 160 per frame. None while loading."
    sent: int = 0
    "Frames really sent."
    position: int = 0
    "Next frame."


@dataclass(slots=True)
class Playback:
    """The queue of one leg."""

    leg: LegId
    limit: int
    "Items waiting."
    _queue: deque[Item] = field(default_factory=deque)
    _fading: Item | None = None

    def queue(self, play: str, *, loop: bool) -> Item | None:
        """Append an item; `None` when the queue is full."""
        if len(self._queue) >= self.limit:
            return None
        item = Item(play, loop)
        self._queue.append(item)
        return item

    def is_audible(self) -> bool:
        """Whether `frame` has something to give."""
        return self._fading is not None or (bool(self._queue) and self._queue[0].frames is not None)

    def drop(self, item: Item, error: str = "") -> list[Played]:
        """Take out an item that will not be heard (any more)."""
        if item not in self._queue:
            return []
        self._queue.remove(item)
        return [self._played(item, finished=False, error=error)]

    def stop(self, play: str | None) -> list[Played]:
        """Stop one item by name, or all; what is being heard fades in the next frame."""
        stopped: list[Played] = []
        for item in [item for item in self._queue if play is None or item.play == play]:
            heard = item is self._queue[0] and item.sent > 0
            self._queue.remove(item)
            if heard:
                self._fading = item
            else:
                stopped.append(self._played(item, finished=False))
        return stopped

    def end(self) -> list[Played]:
        """The leg goes: nothing more will be heard."""
        stopped = self.stop(None)
        if self._fading is not None:
            stopped.insert(0, self._played(self._fading, finished=False))
            self._fading = None
        return stopped

    def pass_empty(self) -> list[Played]:
        """Finish prompts without a single frame that have come to the head of the queue."""
        done: list[Played] = []
        while self._queue and self._queue[0].frames is not None and not len(self._queue[0].frames[0]):
            done.append(self._played(self._queue.popleft(), finished=True))
        return done

    def frame(self, law: int, out: memoryview) -> list[Played]:
        """Write the next frame (160 bytes) in codec number `law` to `out`; return what ended with it."""
        if self._fading is not None:
            item, self._fading = self._fading, None
            out[:] = _faded(_bytes_of(item, law), law)
            item.sent += 1
            return [self._played(item, finished=False)]
        item = self._queue[0]
        out[:] = _bytes_of(item, law)
        item.sent += 1
        item.position += 1
        assert item.frames is not None, "an audible item has been loaded"
        if item.position * FRAME_SAMPLES < len(item.frames[law]):
            return []
        if item.loop:
            item.position = 0
            return []
        self._queue.popleft()
        return [self._played(item, finished=True), *self.pass_empty()]

    def _played(self, item: Item, *, finished: bool, error: str = "") -> Played:
        return Played(self.leg, item.play, item.sent * FRAME_MS, finished, error)


def _bytes_of(item: Item, law: int) -> memoryview:
    assert item.frames is not None, "an audible item has been loaded"
    start = item.position * FRAME_SAMPLES
    return item.frames[law][start : start + FRAME_SAMPLES]


def _faded(frame: memoryview, law: int) -> bytes:
    coder = LAWS[law]
    pcm = fade_out(coder.to_linear[np.frombuffer(frame, np.uint8)][None, :])
    companded: Frames = coder.from_linear[pcm.view(np.uint16)]
    return companded.tobytes()
