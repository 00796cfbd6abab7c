"""Agents: does something at the URL take a WebSocket?"""

import ssl
from typing import Final

from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from config.agent import BUILTIN_DEMO, Agent, Dialect
from controlplane.doctor.finding import Finding, fail, ok
from media.agent.dialect.asterisk import Asterisk
from media.agent.dialect.jambonz import Jambonz

SUBPROTOCOLS: Final = {
    dialect: [Subprotocol(made.subprotocol)]
    for dialect, made in ((Dialect.ASTERISK, Asterisk), (Dialect.JAMBONZ, Jambonz))
    if made.subprotocol is not None
}
"Some servers take no connection without it."
DEADLINE: Final = 3.0
"For connection and handshake [s]."


def agent(account: str, name: str, section: Agent) -> Finding:
    """Open the agent's socket and close it at once, before anything of a call is said."""
    title = f"agent {account}/{name}"
    if section.url == BUILTIN_DEMO:
        return ok(title, "built in")
    if section.dialect is Dialect.ULTRAVOX:
        return ok(title, "not tried: its URL is good for one call")
    where = section.url.partition("?")[0]
    try:
        with connect(
            section.url,
            additional_headers=section.sent_headers(),
            subprotocols=SUBPROTOCOLS.get(section.dialect),
            open_timeout=DEADLINE,
            close_timeout=1.0,
            proxy=None,
            compression=None,
        ):
            return ok(title, f"{where} answers")
    except InvalidStatus as error:
        status = error.response.status_code
        fix = (
            "check headers, api_key and the path" if status in (401, 403, 404) else "look at the agent's log"
        )
        return fail(title, f"{where} answers HTTP {status}", fix)
    except TimeoutError:
        return fail(
            title, f"{where} does not answer within {DEADLINE:g} s", "check address, port and firewall"
        )
    except ssl.SSLError as error:
        return fail(title, f"{where}: TLS: {error.reason or error}", "check the certificate, or use ws://")
    except ConnectionRefusedError:
        return fail(title, f"{where} refuses the connection", "start the agent, or check the port")
    except (OSError, WebSocketException, ValueError) as error:
        return fail(title, f"{where}: {error}", "check the URL")
