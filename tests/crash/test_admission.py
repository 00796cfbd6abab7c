"""Calls of outside edges and of our own door, with ends that never come and a brain that dies, in any order.

Whatever happens, a counter is the number of live calls that took it, a call gives back exactly what it
took, and each admitted call ends with one CDR (S004-28, S004-43, S004-60, S004-61).
"""

from collections import Counter
from dataclasses import dataclass

import structlog
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge.journal import Cdr
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone
from tests.support.outside import Outside

DID = "12025550123"
PSTN = "14155550100"
CARRIER = ("trunk", "tr_carrier")
NAMES = st.sampled_from([f"c{n}" for n in range(6)])
CALLS = st.sampled_from(
    (
        ("carrier", DID, (("account_in", "acc_demo"), ("did", f"did_{DID}"), CARRIER)),
        ("1001", "1002", (("user", "us_1001"), ("user", "us_1002"))),
        ("1002", PSTN, (("account_out", "acc_demo"), ("user", "us_1002"), CARRIER)),
    )
)
LIMITS = {
    ("account_in", "acc_demo"): 2,
    ("account_out", "acc_demo"): 1,
    ("did", f"did_{DID}"): 1,
    ("user", "us_1001"): 2,
    ("user", "us_1002"): 2,
    CARRIER: 2,
}
Taken = tuple[tuple[str, str], ...]


@dataclass
class Model:
    """One live call."""

    taken: Taken
    rtjson: dict[str, object]
    deadline: float


def directory() -> FakeDirectory:
    made = FakeDirectory(max_in=2, max_out=1)
    made.add_user("1001", max_simultaneous=2)
    made.add_user("1002", max_simultaneous=2)
    made.add_did(DID, "flow", "reception", max_channels=1)
    made.add_trunk("carrier", ip="192.0.2.10", max_channels=2, default=True)
    return made


class AdmissionMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.admitted = 0
        self.cdrs: list[Cdr] = []
        self.now = 1_000.0
        self.begin()

    def begin(self) -> None:
        """A daemon as it comes up: it remembers no call."""
        self.outside = Outside(bench=Bench(directory()))
        self.bench = self.outside.bench
        self.bench.now = self.now
        self.outside.register("1002", "sip:1002@192.0.2.7", 1e9)
        self.live: dict[str, Model] = {}

    @rule(name=NAMES, call=CALLS)
    def ask_for_a_route(self, name: str, call: tuple[str, str, Taken]) -> None:
        caller, dialled, taken = call
        by_trunk = caller == "carrier"
        if by_trunk:
            answer = self.outside.route("14155551234", dialled, name, "x.example", source="192.0.2.10")
        else:
            answer = self.outside.route(caller, dialled, name)
        if name in self.live:
            assert answer == self.live[name].rtjson, "a repeat gets the same answer"
            return
        full = any(self.held(key) >= LIMITS[key] for key in taken)
        assert (answer["action"] == "reject") == full, answer
        if not full:
            self.admitted += 1
            self.live[name] = Model(taken, answer, self.now + self.bench.limits.outside_ring)

    @rule(name=NAMES)
    def answer(self, name: str) -> None:
        known = self.outside.dialog("answered", name)
        assert known == (name in self.live)
        if known:
            self.live[name].deadline = self.now + self.bench.limits.call_seconds

    @rule(name=NAMES, times=st.integers(1, 3))
    def end(self, name: str, times: int) -> None:
        """As often as the edge likes to say it."""
        for n in range(times):
            assert self.outside.dialog("end", name, "200") == (name in self.live and n == 0)
        self.live.pop(name, None)

    @rule(seconds=st.sampled_from((1.0, 299.0, 301.0, 14_401.0)))
    def time_passes_and_no_end_comes(self, seconds: float) -> None:
        self.now += seconds
        self.bench.advance(seconds)
        self.live = {name: call for name, call in self.live.items() if call.deadline > self.now}

    @rule()
    def audit_repairs_what_nobody_holds(self) -> None:
        admissions = self.bench.switch.admissions
        with structlog.testing.capture_logs():
            live = {call.id for call in self.outside.calls.live}
            parents = {id for id in admissions._taken if id.partition("/")[0] in live}
            assert admissions.leaked(parents) == [], "nothing leaks in the first place"

    @rule()
    def die(self) -> None:
        """All that is in memory is gone; what the journal had open becomes a CDR at the next start."""
        self.collect()
        closed = {cdr.id for cdr in self.bench.journal.cdrs}
        left = [call for call in self.bench.journal.calls if call.id not in closed]
        assert len(left) == len(self.live), "exactly the live calls are open"
        self.admitted -= len(left)
        self.begin()

    def collect(self) -> None:
        opened = {call.id for call in self.bench.journal.calls}
        ended = Counter(cdr.id for cdr in self.bench.journal.cdrs if cdr.id in opened)
        assert all(count == 1 for count in ended.values()), "one CDR each"
        self.admitted -= len(ended)

    def held(self, key: tuple[str, str]) -> int:
        return sum(key in call.taken for call in self.live.values())

    @invariant()
    def counters_are_the_live_calls(self) -> None:
        admissions = self.bench.switch.admissions
        for key, limit in LIMITS.items():
            assert admissions.count(*key) == self.held(key) <= limit
        assert len(admissions) == len(self.live)

    def teardown(self) -> None:
        for name in list(self.live):
            self.end(name, 2)
        assert len(self.bench.switch.admissions) == 0
        self.collect()
        assert self.admitted == 0, "every admitted call had its CDR or was open when we died"


class TestAdmissionMachine(AdmissionMachine.TestCase):
    settings = settings(
        max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
    )


def test_our_own_door_counts_in_the_same_sets() -> None:  # S004-12 S004-60
    made = directory()
    outside = Outside(bench=Bench(made))
    phone = Phone(outside.bench, "1001")
    phone.ack(next(m for m in phone.dial("*43") if getattr(m, "status", 0) == 200))
    assert outside.bench.switch.admissions.count("user", "us_1001") == 1
    outside.register("1002", "sip:1002@192.0.2.7")
    assert outside.route("1001", "1002")["action"] == "proxy"
    assert outside.bench.switch.admissions.count("user", "us_1001") == 2
    assert outside.route("1001", "1002", "c2")["action"] == "reject"
    phone.bye()
    assert outside.route("1001", "1002", "c2")["action"] == "proxy"
