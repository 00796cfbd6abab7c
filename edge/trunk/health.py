"""Whether a trunk answers, with hysteresis: one lost packet changes nothing, so many in a row do."""

import enum
from dataclasses import dataclass

from edge.directory import Probing
from edge.sip.message import Response

_OVERLOADED = (408, 503)


class Health(enum.Enum):
    UNKNOWN = "not probed, or not for long enough"
    UP = "it answers"
    DOWN = "it does not answer, or cannot serve"


def alive(response: Response | None) -> bool:
    """Any answer to OPTIONS is one (RFC 3261 §11), but that it cannot serve."""
    return response is not None and response.status not in _OVERLOADED


@dataclass(slots=True)
class Pulse:
    """Of one trunk."""

    probing: Probing
    health: Health = Health.UNKNOWN
    _good: int = 0
    _bad: int = 0

    def beat(self, good: bool) -> bool:
        """One probe's outcome; whether the state has changed."""
        before = self.health
        if good:
            self._good, self._bad = self._good + 1, 0
            if self._good >= self.probing.up_after or before is Health.UNKNOWN:
                self.health = Health.UP
        else:
            self._good, self._bad = 0, self._bad + 1
            if self._bad >= self.probing.down_after:
                self.health = Health.DOWN
        return self.health is not before
