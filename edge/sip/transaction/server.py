"""The server side of the layer: requests of peers and our responses (RFC 3261 §17.2, §18.2, §9.2, §8.2.2.2).

::

    request ──§17.2.3──▶ a copy: its transaction answers
                     ├─▶ ACK: to its INVITE, or up (a 2xx has no transaction any more)
                     ├─▶ CANCEL: answered here, Cancelled goes up
                     └─▶ new: Incoming goes up, unless it is merged (482) or we are full (503)

Merged requests are looked for among INVITEs only, where a second copy would be a second call.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from edge.sip.build import response_to
from edge.sip.effect import Cancelled, Effect, Incoming, Send, ServerKey
from edge.sip.flow import Flow
from edge.sip.message import Request, Response
from edge.sip.timer import TimerValues
from edge.sip.transaction.deadline import Deadline
from edge.sip.transaction.matching import (
    identity,
    merge_id,
    note_source,
    reply_flow,
    server_key,
)
from edge.sip.transaction.schedule import Schedule
from edge.sip.transaction.server_invite import ServerInvite, State
from edge.sip.transaction.server_request import ServerRequests
from edge.sip.transaction.wheel import Wheel

_RETRY_AFTER: Final = "5"
"Seconds that a peer is asked to wait when we are full."


class ServerTransactions:
    """Args: limit: of live ones, and again of finished ones."""

    def __init__(self, values: TimerValues, limit: int, effects: list[Effect], deadline: Deadline) -> None:
        self._values = values
        self._limit = limit
        self._effects = effects
        self._requests = ServerRequests(values, limit, effects, deadline)
        self._invites: Schedule[ServerInvite] = Schedule(deadline)
        # CONFIRMED: the mark of copies to absorb.
        self._confirmed: Wheel[str, int] = Wheel(values.t4, limit, deadline)
        # ACCEPTED: the mark of copies to absorb and the flow that a 2xx takes, as one text.
        self._accepted: Wheel[str, str] = Wheel(64 * values.t1, limit, deadline)
        # By merge id: INVITEs without final response, then those in ACCEPTED.
        self._pending: dict[str, ServerKey] = {}
        self._picked_up: Wheel[str, str] = Wheel(64 * values.t1, limit, deadline)

    def __len__(self) -> int:
        return len(self._requests) + len(self._invites) + len(self._confirmed) + len(self._accepted)

    @property
    def live(self) -> int:
        return self._requests.live + len(self._invites)

    def receive(self, request: Request, flow: Flow, now: float) -> None:
        via = request.via
        name = identity(request, via)
        method = request.method
        if method == "INVITE":
            self._receive_invite(request, server_key(name, "INVITE"), flow, now)
            return
        if method == "ACK":
            self._receive_ack(request, server_key(name, "INVITE"), flow, now)
            return
        key = server_key(name, method)
        back = reply_flow(via, flow)
        if self._requests.absorb(key, back, request):
            return
        if self.live >= self._limit and not self._has_room_for(request):
            self.refuse(request, flow, 503, (("Retry-After", _RETRY_AFTER),))
            return
        note_source(request, via, flow)
        self._requests.open(key, back, now)
        if method == "CANCEL":
            self._receive_cancel(request, key, server_key(name, "INVITE"), now)
        else:
            self._effects.append(Incoming(request, flow, key))

    def holds(self, identity: str, method: str) -> bool:
        """Args: identity: of a branch that is unique alone; others are taken for new."""
        key = server_key(identity, method)
        if method != "INVITE":
            return self._requests.holds(key)
        return self._invites.get(key) is not None or key in self._confirmed or key in self._accepted

    def respond(self, key: ServerKey, response: Response, now: float) -> None:
        machine = self._invites.get(key)
        if machine is not None:
            machine.respond(response, now)
            self._settle(key, machine, now)
        elif (kept := self._accepted.get(key)) is not None:
            if 200 <= response.status < 300:
                _, listens, way = kept.split(" ", 2)
                flow = replace(Flow.parse(way), listens=int(listens))
                self._effects.append(Send(response.wire(), flow, key))
        else:
            self._requests.respond(key, response, now)

    def follow(self, key: ServerKey, flow: Flow) -> None:
        machine = self._invites.get(key)
        if machine is not None:
            machine.flow = flow

    def refuse(
        self,
        request: Request,
        flow: Flow,
        status: int,
        headers: Iterable[tuple[str, str]],
        reason: str | None = None,
    ) -> None:
        via = request.via
        back = reply_flow(via, flow)
        note_source(request, via, flow)
        response = response_to(request, status, reason, to_tag=_stable_tag(request), headers=headers)
        self._effects.append(Send(response.wire(), back, None))

    def handle_timer(self, now: float) -> None:
        while (due := self._invites.pop_due(now)) is not None:
            key, machine = due
            machine.handle_timer(now)
            self._settle(ServerKey(key), machine, now)
        self._requests.expire(now)
        self._confirmed.expire(now)
        self._accepted.expire(now)
        self._picked_up.expire(now)

    def next_timer_at(self) -> float | None:
        times = (
            self._requests.next_at(),
            self._invites.next_at(),
            self._confirmed.next_at(),
            self._accepted.next_at(),
            self._picked_up.next_at(),
        )
        return min((at for at in times if at is not None), default=None)

    # Inside.

    def _receive_invite(self, request: Request, key: ServerKey, flow: Flow, now: float) -> None:
        machine = self._invites.get(key)
        if machine is not None and not machine.gives_way_to(request):
            machine.receive_invite(now)
            return
        accepted = self._accepted.get(key)
        # A re-INVITE may keep the branch, as scripts of peers do; others say the same at each start, but for
        # the tag: then it is no copy.
        mark = _mark(request)
        if self._confirmed.get(key) == mark or (accepted or "").partition(" ")[0] == str(mark):
            return
        if machine is not None:
            self._pending.pop(machine.merge_id, None)
            self._invites.drop(key)
        self._confirmed.pop(key)
        if accepted is not None:
            self._accepted.pop(key)
        if self.live >= self._limit:
            self.refuse(request, flow, 503, (("Retry-After", _RETRY_AFTER),))
            return
        merge = ""
        if not request.to.tag:
            merge = merge_id(request)
            if merge in self._pending or merge in self._picked_up:
                self.refuse(request, flow, 482, ())
                return
            self._pending[merge] = key
        via = request.via
        back = reply_flow(via, flow)
        note_source(request, via, flow)
        self._invites.add(key, ServerInvite(key, request, back, self._values, self._effects, now, merge))
        self._effects.append(Incoming(request, flow, key))

    def _receive_ack(self, ack: Request, invite: ServerKey, flow: Flow, now: float) -> None:
        machine = self._invites.get(invite)
        if machine is not None:
            machine.receive_ack(Incoming(ack, flow, None), now)
            self._settle(invite, machine, now)
        elif invite not in self._confirmed:
            key = invite if invite in self._accepted else None
            self._effects.append(Incoming(ack, flow, key))

    def _receive_cancel(self, cancel: Request, key: ServerKey, invite: ServerKey, now: float) -> None:
        """§9.2: 200 when the INVITE is known, though it only has an effect before its final response."""
        machine = self._invites.get(invite)
        known = machine is not None or invite in self._accepted or invite in self._confirmed
        tag = _stable_tag(cancel)
        if machine is not None:  # the To tag of both answers should be the same
            tag = machine.promised_tag = machine.to_tag or tag
        self._requests.respond(key, response_to(cancel, 200 if known else 481, to_tag=tag), now)
        if machine is not None and machine.state is State.PROCEEDING:
            self._effects.append(Cancelled(invite, cancel))

    def _has_room_for(self, request: Request) -> bool:
        """What ends calls makes room: it is served beyond the limit, up to a quarter more."""
        ends = request.method == "CANCEL" or (request.method == "BYE" and bool(request.to.tag))
        return ends and self.live < self._limit + self._limit // 4

    def _settle(self, key: ServerKey, machine: ServerInvite, now: float) -> None:
        """After every event of `machine`: keep it, or shrink it to what its copies still need."""
        state = machine.state
        if state is State.PROCEEDING:
            self._invites.settle(key, machine)
            return
        # A merged copy of a refused INVITE is a new attempt by another way, such as after a 503.
        self._pending.pop(machine.merge_id, None)
        match state:
            case State.COMPLETED:
                self._invites.settle(key, machine)
            case State.CONFIRMED:
                self._invites.drop(key)
                if not machine.flow.reliable:
                    self._confirmed.put(key, _mark(machine.invite), now)
            case State.ACCEPTED:
                self._invites.drop(key)
                self._accepted.put(key, f"{_mark(machine.invite)} {machine.flow.listens} {machine.flow}", now)
                if machine.merge_id:
                    self._picked_up.put(machine.merge_id, key, now)
            case State.TERMINATED:
                self._invites.drop(key)


def _mark(request: Request) -> int:
    """What tells a copy from another request that has the same branch and Call-ID."""
    return hash((request.cseq.number, request.from_.tag))


def _stable_tag(request: Request) -> str:
    """The same To tag for every copy of a request that is answered without a transaction (§8.2.7)."""
    get = request.headers.get
    return f"{hash((get('Call-ID'), get('From'), get('CSeq'))) & 0xFFFF_FFFF_FFFF_FFFF:x}"
