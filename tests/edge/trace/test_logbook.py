"""How rows of a trace reach the journal (S004-62)."""

import pytest

from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    directory.add_user("1001")
    return Bench(directory)


def test_rows_of_a_live_call_trail_by_a_second_at_most(bench: Bench) -> None:
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("*43")))
    assert not bench.journal.traces
    bench.advance(1.0)
    (rows,) = bench.journal.traces.values()
    assert [row.event for row in rows if row.layer == "sip"] == [
        "INVITE",
        "401",
        "INVITE",
        "200",
        "ACK",
    ]
    alice.say("INFO", alice.remote, to=alice.to)
    bench.advance(1.0)
    assert [row.event for row in rows][-3:] == ["INFO", "info", "200"]


def test_a_quiet_call_writes_nothing(bench: Bench) -> None:
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("*43")))
    bench.advance(2.0)
    (rows,) = bench.journal.traces.values()
    count = len(rows)
    bench.advance(30.0)
    assert len(rows) == count


def test_messages_of_no_call_are_nobodys(bench: Bench) -> None:
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("*43")))
    Phone(bench, "1001", 5).say("OPTIONS", "sip:demo.local")
    bench.advance(2.0)
    (rows,) = bench.journal.traces.values()
    assert "OPTIONS" not in [row.event for row in rows]
