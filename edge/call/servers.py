"""The servers of a trunk, one after another (RFC 3263 §4.3): the next one when this one cannot serve at all.

That is when it cannot be reached, answers nothing, or says 503; never when it refuses the call. What is
too large for a datagram goes by TCP first where the trunk's URI allows it, and by UDP where nobody takes the
connection, be it that it is refused or that a firewall swallows it (RFC 3261 §18.1.1).
"""

from collections import deque
from typing import Final

from config.value import dataclass
from edge.call.call import Call
from edge.call.ground import Ground
from edge.call.outage import LONGEST
from edge.call.outgoing import by_tcp_too, invite, trunk_destination
from edge.directory import Trunk
from edge.sip.calling import CallingSession
from edge.sip.flow import Flow, Transport
from edge.sip.grammar import delta_seconds
from edge.sip.large import LARGE, Large
from edge.sip.locate import Target
from edge.sip.session import Headers
from edge.sip.session_event import Refused

_ADDED: Final = 500  # by our Via and, after a challenge, by the credentials [bytes]


@dataclass(frozen=True, slots=True)
class Server:
    flow: Flow
    pinned: bool
    "Whatever the size, by this transport alone."


class TrunkServers:
    def __init__(
        self,
        trunk: Trunk,
        number: str,
        targets: tuple[Target, ...],
        ground: Ground,
        now: float,
        caller: str = "",
        headers: Headers = (),
    ) -> None:
        """Args: caller: shown instead of the caller's number."""
        self._trunk = trunk
        self._number = number
        self._caller = caller
        self._headers = headers
        self._outages = ground.outages
        reach = ground.reach
        servers: list[Server] = []
        for target in targets:
            flow = reach.flow_to(target.transport, target.address, target.port, target.name)
            if flow is not None:
                servers.append(Server(flow, target.transport is not Transport.UDP or target.pinned))
        self._left = deque(self._outages.last(servers, lambda server: server.flow, now))
        self.current: Flow | None = None
        self._by_udp_next = False  # the current server, if it cannot be had by TCP

    def __bool__(self) -> bool:
        """Whether there is one more to try."""
        return bool(self._left)

    @property
    def next_flow(self) -> Flow:
        return self._left[0].flow

    def invite(self, call: Call, offer: bytes, now: float) -> CallingSession:
        """A session at the next server, ready to start."""
        server = self._left.popleft()
        large = None if server.pinned else by_tcp_too(call.ground)
        by_tcp = None if large is None else large.by_tcp(server.flow, now)
        session = self._session(call, server.flow, offer, large)
        self.current = server.flow
        self._by_udp_next = by_tcp is not None and len(session.invite.wire()) + _ADDED > LARGE
        if by_tcp is not None and self._by_udp_next:
            self._left.appendleft(server)
            self.current = by_tcp
            session = self._session(call, by_tcp, offer)
        return session

    def heard(self) -> None:
        """The current server does its work, whatever it said."""
        if self.current is not None:
            self._outages.over(self.current)

    def goes_on(self, refused: Refused, now: float) -> bool:
        """Whether the next server is to be tried after this end."""
        assert self.current is not None, "one was invited"
        if refused.response is None and refused.status == 503:
            self._outages.note(self.current, now, LONGEST if self._by_udp_next else None)
            return bool(self._left)  # not reached by this transport, perhaps by the other
        if refused.response is None:
            return self.silent(now)
        if refused.status == 503:
            return self._leave(now, delta_seconds(refused.response.headers.get("Retry-After") or ""))
        self.heard()
        return False

    def silent(self, now: float) -> bool:
        """Nothing was heard of the current server; whether there is another way, or another one."""
        assert self.current is not None, "one was invited"
        if self._by_udp_next:
            self._outages.note(self.current, now, LONGEST)
            return True
        return self._leave(now)

    def _leave(self, now: float, seconds: float | None = None) -> bool:
        """Leave the current server, by whatever transport; whether there is another one.

        Args: seconds: how long it wants to be left alone.
        """
        assert self.current is not None, "one was invited"
        self._outages.note(self.current, now, seconds)
        gone = self.current.remote
        self._left = deque(server for server in self._left if server.flow.remote != gone)
        return bool(self._left)

    def _session(self, call: Call, flow: Flow, offer: bytes, large: Large | None = None) -> CallingSession:
        destination = trunk_destination(self._trunk, self._number, flow, large)
        return invite(call, destination, offer, self._headers, self._caller)
