"""Asks the running daemon over the control socket in its data folder."""

import http.client
import json
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from controlplane.store.folder import CONTROL_SOCKET, socket_address

TIMEOUT: Final = 10.0
"For one answer [s]."
SHOWN: Final = 8
"Accounts that are named to who has named none of them."


class NotRunning(Exception):
    """No daemon answers; the message is one line for the operator."""


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("tandem", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT)
        with socket_address(self._path) as address:
            self.sock.connect(address)


def ask(data: Path, target: str, method: str = "GET", body: object = None) -> tuple[int, Any]:
    """Status and decoded JSON of one request; `body` is sent as JSON. Raises `NotRunning`."""
    status, text = ask_text(data, target, method, body)
    try:
        answer = json.loads(text)
    except ValueError as error:
        raise NotRunning(f"the daemon of {data} does not answer: {error}") from None
    if status == 404 and answer.get("error") == "no_such_account":
        answer["detail"] = f"{answer['detail']} ({named(accounts(data))})"
    return status, answer


def accounts(data: Path) -> list[str]:
    """Ids of the accounts that the daemon has. Raises `NotRunning`."""
    status, answer = ask(data, "/accounts")
    return answer["accounts"] if status == 200 else []


def named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    return f"there are {', '.join(ids[:SHOWN])}{more}" if ids else "there are none"


def ask_text(data: Path, target: str, method: str = "GET", body: object = None) -> tuple[int, bytes]:
    """The same, for answers that are no JSON. Raises `NotRunning`."""
    connection = _Connection(data / CONTROL_SOCKET)
    try:
        sent = None if body is None else json.dumps(body)
        connection.request(method, target, sent, {"Content-Type": "application/json"} if sent else {})
        response = connection.getresponse()
        return response.status, response.read()
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        raise NotRunning(
            f"no daemon runs on the data folder {data}; start it with `tandem serve`, "
            "or name its folder with --data"
        ) from None
    except PermissionError:
        raise NotRunning(f"the daemon of {data} is another user's; run this as that user") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotRunning(f"the daemon of {data} does not answer: {error or type(error).__name__}") from None
    finally:
        connection.close()


def data_folder(config: Path | None, data: Path | None, environ: Mapping[str, str]) -> Path:
    """Where the daemon of these options keeps its socket. Raises `ConfigError`."""
    if data is not None:
        return data
    if environ.get("TANDEM_DATA"):
        return Path(environ["TANDEM_DATA"])
    # Slow to import, and not needed when the folder is named.
    from config.load import load

    return load(config, None, environ).node.data
