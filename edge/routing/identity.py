"""Who sends this INVITE: a trunk, one of our users, or nobody we know (`design.md` §6, order on INVITE).

In-dialog requests never get here. Then, in this order: a source address in a trunk's `auth.ip`, from
any port and whatever From says; the address where we registered with a carrier, for what it sends to
our Contact or to a DID; a valid digest; a challenge. Only DIDs are open to a caller without any of
these, and not to one whose From claims to be one of our users: that claim has to be proven. A name at our
domain is such a claim whether or not somebody has it, else the challenge would tell who exists. Free are
public numbers, since carriers write our domain beside those of their callers, and names that withhold one.
"""

import ipaddress
import re
from typing import Final

from config.value import dataclass
from edge.directory import Account, Device, Directory, Trunk, User
from edge.sip.message import Request


@dataclass(frozen=True, slots=True)
class TrunkIdentity:
    trunk: Trunk
    by: str
    "`address`, `registration` or `digest`."


@dataclass(frozen=True, slots=True)
class UserIdentity:
    account: Account
    user: User
    device: Device


@dataclass(frozen=True, slots=True)
class Stranger:
    """Nobody we know: may reach DIDs only."""


_PUBLIC = re.compile(r"\+?[0-9]{7,15}")
_WITHHELD: Final = ("anonymous", "private", "restricted", "unavailable", "unknown")

Identity = TrunkIdentity | UserIdentity | Stranger


def claims_local_user(directory: Directory, request: Request) -> bool:
    """Whether From names a user of ours."""
    uri = request.from_.uri
    account = directory.account_of_host(uri.host.lower())
    return account is not None and uri.user != "" and directory.user(account.id, uri.user or "") is not None


def claims_to_be_ours(directory: Directory, request: Request, source: str) -> bool:
    """Whether From claims to be a user of ours, by a name that may be one.

    Who names the very address that it speaks from (`source`), or a loopback address, names itself: a program
    on this machine.
    """
    local = claims_local_user(directory, request)  # asked of everybody: what exists costs what does not
    uri = request.from_.uri
    host, name = uri.host.lower(), uri.user or ""
    if directory.account_of_host(host) is None or not name:
        return local
    nobody = name.lower() in _WITHHELD or _PUBLIC.fullmatch(name) is not None
    return local or not (nobody or uri.address == source or _is_loopback(host))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def challenged_account(directory: Directory, request: Request) -> Account | None:
    """Whose realm a challenge names: by the host of the request, of To or of From, else the only account."""
    for host in (request.uri.host, request.to.uri.host, request.from_.uri.host):
        account = directory.account_of_host(host.lower())
        if account is not None:
            return account
    accounts = directory.accounts()
    return accounts[0] if len(accounts) == 1 else None
