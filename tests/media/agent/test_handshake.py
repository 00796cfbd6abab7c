"""What an agent's server is offered, and what it may choose of it."""

import base64
from contextlib import nullcontext
from dataclasses import replace

import pytest
from picows.url import parse_url

from media.agent.fault import WrongExtension, WrongSubprotocol
from media.agent.handshake import check_answer, headers_of
from media.port import AgentSpec

SPEC = AgentSpec("greeter", "tandem", "wss://user:secret@bot.example/media?key=secret")


def test_a_user_in_the_url_is_sent_as_basic_credentials_unless_headers_have_others() -> None:
    """RFC 7617 §2: percent-encoding is the URL's, not the header's."""
    spec = AgentSpec("bot", "asterisk", "ws://media:p%40ss@bot.example/media")
    sent = dict(headers_of(spec, parse_url(spec.url), "media"))
    assert base64.b64decode(sent["Authorization"].removeprefix("Basic ")) == b"media:p@ss"
    assert sent["Sec-WebSocket-Protocol"] == "media"
    own = replace(spec, headers=(("authorization", "Bearer x"),))
    assert "Authorization" not in dict(headers_of(own, parse_url(own.url), None))


def test_a_subprotocol_of_the_operators_own_replaces_the_dialects() -> None:
    own = replace(SPEC, headers=(("sec-websocket-protocol", "audio.jambonz.org"),))
    assert [name for name, _ in headers_of(own, parse_url(own.url), "audio.drachtio.org")] == [
        "sec-websocket-protocol",
        "Authorization",
    ]


@pytest.mark.parametrize(
    ("offered", "chosen", "refused"),
    [("a", "a", False), ("a, b", "b", False), ("a", None, False), ("a", "b", True), (None, "b", True)],
)
def test_a_subprotocol_that_was_not_offered_is_refused(
    offered: str | None, chosen: str | None, refused: bool
) -> None:
    """RFC 6455 §4.1: the client fails the connection; none at all is the server's right."""
    sent = [] if offered is None else [("Sec-WebSocket-Protocol", offered)]
    answer = {} if chosen is None else {"Sec-WebSocket-Protocol": chosen}
    with pytest.raises(WrongSubprotocol, match="'b'") if refused else nullcontext():
        check_answer(sent, answer)


def test_an_extension_is_refused_since_none_is_offered() -> None:
    """RFC 6455 §4.1."""
    with pytest.raises(WrongExtension, match="permessage-deflate"):
        check_answer([], {"Sec-WebSocket-Extensions": "permessage-deflate"})
