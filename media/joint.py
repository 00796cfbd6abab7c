"""Who hears whom: echo, bridge, AI agent, or room; a leg has one of them, or hears nothing."""

from collections.abc import Callable
from typing import Protocol, assert_never

from media.conference import Rooms
from media.frame import Mask
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
    RoomId,
    SpeechStopped,
)

QUIETEST_DB = -40.0
LOUDEST_DB = 20.0

Joining = Echo | Bridge | AttachAgent | Join | ChangeRole | Adjust | Detach


class Attaches(Protocol):
    def attach(self, slot: int, command: AttachAgent, now: float) -> None: ...
    def detach(self, slot: int, now: float) -> None: ...


class Detects(Protocol):
    @property
    def speaking(self) -> Mask: ...
    def reset(self, slot: int) -> None: ...


class Joints:
    def __init__(
        self,
        table: LegTable,
        voice: Detects,
        talkers: Detects,
        agents: Attaches,
        rooms: Rooms,
        emit: Callable[[Event], None],
    ) -> None:
        """Args: talkers: in the place of `voice` for members of rooms of whom nobody asks more."""
        self._table = table
        self._voice = voice
        self._talkers = talkers
        self._agents = agents
        self._rooms = rooms
        self._emit = emit

    def execute(self, leg: Leg, command: Joining, now: float) -> None:
        columns = self._table.columns
        match command:
            case Echo():
                self.part(leg, now)
                self._hear(leg, leg, now)
            case Bridge(peer=peer_id, relay_digits=relay):
                peer = self._table.find(peer_id)
                if peer is not None and peer is not leg:
                    self._bridge(leg, peer, relay, now)
            case AttachAgent():
                meets = leg.meets
                self.part(leg, now)
                columns.agent[leg.slot] = True
                if meets is not None:
                    self._overhear(leg, meets, now, wanted=meets in self._rooms)
                self.listen(leg, now)
                self._table.changed()
                self._agents.attach(leg.slot, command, now)
            case Join(room=room):
                if command.partner and columns.agent[leg.slot]:
                    self._overhear(leg, room, now, wanted=True)
                else:
                    self._join(leg, command, now)
            case ChangeRole(role=role):
                if columns.room[leg.slot] >= 0:
                    self._rooms.change(leg.slot, role, self._only(leg, role))
                    self._table.changed()
            case Adjust(gain_db=gain, muted=muted):
                leg.gain = 0.0 if muted else 10 ** (min(max(gain, QUIETEST_DB), LOUDEST_DB) / 20)
                self._table.scale(leg)
                self._table.changed()
            case Detach():
                # Whom it is bridged to next is still for those to hear who supervise it.
                meets = leg.meets
                self.part(leg, now)
                leg.meets = meets
            case _:
                assert_never(command)

    def listen(self, leg: Leg, now: float) -> None:
        """Look for voice activity on the leg, if anybody wants to know."""
        columns = self._table.columns
        slot = leg.slot
        roomed = columns.room[slot] >= 0
        if not (leg.vad or roomed or columns.agent[slot] or columns.listened[slot] or columns.noticed[slot]):
            return  # nobody does, nor did
        relayed = columns.source[slot] >= 0
        wanted = bool(columns.agent[slot] or (leg.vad and not roomed and not relayed))
        noticed = bool(roomed and not wanted)
        for detector, chosen, before in (
            (self._voice, wanted, columns.listened),
            (self._talkers, noticed, columns.noticed),
        ):
            if chosen and not before[slot]:
                detector.reset(slot)
            elif before[slot] and not chosen and detector.speaking[slot]:
                self._emit(SpeechStopped(leg.id, now))
            before[slot] = chosen

    def part(self, leg: Leg, now: float) -> None:
        """Undo echo, bridge, agent or room."""
        columns = self._table.columns
        joined = leg.peer is not None or columns.source[leg.slot] >= 0
        if columns.agent[leg.slot]:
            joined = True
            columns.agent[leg.slot] = False
            self._agents.detach(leg.slot, now)
            self.listen(leg, now)
        if columns.room[leg.slot] >= 0:
            joined = True
            self._leave(leg, now)
        leg.meets = None
        if not joined:
            columns.marker[leg.slot] = True
            return
        for side in (leg, leg.peer):
            if side is not None:
                columns.source[side.slot] = -1
                columns.marker[side.slot] = True
                side.peer = None
                self.listen(side, now)
        self._table.changed()

    def _leave(self, leg: Leg, now: float) -> None:
        """Leave the room; an agent whom nobody else is there to hear is heard no more."""
        alone = self._rooms.leave(leg.slot)
        self._table.tape(leg)
        self.listen(leg, now)
        if alone >= 0 and self._table.overheard(alone):
            self._leave(self._table.at(alone), now)

    def _overhear(self, leg: Leg, room: RoomId, now: float, *, wanted: bool) -> None:
        """The agent is the leg's partner: it stays, and the room hears both. Args: wanted: now already."""
        if leg.meets != room and self._table.columns.room[leg.slot] >= 0:
            self._leave(leg, now)
        leg.meets = room
        if wanted and self._table.columns.room[leg.slot] < 0:
            self._enter(leg, room, Role(), int(self._table.columns.group[leg.slot]), now)
            self._table.tape(leg)

    def _hear(self, leg: Leg, source: Leg, now: float) -> None:
        self._table.columns.source[leg.slot] = source.slot
        self.listen(leg, now)
        self._table.changed()

    def _bridge(self, leg: Leg, peer: Leg, relay: bool, now: float) -> None:
        for stays, comes in ((leg, peer), (peer, leg)):
            if stays.meets is not None:
                room, columns = stays.meets, self._table.columns
                for side in (stays, comes):
                    if side.meets != room or columns.room[side.slot] < 0 or columns.agent[side.slot]:
                        self.part(side, now)
                        self._enter(side, room, Role(), int(columns.group[comes.slot]), now)
                self._pair(stays, comes, relay, room)
                return
        self.part(leg, now)
        self.part(peer, now)
        self._pair(leg, peer, relay, None)
        self._hear(leg, peer, now)
        self._hear(peer, leg, now)

    def _pair(self, leg: Leg, peer: Leg, relay: bool, room: RoomId | None) -> None:
        for former in (leg.peer, peer.peer):
            if former is not None:
                former.peer = None
        leg.peer, peer.peer = peer, leg
        leg.relays_digits = peer.relays_digits = relay
        leg.meets = peer.meets = room

    def _join(self, leg: Leg, command: Join, now: float) -> None:
        columns, partner = self._table.columns, leg.peer
        if leg.meets == command.room and command.partner:
            return
        joining = [(leg, command.role)]
        if partner is not None and command.partner:
            joining.append((partner, Role()))
        else:
            partner = None
        marked = columns.marker[[side.slot for side, _ in joining]]
        beats = [int(columns.group[(side.peer or side).slot]) for side, _ in joining]
        for side, _ in joining:
            self.part(side, now)
        if partner is not None:
            # The streams go on as they were.
            columns.marker[[side.slot for side, _ in joining]] = marked
        for (side, role), beat in zip(joining, beats, strict=True):
            seamless = partner is not None
            self._enter(side, command.room, role, beat, now, seamless=seamless, chimes=command.chimes)
        if partner is not None:
            self._pair(leg, partner, leg.relays_digits, command.room)
        elif command.partner:
            leg.meets = command.room

    def _enter(
        self,
        leg: Leg,
        room: RoomId,
        role: Role,
        beat: int,
        now: float,
        *,
        seamless: bool = False,
        chimes: bool = False,
    ) -> None:
        members = self._rooms.enter(
            leg.slot, room, role, self._only(leg, role), beat=beat, seamless=seamless, chimes=chimes
        )
        self._table.phases.trust(leg.slot)
        self.listen(leg, now)
        self._table.changed()
        self._emit(Joined(leg.id, room, members))

    def _only(self, leg: Leg, role: Role) -> int:
        """Slot of the member that alone hears the leg; -1 is none."""
        only = self._table.find(role.only) if role.only is not None else None
        return only.slot if only is not None and only is not leg else -1
