"""Digest authentication of REGISTER and INVITE (RFC 3261 §22, RFC 7616, RFC 8760; S004-06…11).

An unknown username costs what a bad password costs and gets the same answer. The realm is the
account's domain; the account's algorithms are offered, first choice first.
"""

from dataclasses import dataclass

from edge.directory import Account, Device, Directory, Trunk
from edge.error import Refusal
from edge.sip.digest import Challenge, Credentials, Nonces, Verdict, verify
from edge.sip.message import Request


@dataclass(frozen=True, slots=True)
class Challenged:
    """Answer 401 with these headers."""

    headers: tuple[tuple[str, str], ...]
    reason: str
    "no_credentials, unknown_user_or_bad_response, stale or replay; for the trace."


class Authenticator:
    def __init__(self, directory: Directory, nonces: Nonces) -> None:
        self._directory = directory
        self._nonces = nonces
