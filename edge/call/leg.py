"""One side of a call as the audio plane sees it: a port, and what offer and answer made of it."""

import enum
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from config.schema import SipLimits
from edge.call.keypad import Keypad
from edge.call.talk import Talk
from edge.directory import AudioTerms
from edge.error import Refusal
from edge.ident import Random
from edge.sdp import webrtc
from edge.sdp.audio import NotAcceptable
from edge.sdp.crypto import KEY_BYTES, Srtp
from edge.sdp.description import Description, SdpError, build, parse
from edge.sdp.local import Local
from edge.sdp.negotiation import Negotiated, accept, answer, offer, prospect
from edge.sdp.numbering import kept
from edge.sdp.webrtc import Side
from media.port import Codec, Connect, IceCredentials, LegId, LegStats

if TYPE_CHECKING:
    from edge.sip.session import Session

CODECS: Final = {
    "pcmu": Codec("pcmu", 0),
    "pcma": Codec("pcma", 8),
    "g722": Codec("g722", 9),
    "opus": Codec("opus", 111, 48_000),
    "l16": Codec("l16", 112, 16_000),
}
"What we can speak, with the payload types of our offers."

_ANYTHING: Final = AudioTerms()


@lru_cache(maxsize=256)
def _codecs(names: tuple[str, ...], first: str) -> tuple[Codec, ...]:
    """Those that we can speak, each once. Args: first: goes before all others if it is among them."""
    ordered = dict.fromkeys((first, *names) if first in names else names)
    return tuple(CODECS[name] for name in ordered if name in CODECS)


class Port(enum.Enum):
    """A leg's slot and port in the audio plane."""

    NONE = "not asked for"
    WANTED = "asked for"
    TAKEN = "ours"
    RETURNED = "given back, or refused"


