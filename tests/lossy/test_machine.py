"""The same by a Hypothesis state machine, which finds the shortest script that leaves something behind."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from edge.sip.answering import AnsweringSession
from edge.sip.session import State
from tests.lossy.script import directory
from tests.support.station import Station, Talk
from tests.support.town import Town

SECONDS = st.sampled_from((0.0, 0.3, 1.0, 4.0, 11.0, 40.0))
NUMBERS = st.sampled_from(("1002", "1003", "1004", "1005", "*43", "7777", "12025550199"))


class Calls(RuleBasedStateMachine):
    """Phones call, answer, change their minds and die, in any order; then everybody hangs up."""

    town: Town

    @initialize(seed=st.integers(0, 2**20), loss=st.sampled_from((0.0, 0.2)))
    def lay_the_wire(self, seed: int, loss: float) -> None:
        self.town = Town(directory(), seed=seed, loss=loss, duplication=loss / 2, delay=(0.005, 0.7))
        self.waiting: list[tuple[Station, AnsweringSession]] = []

        def keep(station: Station, session: AnsweringSession, now: float) -> None:
            self.waiting.append((station, session))

        numbers = ("1001", "1002", "1002b", "1003", "1004", "1005", "1005b")
        for n, number in enumerate(numbers):
            station = self.town.station(number, f"127.0.0.{11 + n}", keep)
            station.updates = bool(n % 2)
            station.register(self.town.now, 86_400)
        for n in (21, 22):
            self.town.station("trunk", f"127.0.0.{n}", keep)
        self.town.run(20.0)

    @rule(number=NUMBERS, caller=st.sampled_from((11, 12, 14)), offer=st.booleans(), reliable=st.booleans())
    def dial(self, number: str, caller: int, offer: bool, reliable: bool) -> None:
        if len(self.town.bench.switch.calls) < 4:
            headers = (("Require", "100rel"),) if reliable else ()
            self.town.stations[f"127.0.0.{caller}", 5060].dial(
                number, self.town.now, offer=offer, headers=headers
            )

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), status=st.sampled_from((180, 183, 183, 200, 200, 200, 302, 486, 503, 603)))
    def answer(self, data: Any, status: int) -> None:
        station, session = data.draw(st.sampled_from(self.waiting), label="who is called")
        now = self.town.now
        if status < 200:
            session.progress(status, station.sdp() if status == 183 and session.offer else b"", now)
        elif status == 200:
            session.accept(station.sdp(), now)
        else:
            contact = (("Contact", "<sip:1004@demo.local>"),) if status == 302 else ()
            session.reject(status, now, contact)
        station.settle(now)

    @precondition(lambda self: self.talks())
    @rule(data=st.data(), verb=st.sampled_from(("bye", "hold", "update", "transfer", "info", "die")))
    def act(self, data: Any, verb: str) -> None:
        station, talk = data.draw(st.sampled_from(self.talks()), label="whose call")
        now = self.town.now
        match verb:
            case "bye":
                station.hang_up(talk, now)
            case "hold":
                station.inside(talk, "INVITE", now, body=station.sdp("sendonly", 2))
            case "update":
                station.inside(talk, "UPDATE", now, body=station.sdp("sendrecv", 3))
            case "transfer":
                station.inside(talk, "REFER", now, headers=(("Refer-To", "<sip:1003@demo.local>"),))
            case "info":
                station.inside(talk, "INFO", now)
            case "die":
                station.dead = True

    @rule(seconds=SECONDS)
    def wait(self, seconds: float) -> None:
        self.town.run(seconds)

    def teardown(self) -> None:
        if not hasattr(self, "town"):
            return
        for _ in range(3):
            for station, talk in self.talks():
                station.hang_up(talk, self.town.now)
            self.town.silence()
            self.town.run(66.0)
        self.town.run(3_700.0)
        assert self.town.left() == {}
        opened = {call.id for call in self.town.bench.journal.calls}
        closed = [cdr.id for cdr in self.town.bench.journal.cdrs]
        assert len(set(closed)) == len(closed) and opened <= set(closed)

    def talks(self) -> list[tuple[Station, Talk]]:
        return [
            (station, talk)
            for station in self.town.stations.values()
            for talk in station.talks
            if talk.session.state is not State.ENDED and not station.dead
        ]


TestCalls = Calls.TestCase
TestCalls.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
