"""What a trace shows of the INVITE before the proven one."""

import pytest

from config.schema import SipLimits
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    directory.add_user("1001")
    return Bench(directory, SipLimits(challenges_traced=2))


def events(bench: Bench) -> list[tuple[str, str]]:
    (call,) = bench.switch.calls.values()
    bench.advance(1.5)
    return [(row.layer, row.event) for row in bench.journal.traces[call.id]]


def test_the_trace_of_a_call_begins_with_the_challenge(bench: Bench) -> None:
    phone = Phone(bench, "1001")
    assert final(phone.dial("*43")).status == 200
    before = [("sip", "INVITE"), ("auth", "challenged"), ("sip", "401"), ("sip", "INVITE")]
    assert events(bench)[:4] == before


def test_only_so_many_are_remembered_and_each_is_told_once(bench: Bench) -> None:
    for n in range(2, 8):
        Phone(bench, "1001", n).say("INVITE", "sip:*43@demo.local")
    assert len(bench.switch._arrivals.challenges) == 2
    assert final(Phone(bench, "1001", 9).dial("*43")).status == 200
    assert len(bench.switch._arrivals.challenges) == 1
