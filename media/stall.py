"""Where ticks were left out: the streams go on where they would be now, with nothing that piled up.

After a round or two, as where there is a little more to do than the core can, the frame too many is merged
into its successor. After more, all that piled up but the newest is passed over, once it has been read.
"""

from typing import Final

from media.frame import FRAME_SECONDS, GROUPS
from media.inbound import WAVES, Inbound
from media.leg import LegTable
from media.rtp.jitter import JitterBuffer

BRIEF: Final = 2.5 * FRAME_SECONDS
"Up to this, frames too many are merged: nothing is cut out of a word [s]."
BACKLOG: Final = 5.0
"Of a stall, what the sockets hold of the packets that came in it, at most [s]."


class Stall:
    def __init__(self, table: LegTable, inbound: Inbound, jitter: JitterBuffer) -> None:
        self._table = table
        self._inbound = inbound
        self._jitter = jitter
        self._over_at = 0

    def begin(self, seconds: float, tick: int) -> None:
        """So much was left out before this tick."""
        columns = self._table.columns
        for leg in self._table:
            if leg.connect is not None:
                columns.timestamp[leg.slot] += int(seconds * leg.connect.codec.clock_rate)
        columns.marker[:] = True
        columns.quiet_at += seconds
        # We did not listen meanwhile: that is no silence of the peers.
        columns.heard_at[columns.connected] += seconds
        columns.reported_at[columns.connected] += seconds
        self._inbound.drain_all()
        if seconds <= BRIEF:
            self._jitter.all_moved()
            return
        # So many rounds it takes until all that piled up has been read.
        rounds = 2 + int(min(seconds, BACKLOG) / (WAVES * FRAME_SECONDS))
        self._over_at = tick + rounds * GROUPS

    def see_to(self, tick: int) -> None:
        if tick == self._over_at:
            self._jitter.skip_to_newest()
