"""RTP timestamps of 32 bits → places on one time line without end (RFC 3550 §5.1).

A peer whose timestamps begin anew without a new SSRC, as some do after a hold or a transfer, is followed:
what it sends next lies where the latest ended. Else everything would be late until the old time is reached.
One packet alone may just be that late; the next that goes on from it shows the jump, as in appendix A.1.
"""


class MediaTime:
    """
    Args:
        origin: timestamp of the stream's first packet.
        position: where that lies.
        second: units of the RTP clock. Who is further behind than that may have jumped.
    """

    def __init__(self, origin: int, position: int, second: int) -> None:
        self._stamp = origin
        self._position = self._end = position
        self._second = second
        self._doubted: int | None = None
        "Timestamp with which the latest that was so far behind would go on."

    def place(self, timestamp: int, length: int) -> int:
        """Where audio with this timestamp begins, `length` units of it."""
        step = ((timestamp - self._stamp + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000
        jumped = step < 0 and timestamp == self._doubted
        start = self._end if jumped else self._position + step
        if step > 0 or jumped:
            self._stamp, self._position = timestamp, start
        elif step < -self._second:
            self._doubted = (timestamp + length) & 0xFFFF_FFFF
        self._end = max(self._end, start + length)
        return start
