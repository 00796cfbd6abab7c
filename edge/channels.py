"""What a call counts against, taken and given back in one place: the toll-fraud guard and the channels (CAC).

The whole call takes under its own id; a party that it dials later takes under an id of its own.
"""

from dataclasses import replace

from edge.cac.admission import Admissions
from edge.cac.claim import claim_of
from edge.error import Refusal
from edge.journal import CallId
from edge.routing.route import Route
from edge.security.fraud import FraudGuard
from edge.trace.trace import Trace


class Channels:
    def __init__(self, admissions: Admissions, fraud: FraudGuard) -> None:
        self._admissions = admissions
        self._fraud = fraud

    def take(
        self, id: CallId, route: Route, number: str, trace: Trace, now: float, *, campaign: bool = False
    ) -> Refusal | None:
        """Take what `route` counts against, or nothing and say why.

        Args:
            number: whom the call leads to, or for a call to us whom it comes from.
            campaign: a campaign dialled it.
        """
        if route.trunk_out is not None and (route.did is None or route.target.kind == "forward"):
            # Who pays for a call from a DID to its trunk is the caller.
            refusal = self._fraud.admit(id, route.account, route.caller, route.number_out, now)
            trace.add(now, "admission", "fraud", outcome="admitted" if refusal is None else refusal.code)
            if refusal is not None:
                return refusal
        claim = claim_of(route, number, campaign=campaign)
        for rate in self._admissions.beyond(claim, now):
            trace.add(now, "admission", "soft_limit", outcome=rate.kind, id=rate.id, max=rate.limit)
        refusal = self._admissions.admit(id, claim, now)
        trace.add(now, "admission", "cac", outcome="admitted" if refusal is None else refusal.code)
        if refusal is not None:
            self._fraud.release(id, 0.0, now)
        return refusal

    def judge(
        self, id: CallId, route: Route, number: str, now: float, *, campaign: bool = False
    ) -> Refusal | None:
        """Why the channels of `route` could not be taken now; nothing is taken or counted."""
        return self._admissions.judge(id, claim_of(route, number, campaign=campaign), now)

    def refused(self, refusal: Refusal, trace: Trace, now: float) -> Refusal:
        """Count and trace a refusal that `judge` found and that stands."""
        self._admissions.refused[refusal.code] += 1
        trace.add(now, "admission", "cac", outcome=refusal.code)
        return refusal

    def take_party(self, id: CallId, route: Route, trace: Trace, now: float) -> Refusal | None:
        """Of a party that a call dials; the caller's own channels are taken already."""
        if route.trunk_out is not None:
            refusal = self._fraud.admit(id, route.account, route.caller, route.number_out, now)
            if refusal is not None:
                trace.add(now, "admission", "fraud", outcome=refusal.code, number=route.number_out)
                return refusal
        claim = claim_of(replace(route, caller=None), route.number_out)
        refusal = self._admissions.admit(id, claim, now)
        trace.add(now, "admission", "party", outcome="admitted" if refusal is None else refusal.code)
        if refusal is not None:
            self._fraud.release(id, 0.0, now)
        return refusal

    def give_back(self, id: CallId, seconds: float, now: float) -> None:
        """What `id` took; it was up, answered, for `seconds`. Twice does no harm."""
        self._admissions.release(id)
        self._fraud.release(id, seconds, now)
