"""What is written down of a call."""

from edge.call.detail import plain
from media import port
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final


def test_an_event_is_taken_apart_without_a_copy() -> None:
    assert plain(port.Silent(port.LegId("x/1"), 3.0)) == {"leg": "x/1", "seconds": 3.0}


def test_why_nothing_is_heard_stands_in_the_trace_with_what_to_change() -> None:
    directory = FakeDirectory()
    directory.add_user("1001")
    bench = Bench(directory)
    phone = Phone(bench, "1001")
    phone.ack(final(phone.dial("*43")))
    (leg,) = bench.legs
    bench.media(port.NoAudio(leg, "private_address", "no packet came", "set node.public_address"))
    phone.bye()
    (rows,) = bench.journal.traces.values()
    (row,) = [row for row in rows if row.event == "NoAudio"]
    assert row.data["side"] == "caller" and row.data["reason"] == "private_address"
    assert row.data["fix"] == "set node.public_address"
