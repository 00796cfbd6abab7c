"""Hold with music: who is put on hold hears the account's loop until the other side is back.

A phone that holds offers sendonly, inactive or an unset address (RFC 3264 §8.4); whether it would send
music of its own cannot be seen there, and most send nothing, so the held party always hears ours.
"""

from typing import Final

from edge.call.ground import Ground
from edge.call.leg import Leg
from edge.directory import Account
from media import port

PROMPT: Final = "hold-music"
"Name of the loop that comes with us."
BUILTIN: Final = "builtin"
"Value of `Account.hold_music` that means it."
_PLAY: Final = "hold"


class HoldMusic:
    """Of one call."""

    def __init__(self) -> None:
        self._hearing: set[port.LegId] = set()

    def update(self, ground: Ground, account: Account, holder: Leg, listener: Leg) -> bool:
        """`holder` has agreed on something new; whether `listener` starts or stops to hear music."""
        held = holder.negotiated is not None and holder.negotiated.hold
        if held is (listener.id in self._hearing):
            return False
        if not held:
            self.stop(ground, listener)
            return True
        path = account.hold_music
        if path == BUILTIN:
            path = ground.directory.prompt(PROMPT) or ""
        if not path:
            return False
        self._hearing.add(listener.id)
        ground.media(port.Play(listener.id, _PLAY, path, loop=True))
        return True

    def stop(self, ground: Ground, listener: Leg) -> None:
        """Whoever it was that held `listener` does so no longer."""
        if listener.id in self._hearing:
            self._hearing.discard(listener.id)
            ground.media(port.StopPlay(listener.id, _PLAY))
