"""Why nothing is heard on a leg, said once for each reason, with what to change.

::

    nothing came ── at all ─────────────── private_address · no_packet
                 ├─ but from elsewhere ─── wrong_source
                 ├─ but unreadable ─────── wrong_payload_type · wrong_keys
    it came ─────── but nothing is in it ─ muted
    it comes ────── but the peer's reports never mention ours ─ one_way

A leg that is on hold, or that announces its silence (RFC 3389), has nothing to explain. The reasons are
tried from the surest to the vaguest; all that costs is done in columns.
"""

import ipaddress
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np

from media.columns import LegColumns
from media.frame import Mask
from media.leg import Leg, LegTable
from media.port import Event, NoAudio

SHARES: Final = 10
"Silent legs are looked at a tenth at a time: there may be thousands, and the tick waits."
PATIENCE: Final = 3.0
"Silence from the start, or in the middle, before it is looked into [s]."
MUTED: Final = 5.0
"So much of nothing but digital silence is a muted microphone [s]."
UNMENTIONED: Final = 3
"Reports in a row that say nothing of our audio."
SILENT_SO_FAR: Final = frozenset(("no_packet", "private_address"))
"Reasons that the first packet takes away."
_QUIET: Final = 64.0
"Mean square that is silence in every law: A-law has no zero."


class Diagnosis:
    def __init__(self, table: LegTable, emit: Callable[[Event], None]) -> None:
        self._table = table
        self._emit = emit
        slots = len(table.columns.connected)
        self._energy = np.zeros(slots)
        self._frames = np.zeros(slots, np.int64)
        self._measured_at = 0.0

    def look(self, now: float, share: int) -> None:
        """Look at every leg, but of those that are silent at one share (of `SHARES`) alone."""
        columns = self._table.columns
        live = columns.connected & columns.may_receive
        deaf = live & (now - columns.heard_at >= PATIENCE)
        slots = deaf.nonzero()[0]
        for slot in slots[slots % SHARES == share].tolist():
            self._explain(self._table.at(slot))
        unheard = live & ~deaf & (columns.unmentioned >= UNMENTIONED) & (columns.packets_sent >= 250)
        for slot in np.flatnonzero(unheard).tolist():
            self._tell(
                self._table.at(slot),
                "one_way",
                "we hear the peer, but its RTCP reports never mention what we send",
                "let our RTP from this address and port through to the peer; see its firewall and NAT",
            )
        if now - self._measured_at >= MUTED:
            self._measured_at = now
            self._see_to_muted(columns, live & ~deaf)

    def _see_to_muted(self, columns: LegColumns, live: Mask) -> None:
        frames = columns.energy_frames - self._frames
        quiet = (columns.energy - self._energy) <= _QUIET * frames
        # Every fourth frame is measured; new legs have a whole window before them.
        muted = live & (self._frames > 0) & (frames >= MUTED / 0.08 * 0.8) & quiet & ~columns.hushed
        for slot in np.flatnonzero(muted).tolist():
            self._tell(
                self._table.at(slot),
                "muted",
                "packets come, and there is nothing but digital silence in them",
                "unmute the peer's microphone, or choose another one there",
            )
        self._energy[:] = columns.energy
        self._frames[:] = columns.energy_frames

    def _explain(self, leg: Leg) -> None:
        columns, slot = self._table.columns, leg.slot
        foreign_now, malformed_now = int(columns.foreign[slot]), int(columns.malformed[slot])
        foreign, malformed = foreign_now - leg.foreign_before, malformed_now - leg.malformed_before
        leg.foreign_before, leg.malformed_before = foreign_now, malformed_now
        if leg.web is not None:
            return  # ICE and DTLS say themselves what they miss
        if leg.unknown_type is not None:
            self._tell(
                leg,
                "wrong_payload_type",
                f"packets come with payload type {leg.unknown_type}, agreed on were {_agreed(leg)}",
                "let the peer send what it answered, or offer that codec by `codecs` of the user or trunk",
            )
        elif malformed and leg.srtp is not None:
            self._tell(
                leg,
                "wrong_keys",
                f"{malformed} packets came that the agreed keys of SRTP do not open",
                "let the peer use the key of its own a=crypto line, and nobody on the way rewrite the SDP",
            )
        elif foreign and leg.latch.source is not None:
            self._tell(
                leg,
                "wrong_source",
                f"packets come from {_text(leg.stranger)}, heard is {_text(leg.latch.source)} alone",
                "let the peer send from one address, or announce the new one by a re-INVITE",
            )
        elif leg.latch.source is not None or leg.connect is None:
            return  # it was heard before: `Silent` will say if it stays away
        else:
            self._unreached(leg, leg.connect.remote)

    def _unreached(self, leg: Leg, remote: tuple[str, int]) -> None:
        reason = "private_address" if _is_private(remote[0]) else "no_packet"
        if reason in leg.ailments:
            return  # most legs that nothing comes of are as they were when they were looked at last
        detail = f"no packet came; the peer's SDP names {_text(remote)}"
        if reason == "private_address":
            self._tell(
                leg,
                reason,
                f"{detail}, which is private",
                "let the peer send first or name its public address (STUN); "
                "if we are the ones behind NAT, set node.public_address",
            )
        else:
            self._tell(
                leg,
                reason,
                detail,
                f"open UDP port {leg.port} (of listen.rtp.ports) to the peer, "
                "and behind NAT set node.public_address",
            )

    def _tell(self, leg: Leg, reason: str, detail: str, fix: str) -> None:
        if reason not in leg.ailments:
            leg.ailments.append(reason)
            self._emit(NoAudio(leg.id, reason, detail, fix))


def _agreed(leg: Leg) -> str:
    return ", ".join(str(number) for number in sorted(leg.laws))


def _text(address: tuple[str, int] | None) -> str:
    return "elsewhere" if address is None else f"{address[0]}:{address[1]}"


@lru_cache(maxsize=4_096)
def _is_private(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address.version == network.version and address in network for network in _PRIVATE)


_PRIVATE: Final = tuple(
    ipaddress.ip_network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fe80::/10")
)
"RFC 1918, 6598, 4193, 4291; loopback is this machine and no fault."
