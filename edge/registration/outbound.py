"""Outbound: which phone a contact is of, and by which of its flows (RFC 5626 §6).

Declined: flow tokens (§5), since we are an edge proxy for nobody; where a proxy stands before us, it keeps
the flows, and must say so by `ob` in its Path.
"""

from collections.abc import Iterable

from edge.registration.location import Entry
from edge.sip.address import Address
from edge.sip.message import Request


def read(address: Address) -> tuple[str, int]:
    """`+sip.instance` and reg-id of a Contact; a reg-id without an instance, or out of range, means 0."""
    if not address.params:
        return "", 0
    instance = address.param("+sip.instance") or ""
    number = address.param("reg-id") or ""
    if not instance or not (number.isascii() and number.isdigit() and len(number) <= 10):
        return instance, 0
    return instance, int(number) if int(number) < 2**31 else 0


def superseded(
    planned: dict[str, Entry], held: dict[str, Entry], instance: str, reg_id: int
) -> Iterable[str]:
    """Contacts of earlier requests that the same device has left behind, whatever they are.

    With reg-ids a device has as many flows (§6). Without one it has what its last request names: a
    phone that started anew, or whose network changed, is at no other address any more, and would be rung at
    each of them for an hour, until no further contact is let in.
    """
    if not instance:
        return ()
    return [
        contact
        for contact, entry in held.items()
        if planned.get(contact) is entry
        and entry.binding.instance == instance
        and (not reg_id or entry.binding.reg_id in (0, reg_id))
    ]


def supports(request: Request, option: str) -> bool:
    """Who requires it, supports it (RFC 3261 §8.1.1.9, RFC 5626 §4.2.1)."""
    said = (*request.headers.elements("Supported"), *request.headers.elements("Require"))
    return any(name.lower() == option for name in said)


def lacks_first_hop(request: Request) -> bool:
    """Whether the proxy next to a phone that asks for outbound keeps no flow to it: its Path has no `ob`."""
    if len(request.headers.elements("Via")) < 2 or not supports(request, "outbound"):
        return False
    path = request.addresses("Path")
    return not path or path[-1].uri.param("ob") is None