class _Keys:
    """Ours, made once for each suite: a new one would need a new SSRC (RFC 4568 §7.1.4)."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._made: dict[str, bytes] = {}

    def __call__(self, suite: str) -> bytes:
        if suite not in self._made:
            self._made[suite] = self._random(KEY_BYTES[suite])
        return self._made[suite]


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
        browser: bool = False,
        ice: bool = True,
        signalling: str = "",
    ) -> None:
        """
        Args:
            address: ours, as the peer must see it.
            session_id: for the o= line.
            terms: what may be spoken.
            first: offered before all others if it may be spoken: what a bridge passes on unchanged.
            private: nobody on the way reads our descriptions, so that keys in an offer are worth it.
            browser: it speaks WebRTC, or at least DTLS.
            ice: our offers to it have ICE.
            signalling: host of the peer that its signalling comes from.
        """
        self.id = id
        self.state = Port.NONE
        self.stats: LegStats | None = None
        self.talk = Talk()
        self.keypad = Keypad()
        self.session: Session | None = None
        "Of who is heard on it."
        self.negotiated: Negotiated | None = None
        self._terms = terms
        self.browser = browser
        self._ice = ice
        self._signalling = signalling
        self._local = Local(
            address=address,
            port=0,
            codecs=_codecs(terms.codecs, "" if first is None else first.name),
            ours_first=terms.ours_first,
            ptime_ms=terms.ptime_ms,
            session_id=session_id,
            dtmf=None if terms.dtmf in ("info", "inband") else 101,
            srtp=_policy(terms.srtp, private),
            key=_Keys(random),
        )
        self._random = random
        self._limits = limits
        self._described: Description | None = None  # the last one that we sent
        self._offered: Description | None = None  # ours, not answered yet
        self._read: tuple[bytes, Description | SdpError] | None = None  # the peer's latest

    @property
    def address(self) -> str:
        """Ours, as the peer sees it."""
        return self._local.address

    def take(self, port: int, fingerprint: str = "", seen: tuple[str, int] | None = None) -> None:
        """Args: fingerprint: of our certificate, seen: where others see the port, both on a browser's leg."""
        self.state = Port.TAKEN
        others = (seen,) if seen is not None and seen != (self.address, port) else ()
        self._local.port = port
        if self.browser:
            self._local.webrtc = Side(self._credentials(), fingerprint, reflexive=others, ice=self._ice)

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
        local, agreed = self._local, self.negotiated
        if agreed is not None:
            numbers = (number for number, _ in agreed.events)
            local = replace(local, codecs=kept(local.codecs, agreed.accept, numbers), events=agreed.events)
        if agreed is not None and agreed.remote[1] and local.srtp in (Srtp.ANSWERED, Srtp.OFFERED):
            # What was agreed on before stays: secured or not.
            secured = agreed.crypto is not None
            local = replace(local, srtp=Srtp.OFFERED if secured else Srtp.ANSWERED)
        self._described = self._offered = offer(local, self._described)
        return build(self._described)

    def answer(self, body: bytes, beyond: Codec | None = None) -> bytes | Refusal:
        """The peer's offer in, our answer out; what was agreed before stands when refused.

        Args: beyond: spoken at the other end of a bridge; this and later answers choose it where they may.
        """
        offered = self._parsed(body)
        if isinstance(offered, SdpError):
            return _unreadable(offered)
        local = self._local if beyond is None else replace(self._local, beyond=beyond)
        before = self.negotiated.webrtc if self.negotiated is not None else None
        if local.webrtc is not None and before is not None and webrtc.restarts(offered, before.remote):
            local = replace(local, webrtc=replace(local.webrtc, credentials=self._credentials()))
        agreed = answer(offered, local, self._described)
        if isinstance(agreed, NotAcceptable):
            return self._unacceptable(agreed)
        self._local = local
        self._settle(agreed)
        assert agreed.description is not None, "an answer comes with its description"
        self._described = agreed.description
        return build(agreed.description)

    def unreadable(self, body: bytes) -> Refusal | None:
        """Why an offer cannot be parsed at all, before anything is spent on it."""
        offered = self._parsed(body)
        return _unreadable(offered) if isinstance(offered, SdpError) else None

    def prospect(self, body: bytes) -> Codec | None:
        """The codec that was agreed on, or will be when `body`, the peer's offer, is answered."""
        if self.negotiated is None and body:
            offered = self._parsed(body)
            local = self._local
            if self.browser and local.webrtc is None:
                local = replace(local, webrtc=Side(IceCredentials("", ""), ""))
            return None if isinstance(offered, SdpError) else prospect(offered, local)
        return self.negotiated.codec if self.negotiated is not None else None

    def accept(self, body: bytes) -> Refusal | None:
        """The peer's answer to our offer; if it is refused, what was agreed before stands."""
        offered = self._offered or self._described  # a refresh repeats what we said last
        if offered is None:
            return Refusal("no_offer", 500, "an answer came without an offer", "none: the peer is at fault")
        if not offered.live:  # a refresh of a session without sound, to which no answer adds any
            return None
        answered = parse(body, self._limits)
        side = self._local.webrtc
        controlling = side is None or side.controlling is not False
        agreed = (
            answered if isinstance(answered, SdpError) else accept(offered, answered, controlling=controlling)
        )
        if isinstance(agreed, Negotiated) or self.negotiated is not None:
            self._offered = None
        if isinstance(agreed, SdpError):
            return _unreadable(agreed)
        if isinstance(agreed, NotAcceptable):
            return self._unacceptable(agreed)
        self._settle(agreed)
        return None

    def forget(self) -> None:
        """What was agreed on with somebody who is gone; our next offer is to somebody else."""
        self.negotiated = None

    def connect(self) -> Connect:
        agreed = self.negotiated
        assert agreed is not None, "offer and answer come before audio"
        way, look = self._terms.dtmf, self._terms.inband
        reads = self.session is not None and self.session.info.reads_keys
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
            agreed.events,
            None if agreed.webrtc is None else webrtc.perhaps_at(agreed.webrtc, self._signalling),
            self._signalling,
            info=way == "info" or (way == "auto" and reads),
            tones=None if look == "auto" else look == "always",
            flash=agreed.flash,
        )

    def found(self, address: str) -> None:
        """The host that the peer named has this address."""
        assert self.negotiated is not None, "a name is found after it was negotiated"
        self.negotiated = replace(self.negotiated, remote=(address, self.negotiated.remote[1]))

    def _settle(self, agreed: Negotiated) -> None:
        """Who controls ICE and who began DTLS stays so (RFC 8445 §6.1.1, RFC 8842 §5.5)."""
        self.negotiated = agreed
        side, web = self._local.webrtc, agreed.webrtc
        if side is not None and web is not None:
            kept = replace(
                side,
                controlling=web.controlling,
                active=web.active,
                ice=web.ice,
                mux=web.mux,
                reduced=web.reduced,
            )
            self._local = replace(self._local, webrtc=kept)

    def _credentials(self) -> IceCredentials:
        """Letters and digits, more random bits than RFC 8445 §5.3 asks for."""
        return IceCredentials(self._random(4).hex(), self._random(16).hex())

    def _parsed(self, body: bytes) -> Description | SdpError:
        if self._read is None or self._read[0] is not body:
            self._read = (body, parse(body, self._limits))
        return self._read[1]

    def _unacceptable(self, why: NotAcceptable) -> Refusal:
        local = self._local
        codecs = " or ".join(codec.name.upper() for codec in local.codecs)
        if self.browser:
            fix = f"offer {webrtc.OFFERED} audio with {codecs}"
            return Refusal("not_acceptable", 488, why.why, fix, warning=why.warning)
        protocol = {Srtp.OFF: "RTP/AVP", Srtp.REQUIRED: "RTP/SAVP"}.get(local.srtp, "RTP/AVP or RTP/SAVP")
        fix = f"offer {protocol} audio with {codecs}"
        return Refusal("not_acceptable", 488, why.why, fix, warning=why.warning)


def is_browser(body: bytes, limits: SipLimits, *, web: bool) -> bool:
    """Whether an offer is a browser's. Args: web: what is thought of who makes none."""
    if not body:
        return web
    if b"TLS" not in body and b"a=fingerprint" not in body and b"TLS" not in body.upper():
        return False  # phones are many: they are not parsed for it
    offered = parse(body, limits)
    return not isinstance(offered, SdpError) and webrtc.is_offered(offered)


def _unreadable(error: SdpError) -> Refusal:
    return Refusal("bad_sdp", 400, f"the session description cannot be read: {error}", "correct the SDP")


def _policy(setting: str, private: bool) -> Srtp:
    match setting:
        case "off":
            return Srtp.OFF
        case "required" | "dtls":
            return Srtp.REQUIRED
        case _:
            return Srtp.OFFERED if private else Srtp.ANSWERED
