"""One side of a call as the audio plane sees it: a port, and what offer and answer made of it."""

import enum
from typing import Final

from config.schema import SipLimits
from edge.error import Refusal
from edge.sdp.audio import NotAcceptable
from edge.sdp.description import Description, SdpError, build, parse
from edge.sdp.negotiation import Local, Negotiated, accept, answer, offer
from media.port import Codec, Connect, LegId, LegStats

CODECS: Final = (Codec("pcmu", 0), Codec("pcma", 8))
"What we offer, first choice first."


class Port(enum.Enum):
    """A leg's slot and port in the audio plane."""

    NONE = "not asked for"
    WANTED = "asked for"
    TAKEN = "ours"
    RETURNED = "given back, or refused"


class Leg:
    """Sans-I/O; the call sends the commands that the methods return."""

    def __init__(self, id: LegId, address: str, session_id: int, limits: SipLimits) -> None:
        """Args: address: ours, as the peer must see it; session_id: for the o= line."""
        self.id = id
        self.state = Port.NONE
        self.stats: LegStats | None = None
        self.negotiated: Negotiated | None = None
        self._local = Local(address=address, port=0, codecs=CODECS, session_id=session_id)
        self._limits = limits
        self._described: Description | None = None  # the last one that we sent
        self._offered: Description | None = None  # ours, not answered yet

    @property
    def address(self) -> str:
        """Ours, as the peer sees it."""
        return self._local.address

    def take(self, port: int) -> None:
        self.state = Port.TAKEN
        local = self._local
        self._local = Local(local.address, port, local.codecs, local.session_id)

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
        self._described = self._offered = offer(self._local, self._described)
        return build(self._described)

    def answer(self, body: bytes) -> bytes | Refusal:
        """The peer's offer in, our answer out; what was agreed before stands when refused."""
        offered = parse(body, self._limits)
        if isinstance(offered, SdpError):
            return _unreadable(offered)
        agreed = answer(offered, self._local, self._described)
        if isinstance(agreed, NotAcceptable):
            return _unacceptable(agreed)
        assert agreed.description is not None, "an answer comes with its description"
        self.negotiated = agreed
        self._described = agreed.description
        return build(agreed.description)

    def accept(self, body: bytes) -> Refusal | None:
        """The peer's answer to our offer."""
        offered = self._offered or self._described  # a refresh repeats what we said last
        if offered is None:
            return Refusal("no_offer", 500, "an answer came without an offer", "none: the peer is at fault")
        answered = parse(body, self._limits)
        if isinstance(answered, SdpError):
            return _unreadable(answered)
        agreed = accept(offered, answered)
        if isinstance(agreed, NotAcceptable):
            return _unacceptable(agreed)
        self._offered = None
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
        )


def readable(body: bytes, limits: SipLimits) -> Refusal | None:
    """Whether an offer can be parsed at all, before anything is spent on it."""
    offered = parse(body, limits)
    return _unreadable(offered) if isinstance(offered, SdpError) else None


def _unreadable(error: SdpError) -> Refusal:
    return Refusal("bad_sdp", 400, f"the session description cannot be read: {error}", "mend the SDP")


def _unacceptable(why: NotAcceptable) -> Refusal:
    codecs = " or ".join(codec.name.upper() for codec in CODECS)
    return Refusal("not_acceptable", 488, why.why, f"offer RTP/AVP audio with {codecs}")
