"""What one agent says on its leg: its queue, its utterances, and how much of its turn was heard."""

from config.value import dataclass
from media.agent.contract import Buffer
from media.agent.playout import Playout
from media.agent.turn import Floor
from media.agent.utterance import Utterances


@dataclass(frozen=True, slots=True)
class Cut:
    """What was lost of an interrupted turn."""

    item: str
    "The vendor's name for the utterance that was heard."
    item_ms: int
    "Of it were heard."
    played_ms: int
    "Of the turn were heard."
    dropped_ms: int
    marks: list[str]
    "Will not be reached any more."


class Mouth:
    """Positions are samples of the playout queue.

    Args:
        rate: of the queue [Hz].
        most: it may hold [s].
    """

    def __init__(self, slot: int, playout: Playout, floor: Floor, rate: int, most: float, now: float) -> None:
        self._slot = slot
        self._floor = floor
        self._most = most
        floor.open(slot)
        self._open(playout, rate, now)

    def adopt(self, playout: Playout, rate: int, now: float) -> None:
        """Speak from another queue; what was queued is lost."""
        self._playout.clear(self._slot)
        self._open(playout, rate, now)

    def _open(self, playout: Playout, rate: int, now: float) -> None:
        self._playout = playout
        self._rate = rate
        self._base = 0  # samples heard when the turn began
        self._utterances = Utterances()
        playout.open(self._slot, self._most, now)

    # What is heard.

    @property
    def audible_at(self) -> float:
        return float(self._floor.audible_at[self._slot])

    @property
    def playing(self) -> bool:
        return self._playout.playing(self._slot)

    @property
    def empty(self) -> bool:
        return self._playout.empty(self._slot)

    @property
    def queued(self) -> float:
        """[s]"""
        return self._playout.queued(self._slot) / self._rate

    @property
    def waiting(self) -> int:
        """The same in samples."""
        return self._playout.queued(self._slot)

    @property
    def queued_ms(self) -> int:
        return self._ms(self._playout.queued(self._slot))

    @property
    def played_ms(self) -> int:
        """Of the turn."""
        return self._ms(self._playout.heard(self._slot) - self._base)

    def turn_begun(self) -> None:
        """The frame that was just taken is the first audible one of a turn."""
        self._base = self._playout.heard_before(self._slot)

    def pass_on(self, now: float) -> None:
        self._floor.pass_on(self._slot, now)

    # What is done with it.

    def say(self, audio: Buffer, item: str, now: float) -> None:
        if item != self._utterances.last:
            self._utterances.begin(self._playout.accepted(self._slot), item)
        self._playout.push(self._slot, audio, now)

    def mark(self, name: str) -> bool:
        """False: nothing waits before it, or too many wait already."""
        return self._playout.mark(self._slot, name)

    def reached(self) -> list[str]:
        return self._playout.reached(self._slot)

    def pause(self) -> None:
        self._playout.pause(self._slot)

    def resume(self) -> None:
        self._playout.resume(self._slot)

    def cut(self) -> Cut:
        """Drop what is queued; the next sound is a new turn."""
        playout, slot = self._playout, self._slot
        item, base = self._utterances.at(playout.position(slot))
        dropped, marks = playout.clear(slot)
        item_ms = max(0, self._ms(playout.position(slot) - dropped - base))
        self._floor.lose(slot)
        return Cut(item, item_ms, self.played_ms, self._ms(dropped), marks)

    def silence(self) -> None:
        """Drop what is queued, for good."""
        self._playout.clear(self._slot)

    def _ms(self, samples: int) -> int:
        return samples * 1000 // self._rate
