"""A call flow carries the call: the machine says what comes next, a command does it (S004-29…37).

::

    begin ─▶ machine ─▶ command ─▶ running ─▶ outcome ─▶ machine ─▶ … ─▶ hangup

The call keeps the program that it began with. Keys pressed while nobody asks are kept for the next menu.
"""

import weakref
from collections import deque
from collections.abc import Mapping
from itertools import count
from types import MappingProxyType

from edge.call.bridge import BridgeTreatment
from edge.call.call import Call
from edge.call.leg import Leg
from edge.call.served import Served
from edge.command.running import AnyRunning, Stage
from edge.command.table import running
from edge.custom_header import variables as variables_of
from edge.flow.command import Gather, Issued
from edge.flow.given import given
from edge.flow.machine import Program, State, begin, step
from edge.flow.scene import Outcome
from edge.flow.value import Value
from edge.trace.flow_step import tell
from media import port


class FlowTreatment(Served[AnyRunning]):
    def __init__(
        self, program: Program, flow: str, variables: Mapping[str, Value] = MappingProxyType({})
    ) -> None:
        """Args: flow: its name, one of `program`; variables: more of them than every call brings."""
        self._program = program
        self._flow = flow
        self._brought = variables
        # Sub-flows may record as well.
        self.listens = any(flow.records for flow in program.flows.values())
        self._stage: Stage
        self._state: State
        self._issued: Issued | None = None
        self._busy = False

    def begin(self, call: Call, now: float) -> None:
        me = weakref.proxy(self)  # weak: circles wait for the collector
        typed: deque[str] = deque(maxlen=self._program.limits.type_ahead)
        self._stage = Stage(call, lambda seq, outcome, at: me._ended(seq, outcome, at), typed, count(1))
        route = call.route
        variables = given(
            call_id=call.id,
            account=route.account.id,
            direction=route.direction,
            caller=call.caller,
            caller_name=route.caller.name if route.caller is not None else "",
            callee=call.callee,
            did=route.did.number if route.did is not None else "",
            headers=variables_of(call.identity.headers),
            caller_private=call.identity.private,
        )
        variables |= self._brought
        begun = begin(self._program, self._flow, variables, call.ground.wall(now))
        assert begun is not None, "the flow was there when the call came"
        self._state, issued = begun
        call.trace.add(now, "flow", "begin", outcome=self._flow, version=self._state.flow.version)
        self._tell(now)
        self._carry_out(issued, now)

    def allocated(self, call: Call, leg: Leg, now: float) -> None:
        for party in (self._party, self._succession):
            if party is not None and party.allocated(leg, now):
                return
        call.ground.media(port.Release(leg.id))  # who asked for it is done

    def rings(self, call: Call) -> bool:
        return self._party is not None and self._party.rings and not self._pending and not self.former

    def picked_up(self, call: Call, by: Call, now: float) -> bool:
        """The flow is over for the caller, who has an answer; a bridge goes on with the two."""
        if self._party is None or not self.rings(call) or not call.answer(now, by.leg):
            return False
        self._party.give_up(now)
        bridge = BridgeTreatment()
        bridge.pair(call, by)
        call.treatment = call.treatment.succeeded_by(bridge)
        call.trace.add(now, "flow", "left", outcome="picked_up", by=by.id)
        return True

    def media_event(self, call: Call, event: port.Event, now: float) -> None:
        if isinstance(event, port.Digit) and event.leg == call.leg.id:
            if self._party is None or not self._party.digit(event.digit, now):
                self._stage.typed.append(event.digit)
        elif self._party is not None:
            self._party.media_event(event, now)

    def end(self, call: Call, now: float, reason: str) -> None:
        if self._succession is not None:
            self._succession.end(now, reason)
        if self._party is not None:
            ended, self._party = self._party, None
            if not ended.over:
                ended.cancel(now, reason)
                self._state, _ = step(self._state, Outcome("hangup"), call.ground.wall(now))
                self._tell(now)

    def side(self, call: Call, leg: Leg) -> str:
        if leg is call.leg:
            return "caller"
        number = list(call.legs).index(leg.id)
        return "callee" if number == 1 else f"callee{number}"

    # Inside.

    def _parted(self, call: Call, outcome: str, now: float) -> None:
        call.trace.add(now, "flow", "left", outcome=outcome)

    def _succeeded(self, call: Call, number: str, now: float) -> None:
        """Who is there now hears the step from its beginning."""
        if self._party is not None:
            self._party.cancel(now, "")
            self._carry_out(self._state.issued, now)

    def _ended(self, seq: int, outcome: Outcome, now: float) -> None:
        if seq != self._state.issued.seq:
            return
        self._party = None
        self._state, issued = step(self._state, outcome, self._stage.call.ground.wall(now))
        self._tell(now)
        self._carry_out(issued, now)

    def _carry_out(self, issued: Issued, now: float) -> None:
        """In a loop: a command may end before its start returns."""
        self._issued = issued
        if self._busy:
            return
        self._busy = True
        try:
            while self._issued is not None:
                due, self._issued = self._issued, None
                command = due.command
                self._stage.call.trace.secret = isinstance(command, Gather) and command.secret
                self._party = running(self._stage, due)
                self._party.start(now)
        finally:
            self._busy = False

    def _tell(self, now: float) -> None:
        tell(self._stage.call.trace, self._state, now)
