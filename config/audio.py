"""What is spoken with phones and trunks: codecs, packet times and the secrecy of their audio."""

from typing import Annotated, Final, Literal

from pydantic import Field

Codec = Literal["pcmu", "pcma", "g722", "opus", "l16"]

Codecs = Annotated[tuple[Codec, ...], Field(min_length=1, max_length=5)]
"In the order of our offers."

CodecOrder = Literal["theirs", "ours"]
"""Whose order decides when the peer offers: its own, as RFC 3264 §6.1 recommends, but for what the other end
of the call speaks, if it offers that too; or that of `codecs`, whatever it costs."""

PacketTime = Literal[10, 20, 30, 40, 50, 60]
"""What we ask the peer for, in offers and answers, and what it is sent where it asks for nothing (RFC 8866
§6.4) [ms]. What it asks for is what it is sent, of Opus the most of 20, 40 and 60 ms that it asks for."""

Srtp = Literal["off", "optional", "required", "dtls"]
"""`optional`: spoken with who offers it, and offered where signalling is encrypted too (TLS, WSS):
elsewhere everybody on the way reads the keys. `dtls`: required, and our offers have it keyed by DTLS
(RFC 5763) in place of keys in the description. Browsers have DTLS whatever is set."""

Dtmf = Literal["auto", "rfc4733", "info", "inband"]
"""How keys are sent: `auto` as RFC 4733 events to who agrees on them, else by SIP INFO to who says that it
reads them there (a content type in Accept, a package in Recv-Info) or sends them so itself, else as tones;
`rfc4733` never by INFO; `info` and `inband` agree on no events, and send keys by INFO or as tones. They are
heard whatever way they come."""

Inband = Literal["auto", "always", "never"]
"Whether keys are looked for as tones in what a peer sends; `auto`: where no events were agreed on."

PHONE_CODECS: Final[tuple[Codec, ...]] = ("pcmu", "pcma", "g722", "opus")
"G.711 first: it costs us next to nothing and every call to the public network ends in it."
TRUNK_CODECS: Final[tuple[Codec, ...]] = ("pcmu", "pcma")
