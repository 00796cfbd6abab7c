"""Which of an agent's utterances is heard: its name and where it began, for truncation by samples played."""

from collections import deque
from typing import Final

UTTERANCES: Final = 256
"Remembered; the oldest go first."


class Utterances:
    """Positions are samples of one playout queue, counted from its opening."""

    def __init__(self) -> None:
        self._begun: deque[tuple[int, str]] = deque([(0, "")], maxlen=UTTERANCES)

    @property
    def last(self) -> str:
        return self._begun[-1][1]

    def begin(self, position: int, name: str) -> None:
        """What is queued from `position` on belongs to `name`."""
        self._begun.append((position, name))

    def at(self, position: int) -> tuple[str, int]:
        """The utterance that is heard at `position`, which never goes back, and where it began."""
        begun = self._begun
        while len(begun) > 1 and begun[1][0] <= position:
            begun.popleft()
        return begun[0][1], begun[0][0]
