"""Where a call for a user ends by that user's forwards, hop by hop, as far as it is known before it rings.

Always, do not disturb, unreachable and busy are known. What only ringing tells (no answer) the outside edge
asks for by a `/route` of its own, to the number that `forward` of the rtjson names.
"""

from collections.abc import Callable

from config.value import dataclass
from edge.directory import Directory, User
from edge.error import Refusal
from edge.routing.forward import Diversion, Why, forward_of
from edge.routing.route import MAX_HOPS, Route, route_inside


@dataclass(frozen=True, slots=True)
class Journey:
    first: Route
    hops: tuple[Route, ...] = ()
    "Each as if the user before it had dialled."
    diversions: tuple[Diversion, ...] = ()
    number: str = ""
    "That the last forward named; empty: there was none."

    @property
    def last(self) -> Route:
        return self.hops[-1] if self.hops else self.first


def follow(
    directory: Directory, route: Route, reachable: Callable[[User], bool], *, busy: bool = False
) -> Journey | Refusal:
    """Args: busy: the first callee has as many calls as it may."""
    journey = Journey(route)
    visited = set()
    while (callee := journey.last.callee) is not None:
        visited.add(callee.id)
        turned = _turned_away(callee, reachable, busy=busy and not journey.hops)
        if turned is None:
            break
        why, refusal = turned
        number = forward_of(callee, why)
        if not number:
            return refusal
        if len(journey.hops) >= MAX_HOPS:
            text = f"forwarded more than {MAX_HOPS} times, last by {callee.number}"
            return Refusal("too_many_forwards", 482, text, "shorten the chain of forwards")
        found = route_inside(directory, route.account, number, callee)
        if isinstance(found, Refusal):
            return found
        if found.callee is not None and found.callee.id in visited:
            text = f"user {callee.number} forwards to {found.callee.number}, who has forwarded it already"
            return Refusal("forward_loop", 482, text, "break the circle of forwards")
        diversion = Diversion(callee.number, route.account.domain, why)
        journey = Journey(route, (*journey.hops, found), (*journey.diversions, diversion), number)
    return journey


def _turned_away(
    callee: User, reachable: Callable[[User], bool], *, busy: bool
) -> tuple[Why, Refusal] | None:
    """Why the callee does not ring, and what is said when there is no forward for that."""
    number = callee.number
    if busy:
        text = f"user {number} has as many calls as it may"
        fix = "wait for a call to end or raise max_simultaneous of the user"
        return Why.BUSY, Refusal("user_busy", 486, text, fix)
    if forward_of(callee, Why.ALWAYS):
        text, fix = f"user {number} forwards every call", "take away forward.always of the user"
        return Why.ALWAYS, Refusal("forwarded", 480, text, fix)
    if callee.dnd:
        text, fix = f"user {number} does not want to be disturbed", "take away dnd of the user"
        return Why.DO_NOT_DISTURB, Refusal("do_not_disturb", 480, text, fix)
    if not reachable(callee):
        text = f"user {number} has no registered device"
        return Why.UNREACHABLE, Refusal("not_registered", 480, text, "register a phone of this user")
    return None
