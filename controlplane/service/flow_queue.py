"""Calls of outside edges that wait in a queue: what `POST /flow` tells of their place, and whom to ring.

::

    enqueue ◀─ step {outcome: waiting} ─ edge      position, estimate, offers
    edge rings an offer ─▶ GET /agent/confirm (or /agent/claim) ─▶ ok: it joins the two
    edge ─ step {outcome: answered} ─▶ the conversation is over: wrap-up, and the flow goes on

An agent who does not take it: step `declined` with `{leaseId}` in its data. Hang-ups and time are as at our
own door.
"""

from collections.abc import Callable, Container, Sequence

import structlog

from edge.acd.acd import Acd
from edge.acd.lease import Lease, Why
from edge.acd.terms import name_of_ai
from edge.acd.ticket import Exit
from edge.directory import AccountId, Directory, User, UserId
from edge.error import Refusal
from edge.flow.command import Enqueue
from edge.journal import CallId

WAITING = "waiting"
DECLINED = "declined"
POLL_MS = 500

_log = structlog.get_logger(__name__)


class FlowQueue:
    """One call in one queue; an `edge.acd.ticket.Waits`."""

    def __init__(
        self,
        acd: Acd,
        directory: Directory,
        contacts: Callable[[User, float], Sequence[str]],
        call: CallId,
        account: AccountId,
        expelled: Callable[[str], None],
    ) -> None:
        """
        Args:
            contacts: (user, now) → where the edge reaches the user.
            expelled: the queue gives the call back, by this outcome.
        """
        self._acd = acd
        self._directory = directory
        self._contacts = contacts
        self._call = call
        self._account = account
        self._expelled = expelled
        self._offers: list[Lease] = []

    def join(self, command: Enqueue, now: float) -> Refusal | None:
        return self._acd.join(
            self._call,
            self._account,
            command.queue,
            self,
            now,
            priority=command.priority,
            skills=command.skills,
            since=now - (self._acd.world.wall(now) - command.since) / 1000 if command.since else None,
            max_wait=command.max_wait or None,
        )

    def decline(self, lease: object, now: float) -> None:
        """Args: lease: id of an offer."""
        for offer in tuple(self._offers):
            if offer.id == lease:
                self._acd.decline(offer, Why.DECLINED, now)

    def leave(self, now: float) -> None:
        """The call is over, or its flow goes on."""
        self._offers.clear()
        self._acd.ended(self._call, now)

    def told(self, now: float) -> dict[str, object]:
        """For the params of the command."""
        place = self._acd.place(self._call, now)
        return {
            "poll_ms": POLL_MS,
            "position": place.position if place is not None else 0,
            "estimate": round(place.wait) if place is not None else 0,
            "offers": [] if place is None else [self._told(lease, now) for lease in self._offers],
        }

    # What the queue says (`edge.acd.ticket.Waits`).

    def offered(self, lease: Lease, now: float) -> None:
        self._offers.append(lease)

    def withdrawn(self, lease: Lease, why: Why, now: float) -> None:
        self._offers = [one for one in self._offers if one is not lease]

    def expelled(self, exit: Exit, now: float) -> None:
        self._expelled(exit.value)

    # Inside.

    def _told(self, lease: Lease, now: float) -> dict[str, object]:
        told: dict[str, object] = {
            "leaseId": lease.id,
            "epoch": lease.epoch,
            "agentId": lease.agent,
            "expires_in": round(max(0.0, lease.deadline - now), 3),
        }
        user = self._directory.user_by_id(UserId(lease.agent))
        if user is not None:
            told |= {"number": user.number, "contacts": list(self._contacts(user, now))}
        else:
            told["agent"] = name_of_ai(lease.agent)
        return told


def reap(acd: Acd, live: Sequence[Container[CallId]], now: float) -> None:
    """End what the queues hold of calls that are gone; nothing, unless we erred.

    Args: live: calls that are not.
    """
    gone = acd.audit(_Any(live), now)
    if gone:
        _log.error("queues held calls that are not live", calls=gone)


class _Any:
    """What is in any of several."""

    def __init__(self, parts: Sequence[Container[CallId]]) -> None:
        self._parts = parts

    def __contains__(self, call: object) -> bool:
        return any(call in part for part in self._parts)
