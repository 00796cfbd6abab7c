"""Which worker carries which leg: commands to the right one, events back, the end of what a dead one carried.

::

    execute(command) ─▶ Fleet ── send(worker, command) ─▶ worker
    emit(event)     ◀─ Fleet ◀─ event(worker, event) ────

The first leg of a call goes to the worker with the least to do, the call's other legs to the same one. Legs
of two calls that meet on two workers are bridged by a `Pair`. Sans-I/O.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from media.outbox import Outbox
from media.port import (
    Allocate,
    Allocated,
    AttachAgent,
    Bridge,
    Command,
    Connect,
    Detach,
    Echo,
    Event,
    LegId,
    Lost,
    Record,
    Recorded,
    Refused,
    Release,
    Released,
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
    worker: int
    call: str
    agent: bool = False
    wide: bool = False
    pair: Pair | None = None

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
            for id_, leg in list(gone.legs.items()):
                self._forget(id_, leg)
                self._outbox.put(Lost(id_, reason))
        return [(leg, path) for path, leg in gone.recordings.items()]

    def execute(self, command: Command) -> None:
        with self._outbox:
            if isinstance(command, Allocate):
                self._allocate(command)
                return
            leg = self._legs.get(command.leg)
            if leg is None:
                return
            match command:
                case Bridge(peer=peer_id):
                    peer = self._legs.get(peer_id)
                    if peer is None or peer is leg:
                        return
                    for side in (leg, peer):
                        self._unjoin(side)
                        self._weigh(side, agent=False)
                    if peer.worker != leg.worker:
                        self._join(leg, peer, command)
                        return
                case Echo() | Detach() | Release():
                    self._unjoin(leg)
                    self._weigh(leg, agent=False)
                case AttachAgent():
                    self._unjoin(leg)
                    self._weigh(leg, agent=True)
                case Connect(codec=codec):
                    self._weigh(leg, wide=codec.name not in PLAIN)
                case Record(path=path):
                    self._workers[leg.worker].recordings[path] = command.leg
                case _:
                    pass
            self._send(leg.worker, command)

    def event(self, worker: int, event: Event) -> None:
        """What a worker tells."""
        with self._outbox:
            if (pair := self._pairs.get(event.leg)) is not None:
                self._of_pair(pair, event)
                return
            match event:
                case Released() | Refused():
                    if (leg := self._legs.get(event.leg)) is not None and leg.worker == worker:
                        self._forget(event.leg, leg)
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
        leg = _Leg(worker, call)
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

    def _forget(self, id_: LegId, leg: _Leg) -> None:
        self._unjoin(leg)
        del self._legs[id_]
        home = self._workers[leg.worker]
        if home.legs.pop(id_, None) is not None:  # None: the worker is a new one
            home.load -= leg.cost
        others = self._calls[leg.call]
        others.remove(leg)
        if not others:
            del self._calls[leg.call]

    def _join(self, leg: _Leg, peer: _Leg, command: Bridge) -> None:
        self._pairs_made += 1
        ends = (leg.worker, command.leg), (peer.worker, command.peer)
        pair = Pair(self._pairs_made, *ends, command.relay_digits)
        leg.pair = peer.pair = pair
        for _, end in pair.ends():
            self._pairs[end] = pair
        for worker, id_ in ends:
            self._send(worker, Detach(id_))
        self._give(pair.open())

    def _of_pair(self, pair: Pair, event: Event) -> None:
        match event:
            case Allocated():
                self._give(pair.allocated(event))
            case Refused():
                # Two callers that cannot hear each other are no call.
                self._end(pair)
                for worker, id_ in (pair.leg, pair.peer):
                    if (leg := self._legs.get(id_)) is not None:
                        self._send(worker, Release(id_))
                        self._forget(id_, leg)
                        self._outbox.put(Lost(id_, NO_PORT))
            case _:
                pass

    def _unjoin(self, leg: _Leg) -> None:
        if leg.pair is not None:
            self._end(leg.pair)

    def _end(self, pair: Pair) -> None:
        for _, end in pair.ends():
            self._pairs.pop(end, None)
        for _, id_ in (pair.leg, pair.peer):
            if (leg := self._legs.get(id_)) is not None and leg.pair is pair:
                leg.pair = None
        self._give(pair.close())

    def _give(self, orders: Orders) -> None:
        for worker, command in orders:
            if self._workers[worker].up:
                self._send(worker, command)
