"""One side of a call as the audio plane sees it: a port, and what offer and answer made of it."""

import enum
from dataclasses import replace
from typing import Final

from config.schema import SipLimits
from edge.directory import AudioTerms
from edge.error import Refusal
from edge.ident import Random
from edge.sdp.audio import NotAcceptable
from edge.sdp.crypto import KEY_BYTES, Srtp
from edge.sdp.description import Description, SdpError, build, parse
from edge.sdp.negotiation import Local, Negotiated, accept, answer, offer
from media.port import Codec, Connect, LegId, LegStats

CODECS: Final = {
    "pcmu": Codec("pcmu", 0),
    "pcma": Codec("pcma", 8),
    "g722": Codec("g722", 9),
    "opus": Codec("opus", 111, 48_000),
    "l16": Codec("l16", 112, 16_000),
}
"What we can speak, with the payload types of our offers."

_ANYTHING: Final = AudioTerms()


class Port(enum.Enum):
    """A leg's slot and port in the audio plane."""

    NONE = "not asked for"
    WANTED = "asked for"
    TAKEN = "ours"
    RETURNED = "given back, or refused"


class Leg:
    """Sans-I/O; the call sends the commands that the methods return."""

    def __init__(
        self,
        id: LegId,
        address: str,
        session_id: int,
        limits: SipLimits,
        random: Random,
        terms: AudioTerms = _ANYTHING,
        *,
        first: Codec | None = None,
        private: bool = False,
    ) -> None:
        """
        Args:
            address: ours, as the peer must see it.
            session_id: for the o= line.
            terms: what may be spoken.
            first: offered before all others if it may be spoken: what a bridge passes on unchanged.
            private: nobody on the way reads our descriptions, so that keys in an offer are worth it.
        """
        self.id = id
        self.state = Port.NONE
        self.stats: LegStats | None = None
        self.negotiated: Negotiated | None = None
        names = dict.fromkeys(terms.codecs)
        if first is not None and first.name in names:
            names = dict.fromkeys((first.name, *names))
        self._random = random
        self._keys: dict[str, bytes] = {}
        self._local = Local(
            address=address,
            port=0,
            codecs=tuple(CODECS[name] for name in names if name in CODECS),
            session_id=session_id,
            srtp=_policy(terms.srtp, private),
            key=self._key,
        )
        self._limits = limits
        self._described: Description | None = None  # the last one that we sent
        self._offered: Description | None = None  # ours, not answered yet

    @property
    def address(self) -> str:
        """Ours, as the peer sees it."""
        return self._local.address

    def take(self, port: int) -> None:
        self.state = Port.TAKEN
        self._local = replace(self._local, port=port)

    @property
    def held(self) -> bool:
        """The audio plane keeps something for it, or will."""
        return self.state in (Port.WANTED, Port.TAKEN)

    @property
    def awaits_answer(self) -> bool:
        """Our offer is out."""
        return self._offered is not None

    def offer(self) -> bytes:
        """Our offer, first or repeated."""
        local = self._local
        if self.negotiated is not None and local.srtp in (Srtp.ANSWERED, Srtp.OFFERED):
            # What was agreed on before stays: secured or not.
            secured = self.negotiated.crypto is not None
            local = replace(local, srtp=Srtp.OFFERED if secured else Srtp.ANSWERED)
        self._described = self._offered = offer(local, self._described)
        return build(self._described)

    def answer(self, body: bytes) -> bytes | Refusal:
        """The peer's offer in, our answer out; what was agreed before stands when refused."""
        offered = parse(body, self._limits)
        if isinstance(offered, SdpError):
            return _unreadable(offered)
        agreed = answer(offered, self._local, self._described)
        if isinstance(agreed, NotAcceptable):
            return self._unacceptable(agreed)
        assert agreed.description is not None, "an answer comes with its description"
        self.negotiated = agreed
        self._described = agreed.description
        return build(agreed.description)

    def prospect(self, body: bytes) -> Codec | None:
        """The codec that was agreed on, or will be when `body`, the peer's offer, is answered."""
        if self.negotiated is None and body:
            offered = parse(body, self._limits)
            agreed = answer(offered, self._local) if not isinstance(offered, SdpError) else None
            return agreed.codec if isinstance(agreed, Negotiated) else None
        return self.negotiated.codec if self.negotiated is not None else None

    def accept(self, body: bytes) -> Refusal | None:
        """The peer's answer to our offer; if it is refused, what was agreed before stands."""
        offered = self._offered or self._described  # a refresh repeats what we said last
        if offered is None:
            return Refusal("no_offer", 500, "an answer came without an offer", "none: the peer is at fault")
        answered = parse(body, self._limits)
        agreed = answered if isinstance(answered, SdpError) else accept(offered, answered)
        if isinstance(agreed, Negotiated) or self.negotiated is not None:
            self._offered = None
        if isinstance(agreed, SdpError):
            return _unreadable(agreed)
        if isinstance(agreed, NotAcceptable):
            return self._unacceptable(agreed)
        self.negotiated = agreed
        return None

    def connect(self) -> Connect:
        agreed = self.negotiated
        assert agreed is not None, "offer and answer come before audio"
        return Connect(
            self.id,
            agreed.remote,
            agreed.codec,
            agreed.accept,
            agreed.dtmf,
            agreed.direction,
            agreed.ptime_ms,
            agreed.rtcp,
            agreed.dtmf_clock,
            agreed.crypto,
        )

    def _unacceptable(self, why: NotAcceptable) -> Refusal:
        local = self._local
        codecs = " or ".join(codec.name.upper() for codec in local.codecs)
        protocol = {Srtp.OFF: "RTP/AVP", Srtp.REQUIRED: "RTP/SAVP"}.get(local.srtp, "RTP/AVP or RTP/SAVP")
        return Refusal("not_acceptable", 488, why.why, f"offer {protocol} audio with {codecs}")

    def _key(self, suite: str) -> bytes:
        """Our key, made once for each suite: a new one would need a new SSRC (RFC 4568 §7.1.4)."""
        if suite not in self._keys:
            self._keys[suite] = self._random(KEY_BYTES[suite])
        return self._keys[suite]


def readable(body: bytes, limits: SipLimits) -> Refusal | None:
    """Whether an offer can be parsed at all, before anything is spent on it."""
    offered = parse(body, limits)
    return _unreadable(offered) if isinstance(offered, SdpError) else None


def _unreadable(error: SdpError) -> Refusal:
    return Refusal("bad_sdp", 400, f"the session description cannot be read: {error}", "mend the SDP")


def _policy(setting: str, private: bool) -> Srtp:
    match setting:
        case "off":
            return Srtp.OFF
        case "required":
            return Srtp.REQUIRED
        case _:
            return Srtp.OFFERED if private else Srtp.ANSWERED
