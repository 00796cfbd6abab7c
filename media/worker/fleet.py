"""Which worker carries which leg: commands to the right one, events back, the end of what a dead one carried.

::

    execute(command) ─▶ Fleet ── send(worker, command) ─▶ worker
    emit(event)     ◀─ Fleet ◀─ event(worker, event) ────

The first leg of a call goes to the worker with the least to do, the call's other legs to the same one. Legs
of two calls that meet on two workers are bridged by a `Pair`. Sans-I/O.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from media.outbox import Outbox
from media.port import (
    Allocate,
    Allocated,
    AttachAgent,
    Bridge,
    ChangeRole,
    Command,
    Connect,
    Detach,
    Echo,
    Event,
    Join,
    Joined,
    LegId,
    Lost,
    Record,
    Recorded,
    Refused,
    Release,
    Released,
    Role,
    RoomId,
)
from media.worker.pair import PREFIX, Orders, Pair

AGENT_COST: Final = 4
"An agent's socket, in legs (`scripts/bench`)."
WIDE_COST: Final = 4
"The coders of a codec that is not G.711, in legs."
PLAIN: Final = ("pcmu", "pcma")
NO_PORT: Final = "no_rtp_port"
"Why two callers that a pair should bridge are lost."


@dataclass(slots=True, eq=False)
class _Leg:
    id: LegId
    worker: int
    call: str
    agent: bool = False
    wide: bool = False
    peer: "_Leg | None" = None
    join: Join | None = None
    "Of the room that it is in, with its latest role."
    pair: Pair | None = None
    "Through which it meets its peer or its room; both legs of a bridge name the same."

    @property
    def cost(self) -> int:
        return 1 + AGENT_COST * self.agent + WIDE_COST * self.wide


@dataclass(slots=True)
class _Worker:
    up: bool = False
    load: int = 0
    "In plain legs."
    legs: dict[LegId, _Leg] = field(default_factory=dict)
    recordings: dict[str, LegId] = field(default_factory=dict)
    "By path, until `Recorded`."


@dataclass(slots=True)
class _Room:
    worker: int
    members: list[_Leg] = field(default_factory=list)


class Fleet:
    def __init__(
        self,
        count: int,
        call_of: Callable[[LegId], str],
        send: Callable[[int, Command], None],
        emit: Callable[[Event], None],
    ) -> None:
        """
        Args:
            call_of: names the call of a leg.
            send: gives one worker a command.
        """
        self._call_of = call_of
        self._send = send
        self._outbox = Outbox(emit)
        self._workers = [_Worker() for _ in range(count)]
        self._legs: dict[LegId, _Leg] = {}
        self._calls: dict[str, list[_Leg]] = {}
        self._rooms: dict[RoomId, _Room] = {}
        self._pairs: dict[LegId, Pair] = {}  # by the ids of their own legs
        self._pairs_made = 0

    def legs(self) -> list[LegId]:
        """Every leg, those of pairs left out."""
        return list(self._legs)

    def load(self, worker: int) -> int:
        """What a worker carries, in plain legs."""
        return self._workers[worker].load

    def up(self, worker: int) -> None:
        """The worker takes commands; it knows no leg yet."""
        self._workers[worker].up = True

    def down(self, worker: int, reason: str) -> list[tuple[LegId, str]]:
        """The worker has gone, and all its legs with it.

        Returns: its unfinished recordings as (leg, path); the caller answers with their `Recorded`.
        """
        gone = self._workers[worker]
        self._workers[worker] = _Worker()
        with self._outbox:
            rooms = [room for room in self._rooms.values() if room.worker == worker]
            apart = [leg for room in rooms for leg in room.members if leg.worker != worker]
            for leg in list(gone.legs.values()):
                self._forget(leg)
                self._outbox.put(Lost(leg.id, reason))
            # Members on other workers find each other again in a room there.
            again = [leg.join for leg in apart if leg.join is not None]
            for leg in apart:
                self._part(leg)
            for join in again:
                self._execute(self._legs[join.leg], replace(join, partner=False))
        return [(leg, path) for path, leg in gone.recordings.items()]

    def execute(self, command: Command) -> None:
        with self._outbox:
            if isinstance(command, Allocate):
                self._allocate(command)
            elif (leg := self._legs.get(command.leg)) is not None:
                self._execute(leg, command)

    def event(self, worker: int, event: Event) -> None:
        """What a worker tells."""
        with self._outbox:
            if (pair := self._pairs.get(event.leg)) is not None:
                self._of_pair(pair, event)
                return
            match event:
                case Released() | Refused():
                    if (leg := self._legs.get(event.leg)) is not None and leg.worker == worker:
                        self._forget(leg)
                case Recorded(path=path):
                    self._workers[worker].recordings.pop(path, None)
                case _:
                    pass
            if not event.leg.startswith(PREFIX):
                self._outbox.put(event)

    def recorded(self, event: Recorded) -> None:
        """What became of a recording whose worker has gone."""
        self._outbox.put(event)

    # Inside.

    def _execute(self, leg: _Leg, command: Command) -> None:
        match command:
            case Bridge(peer=peer_id):
                peer = self._legs.get(peer_id)
                if peer is None or peer is leg:
                    return
                for side in (leg, peer):
                    self._part(side)
                leg.peer, peer.peer = peer, leg
                if peer.worker != leg.worker:
                    self._send(peer.worker, Detach(peer_id))
                    self._reach(leg, peer.worker, command)
                    peer.pair = leg.pair
                    return
            case Join():
                self._enter(leg, command)
                return
            case ChangeRole(role=role):
                self._change_role(leg, role)
                return
            case Echo() | Detach() | Release():
                self._part(leg)
            case AttachAgent():
                self._part(leg)
                self._weigh(leg, agent=True)
            case Connect(codec=codec):
                self._weigh(leg, wide=codec.name not in PLAIN)
            case Record(path=path):
                self._workers[leg.worker].recordings[path] = command.leg
            case _:
                pass
        self._send(leg.worker, command)

    def _part(self, leg: _Leg) -> None:
        """Echo, bridge, agent and room of the leg are over, as far as they are known here."""
        if leg.pair is not None:
            self._end(leg, leg.pair)
        self._weigh(leg, agent=False)
        peer, leg.peer = leg.peer, None
        if peer is not None:
            peer.peer = None
        if leg.join is not None:
            room = self._rooms[leg.join.room]
            room.members.remove(leg)
            if not room.members:
                del self._rooms[leg.join.room]
            leg.join = None

    # Rooms: each is mixed by the worker of its first member.

    def _enter(self, leg: _Leg, command: Join) -> None:
        partner = leg.peer if command.partner else None
        room = self._rooms.get(command.room) or _Room(leg.worker)
        agent = command.partner and leg.agent
        if agent and room.worker != leg.worker:
            return  # its agent would not come along
        together = partner is not None and partner.worker == leg.worker == room.worker
        joining = [(leg, command)]
        if partner is not None:
            joining.append((partner, Join(partner.id, command.room, chimes=command.chimes)))
        for side, join in joining:
            self._part(side)
            # A room that its last member has just left goes on with its next.
            self._rooms[command.room] = room
            room.members.append(side)
            side.join = join
            if together:
                continue
            if side.worker == room.worker:
                first = join.partner and partner is None  # somebody may be given to it later
                self._send(side.worker, replace(join, role=self._role(join.role), partner=first))
            else:
                self._reach(side, room.worker, replace(join, role=self._role(join.role)))
        self._weigh(leg, agent=agent)
        if together:
            self._send(leg.worker, replace(command, role=self._role(command.role)))

    def _change_role(self, leg: _Leg, role: Role) -> None:
        if leg.join is None:
            return
        leg.join = replace(leg.join, role=role)
        mapped = self._role(role)
        if leg.pair is None:
            self._send(leg.worker, ChangeRole(leg.id, mapped))
        else:
            self._give(leg.pair.change(mapped))

    def _role(self, role: Role) -> Role:
        """As the room's worker knows it: who hears alone may be there by the far end of a pair."""
        only = self._legs.get(role.only) if role.only is not None else None
        return role if only is None or only.pair is None else replace(role, only=only.pair.far)

    def _allocate(self, command: Allocate) -> None:
        if command.leg in self._legs:
            self._outbox.put(Refused(command.leg, "the leg exists already"))
            return
        call = self._call_of(command.leg)
        others = self._calls.get(call)
        worker = others[0].worker if others else self._idlest()
        if worker is None:
            self._outbox.put(Refused(command.leg, "no audio worker runs at this moment"))
            return
        leg = _Leg(command.leg, worker, call)
        self._legs[command.leg] = self._workers[worker].legs[command.leg] = leg
        self._calls.setdefault(call, []).append(leg)
        self._workers[worker].load += leg.cost
        self._send(worker, command)

    def _idlest(self) -> int | None:
        running = [index for index, worker in enumerate(self._workers) if worker.up]
        return min(running, key=lambda index: self._workers[index].load, default=None)

    def _weigh(self, leg: _Leg, *, agent: bool | None = None, wide: bool | None = None) -> None:
        before = leg.cost
        leg.agent = leg.agent if agent is None else agent
        leg.wide = leg.wide if wide is None else wide
        self._workers[leg.worker].load += leg.cost - before

    def _forget(self, leg: _Leg) -> None:
        self._part(leg)
        del self._legs[leg.id]
        home = self._workers[leg.worker]
        if home.legs.pop(leg.id, None) is not None:  # None: the worker is a new one
            home.load -= leg.cost
        others = self._calls[leg.call]
        others.remove(leg)
        if not others:
            del self._calls[leg.call]

    def _reach(self, leg: _Leg, there: int, meets: Bridge | Join) -> None:
        """Make a pair from the leg to what it meets on worker `there`."""
        self._pairs_made += 1
        pair = Pair(self._pairs_made, (leg.worker, leg.id), there, meets)
        leg.pair = pair
        for _, end in pair.ends():
            self._pairs[end] = pair
        self._send(leg.worker, Detach(leg.id))
        self._give(pair.open())

    def _of_pair(self, pair: Pair, event: Event) -> None:
        match event:
            case Allocated():
                self._give(pair.allocated(event))
            case Joined(room=room, members=members) if event.leg == pair.far:
                self._outbox.put(Joined(pair.leg[1], room, members))
            case Refused():
                # Callers that cannot hear what they were to meet are no call.
                leg = self._legs[pair.leg[1]]
                meant = [leg] if leg.peer is None else [leg, leg.peer]
                for side in meant:
                    self._send(side.worker, Release(side.id))
                    self._forget(side)
                    self._outbox.put(Lost(side.id, NO_PORT))
            case _:
                pass

    def _end(self, leg: _Leg, pair: Pair) -> None:
        for _, end in pair.ends():
            self._pairs.pop(end, None)
        leg.pair = None
        if leg.peer is not None:
            leg.peer.pair = None
        self._give(pair.close())

    def _give(self, orders: Orders) -> None:
        for worker, command in orders:
            if self._workers[worker].up:
                self._send(worker, command)
