"""A transfer of one side's partner to somebody else (RFC 5589): the hunt for the target, and the reports.

::

    REFER ─▶ Transfer.start ─▶ 202, NOTIFY 100 ─▶ Hunt ─ answered ─▶ NOTIFY 200, the partner is joined to it
                                                      └ refused ─▶ NOTIFY with that status, nothing changed

The target is reached with the rights of who transfers. Who transfers may hang up before the end; then the
partner waits for the outcome alone.
"""

import weakref
from typing import Protocol

from edge.call.call import Call
from edge.call.hunt import Hunt
from edge.directory import User
from edge.error import Refusal
from edge.routing.route import Route, route_inside
from edge.sip.refer import Refer
from edge.sip.session import Session
from edge.sip.session_event import Ended


class Transfers(Protocol):
    """Whose two sides they are."""

    def transferred(self, transfer: "Transfer", now: float) -> None:
        """The target has answered, on `transfer.hunt`."""

    def led(self, transfer: "Transfer", route: Route, now: float) -> None:
        """The target is neither a user nor a number."""

    def untransferred(self, transfer: "Transfer", now: float) -> None:
        """The target is not to be had."""


class Transfer:
    """An `edge.call.hunt.Hunts`."""

    def __init__(self, call: Call, owner: Transfers, referrer: Session, refer: Refer, by: User) -> None:
        """Args: by: the user behind `referrer`, whose rights these are."""
        self.referrer = referrer
        self.hunt: Hunt | None = None
        self.gone = False
        "Who transfers has hung up."
        self._call = call
        self._owner: Transfers = weakref.proxy(owner)  # weak: circles wait for the collector
        self._refer = refer
        self._by = by

    def start(self, name: str, shown: str, now: float) -> Refusal | None:
        """Accept the REFER and seek its target, or say why not.

        Args: name: of the hunt; shown: the number that the target sees.
        """
        call, account = self._call, self._call.route.account
        target = self._refer.target
        home = call.ground.directory.account_of_host(target.host.lower())
        if target.scheme != "tel" and (home is None or home.id != account.id):
            fix = f"transfer to a number at {account.domain}"
            return Refusal("foreign_domain", 403, f"{target.host} is not served here", fix)
        route = route_inside(call.ground.directory, account, target.dialled, self._by)
        if isinstance(route, Refusal):
            return route
        by = self._refer.referred_by or f"<sip:{self._by.number}@{account.domain}>"
        hunt = Hunt(call, self, route, name=name, caller=shown, headers=(("Referred-By", by),))
        self.hunt = hunt
        refusal = hunt.take(now)
        if refusal is not None:
            return refusal
        self.referrer.referral.accept(now)
        call.trace.add(now, "call", "transfer", outcome="begun", by=self._by.number, to=target.dialled)
        hunt.start(now)
        return None

    def left_by(self, session: Session) -> bool:
        """Take note that `session` has hung up; whether it was who transfers."""
        if session is self.referrer:
            self.gone = True
        return self.gone and session is self.referrer

    def end(self, now: float, reason: str) -> None:
        if self.hunt is not None:
            self.hunt.end(now, reason)

    # What comes of the hunt (`edge.call.hunt.Hunts`).

    def progressed(self, hunt: Hunt, status: int, now: float, *, early: bool) -> None:
        self.referrer.referral.tell(status, now)

    def answered(self, hunt: Hunt, now: float) -> None:
        self._call.trace.add(now, "call", "transfer", outcome="done")
        self.referrer.referral.tell(200, now)
        self._owner.transferred(self, now)

    def refused(self, hunt: Hunt, refusal: Refusal, now: float) -> None:
        call = self._call
        call.trace.add(now, "call", "transfer", outcome=refusal.code, status=refusal.status, fix=refusal.fix)
        self.referrer.referral.tell(refusal.status, now)
        hunt.leave(now, "")
        self._owner.untransferred(self, now)

    def unanswered(self, hunt: Hunt, now: float) -> None:
        fix = "try another number, or raise ring_time"
        self.refused(hunt, Refusal("no_answer", 480, "the target does not answer", fix), now)

    def diverted(self, hunt: Hunt, route: Route, now: float) -> None:
        self._call.trace.add(now, "call", "transfer", outcome="done", target=route.target.kind)
        self.referrer.referral.tell(200, now)
        self._owner.led(self, route, now)

    def left(self, hunt: Hunt, event: Ended, now: float) -> None:
        raise AssertionError("who has answered is the bridge's")
