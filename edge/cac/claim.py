"""What a call takes while it is up, read off its route: channels, and places in rate windows (S004-60)."""

from collections.abc import Iterator
from typing import NamedTuple

from config.value import dataclass
from edge.directory import Account, AccountId, CallLimit, Trunk
from edge.routing.route import Route


class Scope(NamedTuple):
    """Something with a number of channels. A tuple: each call makes some five of them."""

    kind: str
    "account_in, account_out, account_dialer, user, did or trunk."
    id: str
    limit: int | None
    "None: unlimited, but counted."
    reserved: int = 0
    "Channels of `limit` that this call may not take."


class Rate(NamedTuple):
    """How many calls may begin in any `period`."""

    kind: str
    "account, user, did, number or trunk."
    id: str
    direction: str
    period: float
    "[s]"
    limit: int
    hard: bool


@dataclass(frozen=True, slots=True)
class Claim:
    account: AccountId
    direction: str
    "in, out, dialer or internal."
    scopes: tuple[Scope, ...]
    rates: tuple[Rate, ...] = ()


def claim_of(route: Route, number: str, *, campaign: bool = False) -> Claim:
    """
    Args:
        number: whom the call leads to, or for a call to us whom it comes from.
        campaign: dialled by a campaign: it counts as `dialer`, and leaves free what is kept for inbound.
    """
    account = route.account
    direction = "dialer" if campaign else route.direction
    scopes: list[Scope] = []
    match direction:
        case "in":
            scopes.append(Scope("account_in", account.id, account.max_in))
        case "out":
            scopes.append(Scope("account_out", account.id, account.max_out))
        case "dialer":
            scopes.append(Scope("account_dialer", account.id, account.max_dialer))
    for user in (route.caller, route.callee):
        if user is not None:
            scopes.append(Scope("user", user.id, user.max_simultaneous))
    if route.did is not None:
        scopes.append(Scope("did", route.did.id, route.did.max_channels))
    for trunk in _trunks(route):
        reserved = account.reserve_in if campaign else 0
        scopes.append(Scope("trunk", trunk.id, trunk.max_channels, reserved))
    rates = tuple(_rates(account, direction, scopes, number)) if account.call_limits else ()
    trunk_out = route.trunk_out
    if trunk_out is not None and trunk_out.calls_per_second is not None:
        rates += (Rate("trunk", trunk_out.id, "any", 1.0, trunk_out.calls_per_second, True),)
    return Claim(account.id, direction, tuple(scopes), rates)


def _trunks(route: Route) -> Iterator[Trunk]:
    """Each trunk once: a call that leaves by the trunk from which it came is one call there."""
    if route.trunk_in is not None:
        yield route.trunk_in
    if route.trunk_out is not None and route.trunk_out is not route.trunk_in:
        yield route.trunk_out


def _rates(account: Account, direction: str, scopes: list[Scope], number: str) -> Iterator[Rate]:
    for limit in account.call_limits:
        if limit.direction in ("any", direction):
            for id in _ids(account, limit, scopes, number):
                yield Rate(limit.scope, id, limit.direction, limit.period, limit.max, limit.hard)


def _ids(account: Account, limit: CallLimit, scopes: list[Scope], number: str) -> Iterator[str]:
    match limit.scope:
        case "account":
            yield account.id
        case "number":
            if number and limit.id in ("", number):
                yield number
        case kind:
            for scope in scopes:
                if scope.kind == kind and limit.id in ("", scope.id):
                    yield scope.id
