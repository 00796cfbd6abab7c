"""Who has the floor on an agent leg: barge-in, what may be said after it, and who answered when.

When the caller starts to speak while the agent is heard or has something audible ahead, the agent is
interrupted: the queue is cleared (10 ms fade in the next frame) and what the agent goes on sending *of the
same utterance* is discarded, or the caller would hear its remainder from the middle. That utterance is over

- when the agent sends `clear`: it knows that it was interrupted, what follows is new;
- when its audio pauses for `PAUSE`: senders at real time have no such gap inside an utterance, and a bot
  that listens for itself can answer before our VAD is sure that the caller has stopped;
- when the caller stops speaking: a bot that took no notice (a cough) goes on where it is, not mute.

Silence that an agent streams between its utterances is no utterance: `AUDIBLE` decides.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

PAUSE: Final = 0.2
"[s]"
AUDIBLE: Final = 0.3
"An agent last heard longer ago than this [s] is not interrupted, unless `AHEAD` is queued."
STUTTER: Final = 0.1
"The same [s] of an agent whose queue is dry: its next piece may only be late, and would talk on."
AHEAD: Final = 0.2
"[s] of queued audio that count as an utterance even before it is heard."
NEW_TURN: Final = 1.0
"Silence of the agent [s] after which its next sound is a new turn."
LOUD: Final = 256
"Peak of a frame above which it can be heard (about −42 dBov)."


class Floor:
    """Columns of all slots: when was each agent heard, and is that one turn with what it says next?"""

    def __init__(self, slots: int) -> None:
        self.audible_at = np.full(slots, -np.inf)
        "When a frame of the agent was last loud enough to hear."
        self._in_turn = np.zeros(slots, np.bool_)

    def open(self, slot: int) -> None:
        self.audible_at[slot] = -np.inf
        self._in_turn[slot] = False

    def lose(self, slot: int) -> None:
        """The agent was cut short: its next sound is a new turn, and it need not be interrupted again."""
        self.open(slot)

    def pass_on(self, slot: int, now: float) -> None:
        """The caller has spoken: the agent's next sound is a new turn unless it is speaking all along."""
        if now - self.audible_at[slot] > AUDIBLE:
            self._in_turn[slot] = False

    def hear(
        self, rows: NDArray[np.int32], pcm: NDArray[np.int16], fading: list[int], now: float
    ) -> list[int]:
        """Note who is audible in this frame, pcm (k, samples); returns the slots whose turn begins.

        Rows at the indices `fading` play the end of a turn that was cut short, which begins nothing.
        """
        loud = pcm.max(axis=1) > LOUD
        loud[fading] = False
        if not loud.any():
            return []
        heard = rows if loud.all() else rows[loud]
        begins = now - self.audible_at[heard] > NEW_TURN
        begins |= ~self._in_turn[heard]
        self.audible_at[heard] = now
        if not begins.any():
            return []
        fresh = heard[begins]
        self._in_turn[fresh] = True
        begun: list[int] = fresh.tolist()
        return begun


def is_heard(now: float, *, playing: bool, queued: float, audible_at: float) -> bool:
    """Whether there is an agent to interrupt.

    Args:
        queued: agent audio waiting [s].
        audible_at: when a frame of the agent was last loud enough to hear.
    """
    return now - audible_at <= (AUDIBLE if playing or queued > 0 else STUTTER) or queued >= AHEAD


class Turn:
    """The floor of one leg. Times are monotonic seconds.

    Args:
        release: what the VAD waits before it calls speech ended [s]; taken off when latency is reported.
    """

    def __init__(self, release: float) -> None:
        self._release = release
        self._speaking = False
        self._stopped_at: float | None = None
        self._spoken = False  # the caller has spoken since the agent's last turn began
        self._discarding = False
        self._last_discarded = 0.0

    @property
    def discarding(self) -> bool:
        """Audio must pass `accepts` first."""
        return self._discarding

    @property
    def speaking(self) -> bool:
        """The caller."""
        return self._speaking

    def caller_started(self) -> None:
        self._speaking = self._spoken = True

    def caller_stopped(self, now: float) -> float:
        """Returns when that was, without the VAD's wait."""
        self._speaking = self._discarding = False
        self._stopped_at = now - self._release
        return self._stopped_at

    def cut(self, now: float) -> None:
        """The agent was interrupted: the rest of its utterance is not heard."""
        self._discarding = True
        self._last_discarded = now

    def agent_cleared(self) -> None:
        self._discarding = False

    def accepts(self, now: float) -> bool:
        """Whether audio that arrives now may be queued."""
        if self._discarding:
            if now - self._last_discarded < PAUSE:
                self._last_discarded = now
                return False
            self._discarding = False
        return True

    def agent_started(self, now: float, arrived: float) -> tuple[int | None, int | None, int | None]:
        """A turn of the agent is heard; returns the milliseconds since the caller stopped, and their two
        parts.

        None when the caller had not spoken since the last turn, 0 when the VAD still hears the caller.

        Args:
            arrived: when its first audio came.
        """
        if not self._spoken:
            return None, None, None
        if self._speaking or self._stopped_at is None:
            return 0, None, None
        self._spoken = False
        after = max(0, round((now - self._stopped_at) * 1000))
        if arrived < self._stopped_at:
            return after, None, None
        thinking = round((arrived - self._stopped_at) * 1000)
        return after, thinking, max(0, after - thinking)
