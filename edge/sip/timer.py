"""Timers of the SIP transaction machines: RFC 3261 §17 Table 4, RFC 6026 §7.

Every time is in seconds. ``now`` is handed in by the caller, on whatever monotonic clock the
driver uses; no module under ``edge/sip`` reads a clock.
"""

from config.value import Enumeration, dataclass


class Timer(Enumeration):
    """The timers a transaction may have armed, under their RFC letters where they have one."""

    A = "INVITE retransmission, unreliable transports only (§17.1.1.2)"
    B = "INVITE transaction timeout (§17.1.1.2)"
    D = "wait for retransmitted final responses (§17.1.1.2)"
    E = "non-INVITE retransmission, unreliable transports only (§17.1.2.2)"
    F = "non-INVITE transaction timeout (§17.1.2.2)"
    G = "retransmission of a final response to INVITE (§17.2.1)"
    H = "wait for the ACK (§17.2.1)"
    I = "wait for retransmitted ACKs (§17.2.1)"  # noqa: E741
    J = "wait for retransmitted non-INVITE requests (§17.2.2)"
    K = "wait for retransmitted responses (§17.1.2.2)"
    L = "wait for retransmitted INVITEs after a 2xx (RFC 6026 §7.1)"
    M = "wait for retransmitted 2xx (RFC 6026 §7.2)"
    TRYING = "send 100 unless the user has answered (§17.2.1)"
    CANCELLED = "no final response after our CANCEL (§9.1)"


@dataclass(frozen=True, slots=True)
class TimerValues:
    """Base values from which every timer is derived."""

    t1: float = 0.5
    "Round-trip time estimate [s]."

    t2: float = 4.0
    "Longest interval between retransmissions of a non-INVITE request or an INVITE's response [s]."

    t4: float = 5.0
    "Longest time that a message stays in the network [s]."

    d: float = 32.0
    "Timer D on unreliable transports [s]; at least 32 by §17.1.1.2."

    trying: float = 0.2
    "How long the user may take before 100 Trying is sent for it [s]."


class TimerTable:
    """The armed timers of one transaction and when each fires."""

    __slots__ = ("_at",)

    def __init__(self) -> None:
        self._at: dict[Timer, float] = {}

    def arm(self, timer: Timer, at: float) -> None:
        """Make `timer` fire at `at` [s], replacing an earlier deadline."""
        self._at[timer] = at

    def clear(self) -> None:
        self._at.clear()

    def cancel(self, *timers: Timer) -> None:
        for timer in timers:
            self._at.pop(timer, None)

    def next_at(self) -> float | None:
        """The earliest deadline [s], or `None` when nothing is armed."""
        return min(self._at.values(), default=None)

    def pop_due(self, now: float) -> Timer | None:
        """Disarm and return the earliest timer whose deadline is not after `now`."""
        if not self._at:
            return None
        timer = min(self._at, key=self._at.__getitem__)
        if self._at[timer] > now:
            return None
        del self._at[timer]
        return timer
