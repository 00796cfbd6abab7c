"""The handshake with an agent's WebSocket: what we offer, and what its server may choose (RFC 6455 §4.1)."""

import base64
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from picows.url import WSParsedURL

from media.agent.fault import WrongExtension, WrongSubprotocol
from media.port import AgentSpec

_SUBPROTOCOL: Final = "Sec-WebSocket-Protocol"
_EXTENSIONS: Final = "Sec-WebSocket-Extensions"


def headers_of(spec: AgentSpec, url: WSParsedURL, subprotocol: str | None) -> list[tuple[str, str]]:
    """Of the handshake; the operator's own come before ours, and those of the URL's user before none."""
    headers = list(spec.headers)
    given = {name.lower() for name, _ in headers}
    if subprotocol is not None and _SUBPROTOCOL.lower() not in given:
        headers.append((_SUBPROTOCOL, subprotocol))
    if url.username is not None and "authorization" not in given:
        pair = f"{unquote(url.username)}:{unquote(url.password or '')}"  # RFC 7617 §2
        headers.append(("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"))
    return headers


def check_answer(sent: list[tuple[str, str]], answer: Mapping[str, str]) -> None:
    """
    Raises:
        WrongChoice: the server chose what was not offered.
    """
    if extensions := answer.get(_EXTENSIONS):
        raise WrongExtension(repr(extensions[:64]))
    offered = [
        part.strip()
        for name, value in sent
        if name.lower() == _SUBPROTOCOL.lower()
        for part in value.split(",")
    ]
    chosen = answer.get(_SUBPROTOCOL)
    if chosen is not None and chosen not in offered:
        raise WrongSubprotocol(f"{chosen[:64]!r} of {', '.join(offered) or 'none'} that were offered")
