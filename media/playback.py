"""Prompts and tones waiting to be heard on one leg, played frame by frame without gaps.

Most frames are copied from the track as they are, for many legs at once (`outbound.py`); `frame` makes the
others. Nothing clicks: what is stopped or paused fades to silence within 10 ms and what goes on fades in,
what is sought fades into the new place, a loop's end is fitted to its beginning. Pausing is silence; the
frame that faded is heard again. A prompt that is still being loaded holds up those behind it, never the
audio of the leg.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from media.codec.table import LAWS
from media.columns import LegColumns
from media.dsp.fade import fade_in, fade_out
from media.dsp.seam import TAIL, carried_on
from media.frame import FRAME_SAMPLES, SAMPLE_RATE, Frames, Pcm
from media.port import DigitsSent, LegId, Played
from media.track import Track

_PER_MS: Final = SAMPLE_RATE // 1000
_NOTHING: Final = -1
FINE: Final = -1
"For a law: linear samples at 16 kHz."
Over = Played | DigitsSent
"What is told of something that is not heard any more."


@dataclass(slots=True, eq=False)
class Item:
    """One prompt or tone of the queue."""

    play: str
    loop: bool
    track: Track | None = None
    "None while loading."
    at: int = 0
    "Sample where its next frame begins; of the head of the queue it stands in the columns."
    base: int = 0
    "Samples really sent, less `at`."
    paused: bool = False
    falls: bool = False
    "The next frame fades to silence: it was heard when it was paused."
    rises: bool = False
    "The next frame fades in."
    leaves: int = _NOTHING
    "The sample from which it was taken to another place."
    keys: bool = False
    "The tones of a key, to a peer that takes no telephone events; they go before all else."
    sent: str | None = None
    "Keys that have been sent with it, if that is told."

    def heard_at(self, at: int) -> int:
        """Where the frame begins that follows what was heard of it; `at` is where its next one does."""
        return at if self.leaves == _NOTHING else self.leaves


class Playback:
    """The queue of one leg, and what the columns say of its head."""

    def __init__(self, leg: LegId, limit: int, slot: int, columns: LegColumns) -> None:
        """Args: limit: items waiting."""
        self._leg = leg
        self._limit = limit
        self._slot = slot
        self._columns = columns
        self._queue: list[Item] = []
        self._head: Item | None = None
        self._fading: Item | None = None  # was the head, was stopped
        self._lead()

    def queue(self, play: str, *, loop: bool) -> Item | None:
        """Append an item; `None` when the queue is full."""
        if len(self._queue) >= self._limit:
            return None
        item = Item(play, loop)
        self._queue.append(item)
        self._lead()
        return item

    def dial(self, tones: list[Track], digits: str | None) -> None:
        """Let keys be heard at once, the last of them `digits`; what is being played waits meanwhile.

        Args: digits: is told when the keys are over; None: nothing is.
        """
        if self._head is not None:
            self._head.at = self._at(self._head)
        first = sum(item.keys for item in self._queue)
        items = [Item("", loop=False, track=tone, keys=True) for tone in tones]
        items[-1].sent = digits
        self._queue[first:first] = items
        self._lead()

    @property
    def keys(self) -> int:
        """Keys that are still to be heard."""
        return sum(item.keys for item in self._queue)

    def load(self, item: Item, track: Track) -> list[Over]:
        """`item` can be heard; return what is over with it, if its sound has no length."""
        item.track = track
        self._move(item, track.clamp(self._at(item), loop=item.loop))
        return self._pass_over()

    def is_audible(self) -> bool:
        """Whether `frame` has something to give."""
        return self._fading is not None or (self._head is not None and self._head.track is not None)

    @property
    def track(self) -> Track:
        """Of the head of the queue, which must be audible."""
        assert self._head is not None and self._head.track is not None, "an audible item has been loaded"
        return self._head.track

    @property
    def is_fine(self) -> bool:
        """What `frame` gives next is there at 16 kHz."""
        item = self._fading or self._head
        return item is not None and item.track is not None and item.track.is_fine

    def drop(self, item: Item, error: str = "") -> list[Over]:
        """Take out an item that will not be heard (any more)."""
        if item not in self._queue:
            return []
        self._take_out(item)
        return [*self._told(item, finished=False, error=error), *self._pass_over()]

    def stop(self, play: str | None) -> list[Over]:
        """Stop one item by name, or all; what is being heard fades in the next frame."""
        stopped: list[Over] = []
        for item in [item for item in self._queue if self._is_meant(item, play)]:
            heard = self._is_heard(item)
            self._take_out(item)
            if heard:
                self._fading = item
            else:
                stopped += self._told(item, finished=False)
        return [*stopped, *self._pass_over()]

    def pause(self, play: str | None, paused: bool) -> list[Over]:
        """Of one item by name, or of the first one."""
        item = self._named(play)
        if item is None or item.paused is paused:
            return []
        if paused:
            item.falls = self._is_heard(item)
        else:
            item.rises |= not item.falls and self._sent(item) > 0
            item.falls = False
        item.paused = paused
        return self._pass_over()

    def seek(self, play: str | None, milliseconds: int, *, relative: bool) -> list[Over]:
        """Go on elsewhere, to the frame; past the end is its end, past the end of a loop its beginning."""
        item = self._named(play)
        if item is None:
            return []
        heard, at = self._is_heard(item), self._at(item)
        to = milliseconds * _PER_MS // FRAME_SAMPLES * FRAME_SAMPLES + (at if relative else 0)
        to = max(to, 0) if item.track is None else item.track.clamp(to, loop=item.loop)
        if heard and item.leaves == _NOTHING:
            item.leaves = at
        item.rises = not heard and to > 0
        self._move(item, to)
        return self._pass_over()

    def end(self) -> list[Over]:
        """The leg goes: nothing more will be heard."""
        stopped = self.stop(None)
        if self._fading is not None:
            stopped[:0] = self._told(self._fading, finished=False)
            self._fading = None
        self._queue.clear()
        self._lead()
        return stopped

    def frame(self, law: int, out: memoryview) -> list[Over]:
        """Write the next frame to `out`; return what ended with it.

        Args:
            law: number of the codec (160 bytes), or `FINE` (640), if `is_fine`.
        """
        if self._fading is not None:
            item, self._fading = self._fading, None
            out[:] = _companded(fade_out(_pcm(item, law, item.heard_at(item.at))), law)
            item.base += FRAME_SAMPLES
            self._columns.turn[self._slot] += 1
            self._lead()
            return self._told(item, finished=False)
        item = self._queue[0]
        at, track = self._at(item), item.track
        assert track is not None, "an audible item has been loaded"
        if item.paused:
            pcm = np.zeros((1, 2 * FRAME_SAMPLES if law == FINE else FRAME_SAMPLES), np.int16)
            if item.falls:
                pcm = fade_out(_pcm(item, law, item.heard_at(at)))
            out[:] = _companded(pcm, law)
            item.falls, item.leaves = False, _NOTHING
            return []
        if item.leaves != _NOTHING:
            old, new = fade_out(_pcm(item, law, item.leaves)), fade_in(_pcm(item, law, at))
            both = old.astype(np.int32) + new
            out[:] = _companded(np.clip(both, -32768, 32767).astype(np.int16), law)
        elif item.rises:
            out[:] = _companded(fade_in(_pcm(item, law, at)), law)
        elif not item.loop and at + FRAME_SAMPLES > track.samples:
            out[:] = _companded(_let_end(item, law, at), law)
        else:
            out[:] = _plain(track, law, at, loop=item.loop).data.cast("B")
        item.leaves, item.rises = _NOTHING, False
        after = track.after(at, loop=item.loop)
        item.base += at + FRAME_SAMPLES - after
        self._go(item, after)
        return self._pass_over()

    # Inside.

    def _pass_over(self) -> list[Over]:
        """Finish what has come to its end at the head of the queue."""
        done: list[Over] = []
        while self._queue and self._is_over(self._queue[0]):
            item = self._queue[0]
            self._take_out(item)
            done += self._told(item, finished=True)
        self._lead()
        return done

    def _is_over(self, item: Item) -> bool:
        if item.track is None or item.paused or item.leaves != _NOTHING:
            return False
        return not item.track.samples if item.loop else self._at(item) >= item.track.length

    def _lead(self) -> None:
        """Tell the columns of the head of the queue."""
        head = self._queue[0] if self._queue else None
        columns, slot = self._columns, self._slot
        if head is not self._head:
            self._head = head
            columns.track_at[slot] = 0 if head is None else head.at
            columns.turn[slot] += 1
        columns.playing[slot] = self.is_audible()
        columns.track[slot] = 0 if head is None or head.track is None else id(head.track)
        columns.track_last[slot] = self._last_plain(head)

    def _last_plain(self, head: Item | None) -> int:
        if head is None or head.track is None or self._fading is not None:
            return _NOTHING
        if head.paused or head.rises or head.leaves != _NOTHING:
            return _NOTHING
        return head.track.last_plain(loop=head.loop)

    def _take_out(self, item: Item) -> None:
        item.at = self._at(item)
        self._queue.remove(item)
        self._lead()

    def _named(self, play: str | None) -> Item | None:
        return next((item for item in self._queue if self._is_meant(item, play)), None)

    def _is_meant(self, item: Item, play: str | None) -> bool:
        return not item.keys and (play is None or item.play == play)

    def _at(self, item: Item) -> int:
        return int(self._columns.track_at[self._slot]) if item is self._head else item.at

    def _go(self, item: Item, at: int) -> None:
        if item is self._head:
            self._columns.track_at[self._slot] = at
        else:
            item.at = at

    def _move(self, item: Item, to: int) -> None:
        item.base += self._at(item) - to
        self._go(item, to)

    def _sent(self, item: Item) -> int:
        return item.base + self._at(item)

    def _is_heard(self, item: Item) -> bool:
        if item is not self._head or item.rises:
            return False
        return self._sent(item) > 0 and (not item.paused or item.falls)

    def _told(self, item: Item, *, finished: bool, error: str = "") -> list[Over]:
        if item.keys:
            return [] if item.sent is None else [DigitsSent(self._leg, item.sent)]
        return [Played(self._leg, item.play, self._sent(item) // _PER_MS, finished, error)]


def _let_end(item: Item, law: int, at: int) -> Pcm:
    """The last frame, from `at` on: what breaks off in the midst of a wave dies away in what fills it up."""
    assert item.track is not None, "an audible item has been loaded"
    pcm, rate = _pcm(item, law, at).copy(), 2 if law == FINE else 1
    end = (item.track.samples - at) * rate
    if TAIL * rate <= end < pcm.shape[1]:
        rest = carried_on(pcm[:, end - TAIL * rate : end], np.zeros_like(pcm))
        pcm[:, end:] = rest[:, : pcm.shape[1] - end]
    return pcm


def _plain(track: Track, law: int, at: int, *, loop: bool) -> Frames | Pcm:
    return track.fine(at, loop=loop) if law == FINE else track.frame(law, at, loop=loop)


def _pcm(item: Item, law: int, at: int) -> Pcm:
    """Shape (1, 160), or (1, 320) if `FINE`."""
    assert item.track is not None, "an audible item has been loaded"
    if law == FINE:
        return item.track.fine(at, loop=item.loop)[None, :]
    return LAWS[law].to_linear[item.track.frame(law, at, loop=item.loop)][None, :]


def _companded(pcm: Pcm, law: int) -> memoryview:
    if law == FINE:
        return pcm.data.cast("B")
    companded: Frames = LAWS[law].from_linear[pcm.view(np.uint16)]
    return companded.data.cast("B")
