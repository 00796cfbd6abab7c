"""The client side of the layer: our requests and the responses to them (RFC 3261 §17.1, §18.1).

::

    request / cancel ──▶ ClientInvite, ClientRequest ──(final response)──▶ a few bytes in a wheel
    response ──§17.1.3──▶ its machine, or what is left of it, or nowhere

A response that matches nothing is dropped: stateless forwarding (§18.1.2) is for proxies.
"""

from collections.abc import Callable, Iterable
from typing import Final

from edge.sip.effect import Answer, ClientKey, Effect, Send
from edge.sip.flow import Flow
from edge.sip.message import Request, Response
from edge.sip.timer import TimerValues
from edge.sip.transaction.client_invite import ClientInvite
from edge.sip.transaction.client_invite import State as InviteState
from edge.sip.transaction.client_request import ClientRequest
from edge.sip.transaction.client_request import State as RequestState
from edge.sip.transaction.deadline import Deadline
from edge.sip.transaction.hop_by_hop import cancel_of
from edge.sip.transaction.schedule import Schedule
from edge.sip.transaction.wheel import Wheel

_RESTING: Final = (RequestState.COMPLETED, RequestState.TERMINATED)


class ClientTransactions:
    """Args: limit: of finished ones; above it the oldest is forgotten before its timer D or M."""

    def __init__(
        self,
        values: TimerValues,
        new_branch: Callable[[], str],
        sent_by: Callable[[Flow], str],
        limit: int,
        effects: list[Effect],
        deadline: Deadline,
    ) -> None:
        self._values = values
        self._new_branch = new_branch
        self._sent_by = sent_by
        self._effects = effects
        self._live: Schedule[ClientInvite | ClientRequest] = Schedule(deadline)
        self._of_flow: dict[Flow, dict[ClientKey, None]] = {}
        self._anew: set[ClientKey] = set()  # live ones that were sent again by another connection
        # COMPLETED: the ACK that every copy of the failure gets, and the flow it takes, as text.
        self._acked: Wheel[str, tuple[bytes, str]] = Wheel(values.d, limit, deadline)
        # ACCEPTED: that more 2xx are welcome.
        self._accepted: Wheel[str, bool] = Wheel(64 * values.t1, limit, deadline)

    def __len__(self) -> int:
        return len(self._live) + len(self._acked) + len(self._accepted)

    @property
    def live(self) -> int:
        return len(self._live)

    def request(self, request: Request, flow: Flow, now: float) -> ClientKey:
        branch = self._new_branch()
        return self._start(request.under(self._via(flow, branch)), branch, flow, now)

    def send_ack(self, ack: Request, flow: Flow) -> None:
        if "Via" not in ack.headers:
            ack.headers.prepend("Via", self._via(flow, self._new_branch()))
        self._effects.append(Send(ack.wire(), flow, None))

    def cancel(self, key: ClientKey, now: float, headers: Iterable[tuple[str, str]]) -> None:
        machine = self._live.get(key)
        if isinstance(machine, ClientInvite):
            machine.withdraw(cancel_of(machine.invite, headers), now)
            self._settle(key, machine, now)

    def receive(self, response: Response, now: float) -> None:
        key = client_key(response.branch, response.cseq.method)
        machine = self._live.get(key)
        if machine is not None:
            machine.receive_response(response, now)
            self._settle(key, machine, now)
        elif response.status >= 300:
            if (acked := self._acked.get(key)) is not None:
                self._effects.append(Send(acked[0], Flow.parse(acked[1]), key))
        elif response.status >= 200 and key in self._accepted:
            self._effects.append(Answer(key, response))

    def unreachable(self, flow: Flow, now: float) -> None:
        for key in list(self._of_flow.get(flow, ())):
            machine = self._live.get(key)
            assert machine is not None, "the index of flows names live transactions only"
            machine.transport_failed(now)
            self._settle(key, machine, now)

    def closed(self, flow: Flow, now: float) -> None:
        for key in list(self._of_flow.get(flow, ())):
            machine = self._live.get(key)
            assert machine is not None, "the index of flows names live transactions only"
            if not flow.connection and key not in self._anew and machine.connection_lost(now):
                self._anew.add(key)
            else:
                machine.transport_failed(now)
            self._settle(key, machine, now)

    def handle_timer(self, now: float) -> None:
        while (due := self._live.pop_due(now)) is not None:
            key, machine = due
            machine.handle_timer(now)
            self._settle(ClientKey(key), machine, now)
        self._acked.expire(now)
        self._accepted.expire(now)

    def next_timer_at(self) -> float | None:
        times = (self._live.next_at(), self._acked.next_at(), self._accepted.next_at())
        return min((at for at in times if at is not None), default=None)

    # Inside.

    def _via(self, flow: Flow, branch: str) -> str:
        return f"SIP/2.0/{flow.transport.value} {self._sent_by(flow)};branch={branch};rport"

    def _start(self, sent: Request, branch: str, flow: Flow, now: float) -> ClientKey:
        key = client_key(branch, sent.method)
        machine: ClientInvite | ClientRequest
        if sent.method == "INVITE":
            machine = ClientInvite(key, sent, flow, self._values, self._effects, now)
        else:
            quiet = sent.method == "CANCEL"
            machine = ClientRequest(key, sent.wire(), flow, self._values, self._effects, now, quiet=quiet)
        self._live.add(key, machine)
        self._of_flow.setdefault(flow, {})[key] = None
        return key

    def _settle(self, key: ClientKey, machine: ClientInvite | ClientRequest, now: float) -> None:
        """After every event of `machine`: keep it, shrink it, or start the CANCEL it asks for."""
        if isinstance(machine, ClientRequest):
            if machine.state in _RESTING:
                self._forget(key, machine.flow)
            else:
                self._live.settle(key, machine)
            return
        if (cancel := machine.take_cancel()) is not None:
            self._start(cancel, cancel.branch, machine.flow, now)
        match machine.state:
            case InviteState.COMPLETED:
                self._forget(key, machine.flow)
                if not machine.flow.reliable:
                    self._acked.put(key, (machine.ack, str(machine.flow)), now)
            case InviteState.ACCEPTED:
                self._forget(key, machine.flow)
                self._accepted.put(key, True, now)
            case InviteState.TERMINATED:
                self._forget(key, machine.flow)
            case _:
                self._live.settle(key, machine)

    def _forget(self, key: ClientKey, flow: Flow) -> None:
        self._live.drop(key)
        self._anew.discard(key)
        keys = self._of_flow[flow]
        del keys[key]
        if not keys:
            del self._of_flow[flow]


def client_key(branch: str, method: str) -> ClientKey:
    """§17.1.3: our branch, and the method since a CANCEL has the branch of its INVITE."""
    return ClientKey(f"{branch} {method}")
