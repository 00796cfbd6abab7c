"""Failures are told in words that say what to change."""

import socket
import ssl

import picows
import pytest

from media.agent.fault import WrongExtension, WrongSubprotocol, explain, explain_status, shown
from media.port import AgentSpec

SPEC = AgentSpec("greeter", "tandem", "wss://user:secret@bot.example/media?key=secret")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (picows.WSInvalidURL("x", "y"), "is not a ws:// or wss:// URL"),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (ConnectionRefusedError(111, "refused"), "start the agent"),
        (ssl.SSLError(1, "wrong version number"), "does the agent speak wss"),
        (picows.WSHandshakeError("no upgrade"), "is no WebSocket server"),
        (WrongSubprotocol("'b' of a that were offered"), "offer another one"),
        (WrongExtension("'permessage-deflate'"), "correct the agent's server"),
        (OSError(113, "No route to host"), "No route to host"),
    ],
)
def test_what_went_wrong_is_said_with_what_to_change(error: Exception, words: str) -> None:
    assert words in explain(SPEC, error)


def test_an_untrusted_certificate_is_named() -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    assert "self-signed certificate" in explain(SPEC, error)


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "credentials"), (403, "Forbidden"), (404, "path"), (301, "redirects"), (599, "log"), (500, "log")],
)
def test_an_http_answer_is_said_with_what_to_change(status: int, words: str) -> None:
    assert words in explain_status(SPEC, status)


def test_keys_in_a_url_are_notshown() -> None:
    assert shown(SPEC.url) == "wss://bot.example/media"
    assert shown("nonsense") == "nonsense"
    assert "secret" not in explain(SPEC, OSError()) + explain_status(SPEC, 401)
