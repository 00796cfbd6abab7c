"""Who hears whom: echo, bridge, AI agent, or room; a leg has one of them, or hears nothing."""

from collections.abc import Callable
from typing import Protocol, assert_never

from media.conference import Rooms
from media.frame import GROUPS
from media.leg import Leg, LegTable
from media.port import (
    Adjust,
    AttachAgent,
    Bridge,
    ChangeRole,
    Detach,
    Echo,
    Event,
    Join,
    Joined,
    Role,
)

QUIETEST_DB = -40.0
LOUDEST_DB = 20.0

Joining = Echo | Bridge | AttachAgent | Join | ChangeRole | Adjust | Detach


class Attaches(Protocol):
    def attach(self, slot: int, command: AttachAgent, now: float) -> None: ...
    def detach(self, slot: int, now: float) -> None: ...


class Resets(Protocol):
    def reset(self, slot: int) -> None: ...


class Joints:
    def __init__(
        self, table: LegTable, voice: Resets, agents: Attaches, rooms: Rooms, emit: Callable[[Event], None]
    ) -> None:
        self._table = table
        self._voice = voice
        self._agents = agents
        self._rooms = rooms
        self._emit = emit

    def execute(self, leg: Leg, command: Joining, now: float) -> None:
        columns = self._table.columns
        match command:
            case Echo():
                self.part(leg, now)
                self._hear(leg, leg)
            case Bridge(peer=peer_id, relay_digits=relay):
                peer = self._table.find(peer_id)
                if peer is not None and peer is not leg:
                    self._bridge(leg, peer, relay, now)
            case AttachAgent():
                self.part(leg, now)
                columns.agent[leg.slot] = True
                self.listen(leg)
                self._table.changed()
                self._agents.attach(leg.slot, command, now)
            case Join():
                self._join(leg, command, now)
            case ChangeRole(role=role):
                if columns.room[leg.slot] >= 0:
                    self._rooms.change(leg.slot, role, self._only(leg, role))
                    self._table.changed()
            case Adjust(gain_db=gain, muted=muted):
                factor = 0.0 if muted else 10 ** (min(max(gain, QUIETEST_DB), LOUDEST_DB) / 20)
                columns.volume_to[leg.slot] = factor
                self._table.changed()
            case Detach():
                self.part(leg, now)
            case _:
                assert_never(command)

    def listen(self, leg: Leg) -> None:
        """Look for voice activity on the leg, if anybody wants to know."""
        columns = self._table.columns
        wanted = leg.vad or bool(columns.agent[leg.slot]) or bool(columns.room[leg.slot] >= 0)
        if wanted and not columns.listened[leg.slot]:
            self._voice.reset(leg.slot)
        columns.listened[leg.slot] = wanted

    def part(self, leg: Leg, now: float) -> None:
        """Undo echo, bridge, agent or room."""
        columns = self._table.columns
        if columns.agent[leg.slot]:
            columns.agent[leg.slot] = False
            self._agents.detach(leg.slot, now)
            self.listen(leg)
        if columns.room[leg.slot] >= 0:
            self._rooms.leave(leg.slot)
            self.listen(leg)
        for side in (leg, leg.peer):
            if side is not None:
                columns.source[side.slot] = -1
                columns.marker[side.slot] = True
                side.peer = None
        self._table.changed()

    def _hear(self, leg: Leg, source: Leg) -> None:
        self._table.columns.source[leg.slot] = source.slot
        self._table.changed()

    def _bridge(self, leg: Leg, peer: Leg, relay: bool, now: float) -> None:
        self.part(leg, now)
        self.part(peer, now)
        leg.peer, peer.peer = peer, leg
        leg.relays_digits = peer.relays_digits = relay
        self._hear(leg, peer)
        self._hear(peer, leg)

    def _join(self, leg: Leg, command: Join, now: float) -> None:
        columns, partner = self._table.columns, leg.peer
        joining = [(leg, command.role)]
        if partner is not None and command.partner:
            joining.append((partner, Role()))
        else:
            partner = None
        marked = columns.marker[[side.slot for side, _ in joining]]
        beats = [int(columns.group[(side.peer or side).slot]) for side, _ in joining]
        self.part(leg, now)
        if partner is not None:
            # The streams go on as they were.
            columns.marker[[side.slot for side, _ in joining]] = marked
        for (side, role), beat in zip(joining, beats, strict=True):
            members = self._rooms.enter(
                side.slot,
                command.room,
                role,
                self._only(side, role),
                beat=beat % GROUPS,
                seamless=partner is not None,
                chimes=command.chimes,
            )
            self._table.trust(side.slot)
            self.listen(side)
            self._emit(Joined(side.id, command.room, members))
        self._table.changed()

    def _only(self, leg: Leg, role: Role) -> int:
        """Slot of the member that alone hears the leg; -1 is none."""
        only = self._table.find(role.only) if role.only is not None else None
        return only.slot if only is not None and only is not leg else -1
