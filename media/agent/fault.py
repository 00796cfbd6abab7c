"""What went wrong on the way to an agent, in words that say what to change."""

import socket
import ssl
from http import HTTPStatus

import picows

from media.port import AgentSpec


class WrongChoice(Exception):
    """The server chose what was not offered (RFC 6455 §4.1)."""


class WrongSubprotocol(WrongChoice):
    """A subprotocol of the server's own."""


class WrongExtension(WrongChoice):
    """An extension: we offer none."""


def shown(url: str) -> str:
    """A URL for the trace: without user, password and query, which may be keys."""
    scheme, _, rest = url.partition("?")[0].rpartition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if scheme else rest


def explain(spec: AgentSpec, error: Exception) -> str:
    """What happened and what to change."""
    url = shown(spec.url)
    match error:
        case picows.WSInvalidURL():
            return f"{url} is not a ws:// or wss:// URL: correct `url` of agent {spec.name}"
        case socket.gaierror():
            return f"the host in {url} is unknown ({error.strerror}): correct `url` of agent {spec.name}"
        case ssl.SSLCertVerificationError():
            return f"the certificate of {url} is not trusted: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS with {url} failed ({error.strerror}): does the agent speak wss on this port?"
        case WrongSubprotocol():
            return (
                f"{url} chose the subprotocol {error}: correct `dialect` of agent {spec.name}, "
                "or offer another one as Sec-WebSocket-Protocol in its `headers`"
            )
        case WrongExtension():
            return f"{url} chose the extension {error}, which was not offered: correct the agent's server"
        case ConnectionRefusedError():
            return f"nothing listens at {url}: start the agent, or correct `url` of agent {spec.name}"
        case picows.WSInvalidStatusError() if error.response is not None:
            return explain_status(spec, int(error.response.status))
        case picows.WSHandshakeError():
            return f"{url} is no WebSocket server ({error}): correct `url` of agent {spec.name}"
        case _:
            return f"{url} cannot be reached: {error}"


def explain_status(spec: AgentSpec, status: int) -> str:
    phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
    answer = f"{shown(spec.url)} answered {status} {phrase}".rstrip()
    match status:
        case 401 | 403:
            return f"{answer}: correct the credentials in `headers` of agent {spec.name}"
        case 404:
            return f"{answer}: correct the path in `url` of agent {spec.name}"
        case _ if 300 <= status < 400:
            return (
                f"{answer}: redirects are not followed, put the final address in `url` of agent {spec.name}"
            )
        case _:
            return f"{answer} to the WebSocket handshake: see the agent's log"
