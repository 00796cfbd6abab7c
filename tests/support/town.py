"""A switch and stations of our own stack on one hand clock, with a wire between them that may lose much."""

from collections.abc import Callable
from random import Random

from config.security import Security
from edge.sip.answering import AnsweringSession
from edge.sip.flow import Flow, Transport
from media import port
from tests.support.clock import HandClock
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench
from tests.support.station import Station
from tests.support.wire import LossyWire

UNGUARDED = Security(allow=("127.0.0.0/8",))
"A lossy wire is no attack."


class Town:
    """Args: loss, duplication: of one message; delay: shortest and longest [s], wide enough to reorder."""

    def __init__(
        self,
        directory: FakeDirectory,
        *,
        seed: int = 0,
        loss: float = 0.0,
        duplication: float = 0.0,
        delay: tuple[float, float] = (0.01, 0.01),
    ) -> None:
        self.clock = HandClock(1_000.0)
        self.bench = Bench(directory, security=UNGUARDED)
        self.wire = LossyWire(self.clock, seed, loss=loss, duplication=duplication, delay=delay)
        self.random = Random(seed)
        self.stations: dict[tuple[str, int], Station] = {}

    @property
    def now(self) -> float:
        return self.clock.time()

    def station(
        self,
        number: str,
        host: str,
        answering: Callable[[Station, AnsweringSession, float], None] | None = None,
        **more: int,
    ) -> Station:
        station: Station

        def send(data: bytes) -> None:
            self.wire.carry(data, lambda copy: self._arrive(copy, station), station)

        station = Station(number, host, send, answering=answering, **more)
        self.stations[station.source] = station
        return station

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        """Do `act` so many seconds from now."""

        def acting() -> None:
            act()
            self.carry()

        self.clock.call_at(self.now + seconds, acting)

    def run(self, seconds: float) -> None:
        """Turn the clock, stopping at every deadline of everybody."""
        until = self.now + seconds
        while True:
            at = min((at for at in self._deadlines() if at is not None), default=until + 1)
            if at > until:
                break
            self.clock.advance_to(max(at, self.now))
            self.bench.now = self.now
            switch_at = self.bench.switch.next_timer_at()
            if switch_at is not None and switch_at <= self.now:
                self.bench.switch.handle_timer(self.now)
            for station in self.stations.values():
                due = station.next_timer_at()
                if due is not None and due <= self.now:
                    station.handle_timer(self.now)
            self.carry()
        self.clock.advance_to(until)
        self.bench.now = self.now

    def carry(self) -> None:
        """Put on the wire what the switch has to say."""
        self.bench.now = self.now
        self.bench.drain()
        for message, flow in self.bench.take():
            station = self.stations.get(flow.remote)
            if station is not None:
                self.wire.carry(message.wire(), lambda data, to=station: to.receive(data, self.now), station)

    def silence(self) -> None:
        """Audio tells of every call that nobody speaks any more."""
        for call in tuple(self.bench.switch.calls.values()):
            self.bench.switch.media_events([port.Silent(call.leg.id, 60.0)], self.now)
        self.carry()

    def left(self) -> dict[str, int]:
        """What there still is of calls; registrations aside."""
        switch, bench = self.bench.switch, self.bench
        counts = {
            "calls": len(switch.calls),
            "sessions": switch.sessions,
            "admissions": len(switch.admissions),
            "timers": len(switch.agenda),
            "transactions": len(switch.layer),
            "legs": len(bench.legs),
            "subscriptions": len(switch.subscriptions),
            "lines": len(switch.subscriptions.lines),
        }
        for station in self.stations.values():
            counts[f"{station.number} at {station.host}"] = 0 if station.quiet or station.dead else 1
        return {what: count for what, count in counts.items() if count}

    def _arrive(self, data: bytes, station: Station) -> None:
        self.bench.now = self.now
        self.bench.switch.receive([(data, Flow(Transport.UDP, station.source))], self.now)
        self.carry()

    def _deadlines(self) -> list[float | None]:
        queue = self.clock.next_at()
        return [
            queue,
            self.bench.switch.next_timer_at(),
            *(station.next_timer_at() for station in self.stations.values()),
        ]
