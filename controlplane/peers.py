"""Other machines that ask us during calls: media engines that step `/flow`, carriers, bots that dial us."""

import asyncio
from collections.abc import Callable, Sequence

from starlette.routing import BaseRoute

from config import account as section
from config.schema import Settings
from controlplane.api.agent_socket import AgentSocketRoutes
from controlplane.api.carrier import CarrierRoutes
from controlplane.api.flow import FlowRoutes
from controlplane.api.gate import Gate
from controlplane.control import ControlPlane
from controlplane.node import Node, wall_ms
from controlplane.service.call_flow import CallFlows
from controlplane.service.carrier import Brought, CarrierService
from controlplane.service.directory import MemoryDirectory
from controlplane.service.flow_queue import FlowQueue, reap
from controlplane.service.flow_session import FlowSessions
from edge.directory import Account, AccountId, User
from edge.flow.machine import Program
from edge.journal import CallId


class Peers:
    def __init__(
        self,
        settings: Settings,
        node: Node,
        control: ControlPlane,
        directory: MemoryDirectory,
        flows: CallFlows,
        loop: asyncio.AbstractEventLoop,
        tasks: asyncio.TaskGroup,
        given: Callable[[str, str], None] | None = None,
    ) -> None:
        """Args: given: told (callId, its W3C traceparent) by whoever steps a flow."""
        limits = settings.limits
        self._node = node
        self._control = control
        self._directory = directory
        self._flows = flows
        self._sessions = FlowSessions(
            self._program,
            node.journal,
            limits.flow,
            loop.time,
            wall_ms,
            flows.answers.reply,
            tasks.create_task,
            self._id_of,
            self._queue,
            node.do,
        )
        control.admission.audited = lambda: node.do(self._reap)
        self._carrier = CarrierService(
            directory,
            self._bring,
            flows.fetch,
            lambda: wall_ms(loop.time()) / 1000,
            limits.http.carrier_events,
        )
        self._carrier.take(settings.accounts)
        self._flow_routes = FlowRoutes(self._sessions, limits.http.body_bytes, given)
        self._carrier_routes = CarrierRoutes(self._carrier, limits.http.body_bytes)
        self._bot_routes = AgentSocketRoutes(node.bots, directory.bot_token, limits.media.agent_write_buffer)

    def public(self, gate: Gate) -> Sequence[BaseRoute]:
        return [*self._flow_routes.public(gate), *self._carrier_routes.public(), *self._bot_routes.public()]

    def take(self, accounts: Sequence[section.Account]) -> None:
        """Serve the hooks of these from now on."""
        self._carrier.take(accounts)

    # Inside: what a stepped flow may ask of the node.

    def _program(self, account: AccountId) -> Program | None:
        return None if self._directory.account(account) is None else self._flows.library.program(account)

    def _id_of(self, call: CallId) -> CallId:
        """The id of ours that a call of an outside edge was given, where `/route` admitted it."""
        known = self._control.outside.find(call)
        return call if known is None else known.id

    def _queue(self, call: CallId, account: AccountId, expelled: Callable[[str], None]) -> FlowQueue:
        contacts = self._control.outside.contacts
        return FlowQueue(self._node.switch.acd, self._directory, contacts, call, account, expelled)

    def _reap(self, now: float) -> None:
        switch = self._node.switch
        reap(switch.acd, (switch.calls, self._sessions, switch.callbacks), now)

    def _bring(self, user: User, account: Account, number: str, text: bytes, then: Brought) -> None:
        messages = self._node.switch.messages
        self._node.do(lambda now: messages.bring(user, account, number, text, then, now))
