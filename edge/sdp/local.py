"""Our side of one audio stream, and how it is written into a description (RFC 3264 §5, §8; RFC 4566)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from config.value import dataclass
from edge.sdp.audio import PACKET_TIMES
from edge.sdp.crypto import Srtp
from edge.sdp.description import Description, Line, Media
from edge.sdp.numbering import events_of
from edge.sdp.webrtc import Side
from media.port import Codec, Direction

OPUS_TERMS: Final = "maxplaybackrate=16000;sprop-maxcapturerate=16000;useinbandfec=1"
"RFC 7587 §6.1: we speak and hear wideband; FEC serves who is at the other end of a bridge."


@dataclass(slots=True)
class Local:
    """Our side of the stream."""

    address: str
    "Numeric, IPv4 or IPv6, as the peer must see it."
    port: int
    codecs: tuple[Codec, ...]
    "In our preference; the payload types are those of our offers."
    session_id: int
    version: int = 1
    "Of the first description; with `previous` the next one is counted from that."
    dtmf: int | None = 101
    "Payload type of telephone-event at 8 kHz in our offers, others follow; None: no events at all."
    events: tuple[tuple[int, int], ...] = ()
    "Payload type and clock of telephone-events that have their number already."
    direction: Direction = Direction.SENDRECV
    "What we wish; the peer's may leave less."
    ours_first: bool = False
    "Answers are in our order of codecs; else in the offerer's."
    beyond: Codec | None = None
    "Spoken at the far end of a bridge: put first in our answers if offered, unless our order decides."
    ptime_ms: int = 20
    "What we ask for, and send to a peer that asks for nothing."
    srtp: Srtp = Srtp.OFF
    key: Callable[[str], bytes] | None = None
    "Suite → our master key and salt, the same each time; needed unless `srtp` is off."
    webrtc: Side | None = None
    "The stream is a browser's: DTLS keys it, whatever `srtp` says."

    def offered_events(self) -> dict[int, int]:
        """Clock rate → payload type: one for each clock of our codecs, numbered upwards."""
        if self.dtmf is None:
            return {}
        clocks = (8000, *(codec.clock_rate for codec in self.codecs))
        return events_of(clocks, self.dtmf, self.codecs, {clock: number for number, clock in self.events})

    def section(
        self,
        codecs: tuple[Codec, ...],
        events: Mapping[int, int],
        direction: Direction,
        protocol: str,
        more: tuple[Line, ...],
    ) -> Media:
        """Our stream. Args: events: clock rate → payload type; more: further lines."""
        formats = [str(codec.payload_type) for codec in codecs]
        lines: list[Line] = []
        for codec in codecs:
            lines.append(("a", f"rtpmap:{codec.payload_type} {_encoding(codec)}"))
            if codec.name == "opus":
                lines.append(("a", f"fmtp:{codec.payload_type} {OPUS_TERMS}"))
        for clock, number in events.items():
            formats.append(str(number))
            lines.append(("a", f"rtpmap:{number} telephone-event/{clock}"))
            lines.append(("a", f"fmtp:{number} 0-16"))
        lines.extend(more)
        lines.append(("a", f"ptime:{self.ptime_ms}"))
        lines.append(("a", f"maxptime:{PACKET_TIMES[-1]}"))
        lines.append(("a", direction.value))
        return Media("audio", self.port, protocol, tuple(formats), tuple(lines))

    def describe(
        self, media: Sequence[Media], times: tuple[Line, ...], previous: Description | None = None
    ) -> Description:
        """Of these streams; the version grows by one when anything but itself has changed (§5, §8).

        Args:
            times: the lines `t=`, and what follows them.
            previous: what we said last in this dialog.
        """
        version = self.version if previous is None else int(previous.session[1])
        description = Description(self._session(version, times), tuple(media))
        if previous is None or description == previous:
            return description
        return Description(self._session(version + 1, times), tuple(media))

    def _session(self, version: int, times: tuple[Line, ...]) -> tuple[Line, ...]:
        where = f"IN {family_of(self.address)} {self.address}"
        return (
            ("v", "0"),
            ("o", f"- {self.session_id} {version} {where}"),
            ("s", "-"),
            ("c", where),
            *times,
        )


def family_of(address: str) -> str:
    """As it is written: IP4 or IP6."""
    return "IP6" if ":" in address else "IP4"


def _encoding(codec: Codec) -> str:
    if codec.name == "opus":
        return f"opus/{codec.clock_rate}/2"  # RFC 7587 §7: always two channels
    return f"{codec.name.upper()}/{codec.clock_rate}"
