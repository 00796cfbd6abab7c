"""The control plane of one node, joined: what is asked over HTTP and over the control socket (seed 004)."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

from starlette.routing import BaseRoute

from config.schema import Settings
from controlplane.api.admin import AdminRoutes
from controlplane.api.administration_example import ADMINISTRATION_EXAMPLES
from controlplane.api.cac import CacRoutes
from controlplane.api.call_example import CALL_EXAMPLES
from controlplane.api.callback import CallbackRoutes
from controlplane.api.conference import ConferenceRoutes
from controlplane.api.debug import DebugRoutes
from controlplane.api.example import EXAMPLES
from controlplane.api.gate import Gate
from controlplane.api.media import MediaRoutes
from controlplane.api.openapi import DocsRoutes
from controlplane.api.operations import OPERATIONS
from controlplane.api.outside import OutsideRoutes
from controlplane.api.queue import QueueRoutes
from controlplane.api.queue_agent import AgentRoutes
from controlplane.api.supervision import SupervisionRoutes
from controlplane.node import MEDIA, Node, wall_ms
from controlplane.service.admission import AdmissionService
from controlplane.service.call import CallService
from controlplane.service.callback import CallbackService
from controlplane.service.conference import ConferenceService
from controlplane.service.directory import MemoryDirectory
from controlplane.service.media import MediaService
from controlplane.service.mirror import Mirror
from controlplane.service.outside import OutsideService
from controlplane.service.prompt_catalogue import PromptCatalogue, Saves
from controlplane.service.queue import QueueService
from controlplane.service.queue_agent import AgentService
from controlplane.service.queue_days import QueueDays
from controlplane.service.supervision import SupervisionService
from controlplane.store.store import Store
from edge.acd.native import also_reachable
from edge.directory import AccountId
from edge.outside.calls import OutsideCalls
from edge.outside.proof import Proofs
from edge.outside.registration import OutsideRegistrations
from edge.sip.flow import Flow, Transport
from edge.trunk.health import Health


class ControlPlane:
    def __init__(
        self,
        settings: Settings,
        node: Node,
        store: Store,
        directory: MemoryDirectory,
        calls: CallService,
        speaker: Saves,
        left: Callable[[AccountId, str], object],
        loop: asyncio.AbstractEventLoop,
        mirror: Mirror,
        given: Callable[[str, str], None] | None = None,
    ) -> None:
        """
        Args:
            left: (account, user's number): a message was left.
            mirror: of the media folder.
            given: told (callId, its W3C traceparent) by an outside edge.
        """
        limits = settings.limits.sip
        most = settings.limits.http
        switch = node.switch
        registrations = OutsideRegistrations(limits.outside_calls, limits.contacts_per_aor)
        proofs = Proofs(directory, switch.authenticator, node.shield, limits.outside_calls)
        self.outside = OutsideCalls(
            directory=directory,
            journal=node.journal,
            channels=switch.channels,
            proofs=proofs,
            bindings=switch.registrar.lookup,
            registrations=registrations,
            agenda=switch.agenda,
            limits=limits,
            random=secrets.token_bytes,
            wall=wall_ms,
            trust_from=settings.gates.trust_from,
            prefer=switch.trunks.prefer,
            is_down=lambda trunk: switch.trunks.health(trunk) is Health.DOWN,
        )
        self.admission = AdmissionService(
            switch.admissions, switch.calls, self.outside, directory, node.journal, loop, wall_ms
        )
        self.admission.start()
        service = OutsideService(
            directory,
            proofs,
            self.outside,
            registrations,
            node.do,
            # Addresses that we listen on do not change, and askers are few.
            lru_cache(maxsize=64)(lambda asker: node.listeners.sent_by(_towards(node, asker))),
            wall_ms,
        )
        folder = Path(settings.node.data).absolute() / MEDIA
        media = MediaService(
            folder,
            store,
            directory,
            calls.find,
            lambda: wall_ms(loop.time()),
            most.media_bytes,
            left,
            most.mp3_bytes,
            mirror,
        )
        agents = AgentService(switch.acd, directory, store, node.do, loop.time)
        also_reachable(switch.acd, registrations)
        self._outside = OutsideRoutes(service, agents, most.body_bytes, given)
        self._agents = AgentRoutes(agents, most.body_bytes)
        self._days = QueueDays(switch.acd.ledger, directory, store, loop, wall_ms)
        self._days.start()
        queues = QueueService(switch.acd, directory, loop.time, switch.callbacks.of)
        self._queues = QueueRoutes(queues, self._days)
        self.callbacks = CallbackService(switch.callbacks, switch.acd, directory, node.do, loop.time)
        self._callbacks = CallbackRoutes(self.callbacks)
        self._cac = CacRoutes(self.admission, most.body_bytes)
        self._media = MediaRoutes(media)
        self._admin = AdminRoutes(PromptCatalogue(folder, speaker, mirror))
        self._supervision = SupervisionRoutes(
            SupervisionService(switch.supervisions, node.do), most.body_bytes
        )
        self._monitor = node.monitor
        self._conferences = ConferenceRoutes(
            ConferenceService(switch.conferences, node.do, lambda id: directory.account(id) is not None),
            most.body_bytes,
        )

    def public(self, gate: Gate) -> Sequence[BaseRoute]:
        return [
            *self._outside.public(gate),
            *self._agents.public(gate),
            *self._queues.public(gate),
            *self._callbacks.public(gate),
            *self._cac.public(gate),
            *self._conferences.public(gate),
            *self._supervision.public(gate),
            *DebugRoutes(self._monitor, gate).public(),
            *self._media.public(gate),
            *self._admin.public(gate),
            *DocsRoutes(OPERATIONS, (*EXAMPLES, *CALL_EXAMPLES, *ADMINISTRATION_EXAMPLES)).public(gate),
        ]

    def operator(self) -> Sequence[BaseRoute]:
        parts = (self._cac, self._agents, self._queues, self._callbacks)
        return [route for part in parts for route in part.operator()]

    def close(self) -> None:
        self.admission.stop()
        self._days.stop()


def _towards(node: Node, asker: str) -> Flow:
    """A path of the asker's address family, where we have one."""
    return node.listeners.flow_to(Transport.UDP, asker, 5060) or Flow(Transport.UDP, (asker, 5060))
