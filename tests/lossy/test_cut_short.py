"""Bridged calls cut short at every message: it and its copies never come, or its phone loses power with it.

A fork to three phones of which two answer at once, and a list of two trunks of which the first cannot serve;
each ended by either side, or given up while it rings and as it is answered. Whatever is cut: once timers
have run and audio has told of the silence, nothing is left, and there is one CDR.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from edge.sip.answering import AnsweringSession
from edge.sip.session import State
from tests.lossy.script import LINGER
from tests.support.directory import FakeDirectory
from tests.support.station import Station
from tests.support.town import Town
from tests.support.wire import LossyWire

RING, ANSWER, OVER = 1.0, 3.0, 8.0
"Since the INVITE came; since the call began [s]."
GIVEN_UP = {"while it rings": -1.0, "as a phone answers": -0.005, "as the caller is told": 0.005}
"How: since the callee has answered [s]; each way takes 10 ms."


@dataclass
class Cut:
    """What becomes of the `at`-th message; the wire counts from the INVITE on."""

    at: int
    dies: bool
    seen: int = 0
    lost: set[bytes] = field(default_factory=set)


class CutWire(LossyWire):
    cut = Cut(-1, dies=False)

    def carry(self, data: bytes, deliver: Callable[[bytes], object], end: object = None) -> None:
        cut = self.cut
        if cut.seen == cut.at and cut.dies:
            assert isinstance(end, Station), "every message has a station at one end"
            end.dead = True
        elif cut.seen == cut.at:
            cut.lost.add(data)
        cut.seen += 1
        if data not in cut.lost:
            super().carry(data, deliver)


def directory() -> FakeDirectory:
    made = FakeDirectory()
    made.add_user("1001")
    made.add_user("1002", "1002", "1002b", "1002c")
    made.add_trunk("first", "sip:127.0.0.21:5060")
    made.add_trunk("second", "sip:127.0.0.22:5060", default=True)
    made.routes["1202"] = ["first", "second"]
    return made


class Scene:
    """One call and its end."""

    def __init__(self, number: str, how: str, cut: Cut) -> None:
        self.town = town = Town(directory())
        town.wire = self.wire = CutWire(town.clock, 0)
        self.caller = town.station("1001", "127.0.0.11")
        self.called = [
            town.station(name, f"127.0.0.{host}", self._picks_up)
            for name, host in (("1002", 12), ("1002b", 13), ("1002c", 14), ("trunk", 21), ("trunk", 22))
        ]
        for phone in (self.caller, *self.called[:3]):
            phone.register(town.now, 86_400)
        town.run(40.0)
        self.wire.cut = cut
        self.given_up = GIVEN_UP.get(how)
        self.caller.dial(number, town.now)
        if self.given_up is None:
            town.at(OVER, lambda: self._hang_up([self.caller] if how == "by the caller" else self.called))
        town.run(12.0)

    def left(self) -> dict[str, int]:
        """Everybody who is still there hangs up, and time passes."""
        town = self.town
        for _ in range(3):
            self._hang_up([*self.called, self.caller])
            town.silence()
            town.run(2 * LINGER)
        left = town.left()
        opened = [call.id for call in town.bench.journal.calls]
        closed = [cdr.id for cdr in town.bench.journal.cdrs]
        if len(opened) > 1 or not set(opened) <= set(closed) or len(set(closed)) != len(closed):
            left["records"] = len(closed) - len(opened)
        return left

    # Inside.

    def _hang_up(self, stations: list[Station]) -> None:
        for station in stations:
            for talk in station.talks:
                if talk.session.state is not State.ENDED:
                    station.hang_up(talk, self.town.now)

    def _picks_up(self, station: Station, session: AnsweringSession, now: float) -> None:
        town = self.town

        def rings() -> None:
            session.progress(180, b"", town.now)
            station.settle(town.now)

        def decides() -> None:
            if station.host.endswith(".21"):
                session.reject(503, town.now)
            elif not station.host.endswith(".14"):
                session.accept(station.sdp(), town.now)
            station.settle(town.now)

        town.at(RING, rings)
        if self.given_up is not None and not station.host.endswith(".21"):
            town.at(ANSWER + self.given_up, lambda: self._hang_up([self.caller]))
        town.at(RING if station.host.endswith(".21") else ANSWER, decides)


@pytest.mark.parametrize("how", ["by the caller", "by the callee", *GIVEN_UP])
@pytest.mark.parametrize("number", ["1002", "12025550199"], ids=["forked", "failover"])
def test_nothing_is_left_wherever_a_bridged_call_is_cut(number: str, how: str) -> None:
    whole = Cut(-1, dies=False)
    assert Scene(number, how, whole).left() == {}
    for at in range(whole.seen):
        for dies in (False, True):
            assert Scene(number, how, Cut(at, dies)).left() == {}, f"message {at}, {dies=}"
