"""Requests outside of calls find who waits for them."""

from dataclasses import replace

from edge.directory import Probing
from edge.sip.message import Request
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone


def test_every_request_ends_with_one_outcome_and_is_forgotten() -> None:
    directory = FakeDirectory()
    directory.add_trunk("a", "sip:127.0.0.9:5060;transport=udp")
    trunks = directory.trunks
    trunks["a"] = replace(trunks["a"], probing=Probing(100.0, 1, 1))
    bench = Bench(directory)
    bench.switch.start(bench.now)
    bench.drain()
    carrier = Phone(bench, "carrier", 9)
    (options,) = carrier.got()
    assert isinstance(options, Request)
    waiting = bench.switch._requests
    assert len(waiting) == 1
    carrier.reply(options, 100)
    assert len(waiting) == 1
    carrier.reply(options, 200)
    carrier.reply(options, 200)
    assert len(waiting) == 0
    bench.advance(100.0)
    assert len(waiting) == 1
    bench.advance(32.0)  # nobody answers
    assert len(waiting) == 0
