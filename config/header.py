"""Header fields that pass from one leg of a call to the other: custom ones (X-…), by name."""

from typing import Annotated

from pydantic import Field

from config.section import Section, matching

HeaderName = Annotated[
    str, matching(r"[Xx]-[A-Za-z0-9-]{1,60}", "not a custom header", "write a name such as X-Customer-Id")
]
HeaderValue = Annotated[
    str, matching(r"[ -~]{1,256}", "not a header value", "write 1 to 256 printable characters of ASCII")
]
HeaderNames = Annotated[tuple[HeaderName, ...], Field(max_length=32)]


class TrunkHeaders(Section):
    """What a trunk may tell us, and what it is told."""

    accept: HeaderNames = ()
    "Taken from its INVITEs: for flows, agents and webhooks, and for other legs whose list has them."
    send: HeaderNames = ()
    "Passed on to it, of what was accepted from the caller."
    add: dict[HeaderName, HeaderValue] = Field(default={}, max_length=32)
    "Told to it in every INVITE."
