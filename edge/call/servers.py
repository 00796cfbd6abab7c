"""The servers of a trunk, one after another (RFC 3263 §4.3): the next one when this one cannot serve at all.

That is when it cannot be reached, answers nothing, or says 503; never when it refuses the call. What is
too large for a datagram goes by TCP first where the trunk's URI allows it (RFC 3261 §18.1.1).
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from edge.call.call import Call
from edge.call.ground import Reach
from edge.call.outgoing import invite, trunk_destination
from edge.directory import Trunk
from edge.sip.calling import CallingSession
from edge.sip.flow import Flow, Transport
from edge.sip.locate import Target
from edge.sip.session import Refused

LARGE: Final = 1_300
"A longer request does not leave by UDP if it need not [bytes]."
_ADDED: Final = 500  # by our Via and, after a challenge, by the credentials [bytes]


@dataclass(frozen=True, slots=True)
class Server:
    flow: Flow
    by_tcp: Flow | None = None
    "The same server, for what is too large for UDP."


class TrunkServers:
    def __init__(self, trunk: Trunk, number: str, targets: tuple[Target, ...], reach: Reach) -> None:
        self._trunk = trunk
        self._number = number
        self._left: deque[Server] = deque()
        for target in targets:
            flow = reach.flow_to(target.transport, target.address, target.port, target.name)
            if flow is not None:
                twin = None
                if target.transport is Transport.UDP and not target.pinned:
                    twin = reach.flow_to(Transport.TCP, target.address, target.port)
                self._left.append(Server(flow, twin))
        self.current: Flow | None = None

    def __bool__(self) -> bool:
        """Whether there is one more to try."""
        return bool(self._left)

    @property
    def next_flow(self) -> Flow:
        return self._left[0].flow

    def invite(self, call: Call, offer: bytes) -> CallingSession:
        """A session at the next server, ready to start."""
        server = self._left.popleft()
        session = self._session(call, server.flow, offer)
        if server.by_tcp is not None and len(session.invite.wire()) + _ADDED > LARGE:
            self._left.appendleft(Server(server.flow))
            server = Server(server.by_tcp)
            session = self._session(call, server.flow, offer)
        self.current = server.flow
        return session

    def goes_on(self, refused: Refused) -> bool:
        """Whether the next server is to be tried after this end."""
        if refused.response is None and refused.status == 503:
            return bool(self._left)  # not reached by this transport, perhaps by the other
        if refused.status == 503 or refused.response is None:
            return self.silent()
        return False

    def silent(self) -> bool:
        """Leave the current server, by whatever transport; whether there is another one."""
        assert self.current is not None, "one was invited"
        gone = self.current.remote
        self._left = deque(server for server in self._left if server.flow.remote != gone)
        return bool(self._left)

    def _session(self, call: Call, flow: Flow, offer: bytes) -> CallingSession:
        return invite(call, trunk_destination(self._trunk, self._number, flow), offer, ())
