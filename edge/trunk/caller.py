"""Who a call is from: what a peer says of it, and what we tell a trunk or a phone (RFC 3323, RFC 3325).

Read from trunks are P-Asserted-Identity, or else Remote-Party-ID, which many carriers still send
(draft-ietf-sip-privacy-04).

A trunk is trusted to assert an identity; a phone is not, its user is known by digest. Privacy that the
caller asks for reaches the callee's phone as an anonymous From, and a trunk as Privacy with what its
configuration lets us assert.
"""

from typing import Final

from config.value import dataclass
from edge.directory import Trunk
from edge.sip.address import Address
from edge.sip.grammar import Malformed
from edge.sip.message import Request
from edge.sip.uri import Uri
from edge.trunk.number import written

ANONYMOUS: Final = Address("Anonymous", Uri("sip", "anonymous", "anonymous.invalid"))
_HIDDEN_PARTY: Final = frozenset({"full", "uri"})
"Values of privacy in Remote-Party-ID that ask not to show the number."
_HIDES: Final = frozenset({"id", "user", "header"})


@dataclass(frozen=True, slots=True)
class Caller:
    number: str
    name: str = ""
    private: bool = False
    "Asks that callees are not told."
    headers: tuple[tuple[str, str], ...] = ()
    "Custom ones that may pass."


def told_by_trunk(request: Request) -> Caller:
    """What a trunk says: P-Asserted-Identity before Remote-Party-ID before From."""
    for address in _named(request, "P-Asserted-Identity"):
        return _named_too(request, address, is_private(request))
    for address in _named(request, "Remote-Party-ID"):
        if (address.param("party") or "calling").lower() == "calling":
            hidden = (address.param("privacy") or "").lower().partition("-")[0] in _HIDDEN_PARTY
            return _named_too(request, address, hidden or is_private(request))
    return Caller(request.from_.uri.dialled or "anonymous", request.from_.display, is_private(request))


def _named_too(request: Request, address: Address, private: bool) -> Caller:
    """Many carriers assert the number alone, and have the name that belongs to it in From."""
    said, number = request.from_, address.uri.dialled
    same = said.uri.dialled.removeprefix("+") == number.removeprefix("+")
    return Caller(number, address.display or (said.display if same else ""), private)


def _named(request: Request, header: str) -> tuple[Address, ...]:
    """Those with a number or name; a header that cannot be read says nothing."""
    try:
        found = request.addresses(header)
    except Malformed:
        return ()
    return tuple(
        address
        for address in found
        if address.uri.user and (address.uri.is_sip or address.uri.scheme == "tel")
    )


def asked_of_trunk(trunk: Trunk, request: Request) -> str:
    """The number that a trunk calls.

    A carrier's registrar replaces it in the request URI by our Contact (RFC 3261 §16.5) and leaves it in
    P-Called-Party-ID (RFC 7315 §4.2) or, for the most part, in To alone.
    """
    dialled = request.uri.dialled
    if trunk.enrolment is None or dialled != trunk.username:
        return dialled
    try:
        asked = (*request.addresses("P-Called-Party-ID"), request.to)
    except Malformed:
        asked = (request.to,)
    return next((address.uri.dialled for address in asked if address.uri.dialled), dialled)


def is_private(request: Request) -> bool:
    """RFC 3323 §4.2: `none` overrides. An anonymous From asks for it, too (§4.1.1.3)."""
    wanted = {
        value.strip().lower() for text in request.headers.all("Privacy") for value in text.split(";", 16)
    }
    anonymous = request.from_.uri.host.lower() == ANONYMOUS.uri.host
    return (anonymous or bool(wanted & _HIDES)) and "none" not in wanted


def for_phone(caller: Caller, domain: str) -> Address:
    """From of an INVITE to a device, without tag."""
    return ANONYMOUS if caller.private else Address(caller.name, Uri("sip", caller.number, domain))


def for_trunk(trunk: Trunk, caller: Caller, host: str) -> tuple[Address, tuple[tuple[str, str], ...]]:
    """From without tag, and the headers beside it, of an INVITE to `trunk` at `host`."""
    policy = trunk.caller_id
    number = written(trunk.numbers, policy.number or caller.number)
    shown = trunk.username if policy.username and trunk.username else number
    private = policy.privacy == "always" or (policy.privacy == "honour" and caller.private)
    headers: tuple[tuple[str, str], ...] = ()
    if policy.asserts and number != ANONYMOUS.uri.user:
        headers = (("P-Asserted-Identity", str(Address("", Uri("sip", number, host)))),)
    if private:
        return ANONYMOUS, (*headers, ("Privacy", "id"))
    return Address(caller.name, Uri("sip", shown, host)), headers
