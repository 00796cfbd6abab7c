"""What is spoken with phones and trunks: codecs and the secrecy of their audio."""

from typing import Annotated, Final, Literal

from pydantic import Field

Codec = Literal["pcmu", "pcma", "g722", "opus", "l16"]

Codecs = Annotated[tuple[Codec, ...], Field(min_length=1, max_length=5)]
"In the order of our offers. A peer that offers is answered in its own order."

Srtp = Literal["off", "optional", "required"]
"""`optional`: spoken with who offers it, and offered where signalling is encrypted too (TLS, WSS):
elsewhere everybody on the way reads the keys."""

PHONE_CODECS: Final[tuple[Codec, ...]] = ("pcmu", "pcma", "g722", "opus")
"G.711 first: it costs us next to nothing and every call to the public network ends in it."
TRUNK_CODECS: Final[tuple[Codec, ...]] = ("pcmu", "pcma")
